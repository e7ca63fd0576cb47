"""Records come back as they went, and what is not whole is never taken for one."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.region import Region
from unetstudio.errors import ProjectError
from unetstudio.project import journal
from unetstudio.project.journal import END, Journal
from unetstudio.project.record import HEADER, PREFIX, Kind, account_name, encode


def same(one: Edit, other: Edit) -> bool:
    arrays = ("packed", "before", "after", "before_origin", "after_origin")
    rest = (one.region, one.tool, one.value, one.time) == (other.region, other.tool, other.value, other.time)
    return rest and all(np.array_equal(getattr(one, a), getattr(other, a)) for a in arrays)


@pytest.fixture
def written(tmp_path, paint):
    """A journal of five records, and their Edits."""
    labels, path = LabelMap.unlabelled((1, 20, 20)), tmp_path / "strokes-0.journal"
    keeper, edits = Journal(path), [paint(labels, n) for n in range(5)]
    for number, edit in enumerate(edits):
        keeper.append(Kind.EDIT, edit, number + 1)
    return path, edits


def test_that_edits_come_back_as_they_were_appended(written):
    path, edits = written
    contents = journal.read(path)
    assert [entry.sequence for entry in contents.entries] == [1, 2, 3, 4, 5]
    assert all(same(entry.edit, edit) for entry, edit in zip(contents.entries, edits, strict=True))
    assert (contents.torn, contents.valid_bytes, contents.unreachable) == (False, path.stat().st_size, 0)


def test_that_each_record_names_the_hash_of_the_one_before(written):
    entries = journal.read(written[0]).entries
    assert [entry.previous for entry in entries[1:]] == [entry.digest for entry in entries[:-1]]


def test_that_who_painted_what_and_when_stands_in_the_record(written):
    about = journal.read(written[0]).entries[2].description
    assert (about["tool"], about["value"], about["user"]) == ("brush", 2, account_name())
    assert about["time"] == written[1][2].time and about["region"] == [list(written[1][2].region.start), list(written[1][2].region.stop)]


def test_that_filling_a_large_image_costs_few_bytes(tmp_path):
    region = Region.whole((1, 2000, 2000))
    same_value = constant(UNLABELLED, region.size), constant(3, region.size), constant(0, region.size), constant(1, region.size)
    fill = Edit.of(region, np.ones(region.shape, bool), *same_value, tool="fill", value=3)
    assert len(encode(Kind.EDIT, fill, 1)) < 10_000
    Journal(tmp_path / "j").append(Kind.EDIT, fill, 1)
    assert journal.read(tmp_path / "j").entries[0].edit.nbytes < region.size


def test_that_a_journal_cut_at_any_byte_gives_the_records_before_the_cut(written, tmp_path):
    path, _ = written
    whole = path.read_bytes()
    ends = np.cumsum([0] + [HEADER.size + len(entry.payload) for entry in journal.read(path).entries])
    cut = tmp_path / "cut"
    for length in sorted({*range(0, len(whole), 3), *ends.tolist()}):
        cut.write_bytes(whole[:length])
        contents = journal.read(cut)
        assert len(contents.entries) == np.searchsorted(ends, length, side="right") - 1
        assert contents.torn


def test_that_no_flipped_byte_changes_a_stroke(written, tmp_path):
    path, _ = written
    whole, bad = bytearray(path.read_bytes()), tmp_path / "bad"
    digests = [entry.digest for entry in journal.read(path).entries]
    for place in range(0, len(whole), 2):
        whole[place] ^= 0x41
        bad.write_bytes(whole)
        whole[place] ^= 0x41
        contents = journal.read(bad)
        assert [entry.digest for entry in contents.entries] == digests[: len(contents.entries)]
        assert contents.torn and contents.unreachable == (5 if len(contents.entries) < 5 else 0)


def test_that_a_journal_of_an_earlier_program_needs_no_end_mark(written, tmp_path):
    old = tmp_path / "old"
    records = [encode(Kind.EDIT, edit, number) for number, edit in enumerate(written[1][:1], 1)]
    old.write_bytes(b"".join(records))
    assert len(journal.read(old).entries) == 1 and not journal.read(old).torn


def test_that_zeros_behind_the_end_are_nothing_and_in_its_place_are_noticed(written):
    path, _ = written
    whole = path.read_bytes()
    for zeros, torn in ((whole + bytes(4096), False), (whole[: -END.size] + bytes(4096), True)):
        path.write_bytes(zeros)
        contents = journal.read(path)
        assert (len(contents.entries), contents.torn, contents.unreachable) == (5, torn, 0)


def test_that_a_record_written_twice_is_passed_over(written):
    path, _ = written
    whole, entries = path.read_bytes(), journal.read(path).entries
    first = HEADER.size + len(entries[0].payload)
    second = first + HEADER.size + len(entries[1].payload)
    for doubled in (whole[:second] + whole[first:], whole[:first] + bytes(512) + whole[first:], whole[:second] + whole):
        path.write_bytes(doubled)
        contents = journal.read(path)
        assert [entry.digest for entry in contents.entries] == [entry.digest for entry in entries]
        assert not contents.torn


def test_that_parts_and_notes_have_no_number_of_their_own(tmp_path, paint):
    labels, keeper = LabelMap.unlabelled((1, 20, 20)), Journal(tmp_path / "j", case="abc")
    edit = paint(labels, 1)
    keeper.append(Kind.NOTE, None, 1, {"note": {"event": "accepted"}})
    keeper.append(Kind.PARTIAL, edit, 1)
    keeper.append(Kind.EDIT, edit, 1)
    keeper.append(Kind.CANCEL, None, 2)
    contents = journal.read(tmp_path / "j")
    assert [(entry.kind.changes, entry.sequence, entry.last_change) for entry in contents.entries] == [
        (False, 1, 0),
        (False, 1, 0),
        (True, 1, 1),
        (False, 2, 1),
    ]
    assert contents.case == "abc" and not contents.torn and contents.entries[0].description["note"] == {"event": "accepted"}
    assert same(contents.entries[1].edit, edit)


def test_that_strokes_behind_a_damaged_one_are_noticed(written):
    path, _ = written
    whole = bytearray(path.read_bytes())
    whole[HEADER.size + len(journal.read(path).entries[0].payload) + 30] ^= 1
    path.write_bytes(whole)
    assert (len(journal.read(path).entries), journal.read(path).unreachable) == (1, 5)


def test_that_a_record_that_unpacks_to_more_than_it_says_is_refused(written, tmp_path):
    entry = journal.read(written[0]).entries[0]
    length = PREFIX.unpack_from(entry.payload)[2]
    bomb = replace(entry, payload=entry.payload[: PREFIX.size + length] + zlib.compress(bytes(10**7)))
    with pytest.raises(ProjectError, match="makes no sense"):
        _ = bomb.edit


def test_that_after_a_refused_write_the_journal_is_not_written_to_again(tmp_path, paint, failing_disk):
    labels, keeper = LabelMap.unlabelled((1, 20, 20)), Journal(tmp_path / "j")
    keeper.append(Kind.EDIT, paint(labels, 1), 1)
    failing_disk(3)
    with pytest.raises(ProjectError):
        keeper.append(Kind.EDIT, paint(labels, 2), 2)
    failing_disk()
    assert keeper.failed and [entry.sequence for entry in journal.read(tmp_path / "j").entries] == [1]
