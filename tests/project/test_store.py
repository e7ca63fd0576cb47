"""What was acknowledged is there again, and what is damaged is named and never shown as right."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.edit import Edit
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import ProjectError
from unetstudio.project import journal
from unetstudio.project import store as stores
from unetstudio.project.audit import audit_trail
from unetstudio.project.journal import END
from unetstudio.project.project import Project
from unetstudio.project.record import HEADER, Kind
from unetstudio.project.replay import history
from unetstudio.project.store import IN_HAND, LabelStore, read_labels


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


SHAPE = (1, 40, 50)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cases" / "abcdef01"


@pytest.fixture
def states(folder, paint):
    """Ten strokes with checkpoints after the fourth and the seventh; the labels as they stood after each."""
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    states = [labels.values.copy()]
    for number in range(1, 11):
        assert store.append(Kind.EDIT, paint(labels, number)) == number
        states.append(labels.values.copy())
        if number in (4, 7):
            store.checkpoint(labels)
    return states


def test_that_a_case_without_labels_is_unlabelled_and_makes_no_folder(folder):
    loaded = LabelStore(folder).load(SHAPE)
    assert (loaded.labels.annotated, loaded.sequence, loaded.history, loaded.recovered) == (0, 0, (), None)
    assert not folder.exists()


def test_that_strokes_are_there_again_with_and_without_checkpoints(folder, states):
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[10]) and loaded.recovered is None
    assert [entry.sequence for entry in loaded.history] == list(range(1, 11)) and loaded.sequence == 10
    assert np.array_equal(loaded.labels.counts, np.bincount(states[10].ravel(), minlength=256))


def test_that_a_second_session_goes_on_in_its_own_file_with_the_next_number(folder, states, paint):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    before = (folder / "strokes-2.journal").read_bytes()
    assert store.append(Kind.EDIT, paint(labels, 11)) == 11
    assert (folder / "strokes-2.journal").read_bytes() == before and (folder / "strokes-2-1.journal").exists()
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, labels.values) and len(again.history) == 11


def test_that_a_checkpoint_without_new_strokes_writes_nothing(folder, states):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    store.checkpoint(labels)
    files = names(folder)
    store.checkpoint(labels)
    assert names(folder) == files


def test_that_three_generations_stay(folder, states, paint):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    for number in range(11, 14):
        store.append(Kind.EDIT, paint(labels, number))
        store.checkpoint(labels)
    assert names(folder) == ["labels-3.h5", "labels-4.h5", "labels-5.h5", "past", "strokes-3.journal", "strokes-4.journal"]
    assert names(folder / "past") == ["strokes-0.journal", "strokes-1.journal", "strokes-2-1.journal", "strokes-2.journal"]
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, labels.values) and [entry.sequence for entry in again.history] == [12, 13]


def test_that_a_checkpoint_is_due_after_many_strokes_or_bytes(folder, paint, monkeypatch):
    monkeypatch.setattr(stores, "STROKES", 3)
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    due = []
    for number in range(1, 4):
        store.append(Kind.EDIT, paint(labels, number))
        due.append(store.due)
    assert due == [False, False, True]
    store.checkpoint(labels)
    monkeypatch.setattr(stores, "BYTES", 100)
    store.append(Kind.EDIT, paint(labels, 4))
    assert store.due


@pytest.mark.parametrize("broken", [["labels-2.h5"], ["labels-1.h5"], ["labels-1.h5", "labels-2.h5"]])
def test_that_damaged_generations_cost_nothing_while_the_journals_are_whole(folder, states, broken):
    for name in broken:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[10])
    if "labels-2.h5" in broken:
        assert "labels-2.h5" in loaded.recovered and (folder / "labels-2.h5.damaged").exists()


def test_that_a_store_healed_by_a_checkpoint_opens_without_a_word(folder, states):
    (folder / "labels-2.h5").write_bytes(b"")
    store = LabelStore(folder)
    loaded = store.load(SHAPE)
    assert loaded.recovered and store.due
    store.checkpoint(loaded.labels)
    again = LabelStore(folder).load(SHAPE)
    assert again.recovered is None and np.array_equal(again.labels.values, states[10]) and (folder / "labels-3.h5").exists()


def test_that_labels_whose_every_file_is_damaged_are_an_error_and_not_an_empty_image(folder, states):
    for file in folder.glob("labels-*"):
        file.write_bytes(file.read_bytes()[:-1])
    (folder / "strokes-0.journal").unlink()
    with pytest.raises(ProjectError, match=r"labels-2\.h5: is damaged"):
        LabelStore(folder, read_only=True).load(SHAPE)


def test_that_a_journal_damaged_in_its_first_stroke_is_an_error_and_not_an_empty_image(folder, paint):
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    for number in (1, 2):
        store.append(Kind.EDIT, paint(labels, number))
    data = bytearray((folder / "strokes-0.journal").read_bytes())
    data[40] ^= 1
    (folder / "strokes-0.journal").write_bytes(data)
    with pytest.raises(ProjectError, match=r"strokes-0\.journal: is damaged from its first stroke on"):
        LabelStore(folder).load(SHAPE)


def test_that_a_first_stroke_cut_short_leaves_an_unlabelled_image(folder, paint):
    store = LabelStore(folder)
    store.append(Kind.EDIT, paint(LabelMap.unlabelled(SHAPE), 1))
    (folder / "strokes-0.journal").write_bytes((folder / "strokes-0.journal").read_bytes()[:30])
    loaded = LabelStore(folder).load(SHAPE)
    assert loaded.labels.annotated == 0 and loaded.recovered


def test_that_strokes_without_the_labels_they_continue_are_an_error(folder, states):
    for file in [*folder.glob("labels-*"), folder / "strokes-0.journal"]:
        file.unlink()
    with pytest.raises(ProjectError, match="the saved labels it continues are missing"):
        LabelStore(folder, read_only=True).load(SHAPE)


def test_that_a_torn_last_record_is_kept_reported_once_and_followed_by_new_strokes(folder, states, paint):
    path = folder / "strokes-2.journal"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - END.size - 5)
    store = LabelStore(folder)
    loaded = store.load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[9]) and "strokes-2.journal" in loaded.recovered
    assert (folder / "strokes-2.journal.torn").stat().st_size > 0
    assert LabelStore(folder).load(SHAPE).recovered is None
    assert store.append(Kind.EDIT, paint(loaded.labels, 20)) == 10
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, loaded.labels.values) and again.recovered is None


def test_that_damage_amid_the_strokes_stops_before_it_and_says_so(folder, states, paint):
    path = folder / "strokes-2.journal"
    data = bytearray(path.read_bytes())
    data[60] ^= 1  # the eighth stroke; the ninth and tenth are whole
    path.write_bytes(data)
    store = LabelStore(folder)
    loaded = store.load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[7]) and "could not be restored" in loaded.recovered
    store.append(Kind.EDIT, paint(loaded.labels, 30))
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, loaded.labels.values) and again.recovered is None
    assert len(again.history) == 1


def test_that_damage_amid_strokes_before_the_last_generation_costs_undo_only(folder, states):
    path = folder / "strokes-0.journal"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[10]) and "no longer be undone" in loaded.recovered
    assert loaded.history[0].sequence > 1 and LabelStore(folder).load(SHAPE).recovered is None


def test_that_a_missing_journal_between_two_generations_does_not_stop_the_newer_one(folder, states):
    (folder / "strokes-1.journal").unlink()
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[10]) and [entry.sequence for entry in loaded.history] == [8, 9, 10]


def test_that_no_flipped_byte_gives_wrong_labels(folder, states, tmp_path):
    """Every file, many bytes: the labels are those of some moment, the last one unless something was said."""
    copy = tmp_path / "copy"
    for name in names(folder):
        data = bytearray((folder / name).read_bytes())
        for place in range(3, len(data), max(1, len(data) // 40)):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(folder, copy)
            data[place] ^= 0x10
            (copy / name).write_bytes(data)
            data[place] ^= 0x10
            loaded = LabelStore(copy, read_only=True).load(SHAPE)
            assert any(np.array_equal(loaded.labels.values, state) for state in states[7:])
            assert np.array_equal(loaded.labels.values, states[10]) or loaded.recovered


def test_that_a_disk_that_fails_at_any_call_loses_no_acknowledged_stroke(tmp_path, paint, failing_disk):
    """Three strokes and a checkpoint are tried on a disk whose n-th call fails, for each n; then everything is tried again."""
    for fails_at in range(1, 200):
        folder = tmp_path / f"project-{fails_at}" / "cases" / "one"
        folder.parent.parent.mkdir()
        store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
        edits = [paint(labels, number) for number in range(1, 4)]
        disk = failing_disk(fails_at)
        for kept, edit in enumerate(edits, 1):
            try:
                store.append(Kind.EDIT, edit)
            except ProjectError:
                store.append(Kind.EDIT, edit)
            assert store.sequence == kept
        try:
            store.checkpoint(labels)
        except ProjectError:
            failing_disk()
            assert np.array_equal(LabelStore(folder, read_only=True).load(SHAPE).labels.values, labels.values)
            store.checkpoint(labels)
        failing_disk()
        loaded = LabelStore(folder).load(SHAPE)
        assert np.array_equal(loaded.labels.values, labels.values) and loaded.sequence == 3 and loaded.recovered is None
        if not disk.failed:
            break
    assert 20 < fails_at < 199


def test_that_a_stroke_that_was_refused_and_dropped_does_not_come_back_with_the_next(folder, paint, failing_disk):
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    folder.parent.mkdir()
    store.append(Kind.EDIT, paint(labels, 1))
    scratch = LabelMap(labels.values.copy(), labels.origin.copy())
    failing_disk(4, stays=True)  # the record is on the disk, but the disk could not confirm it, nor take it back
    with pytest.raises(ProjectError):
        store.append(Kind.EDIT, paint(scratch, 2))
    failing_disk()
    store.append(Kind.EDIT, paint(labels, 3))
    assert np.array_equal(LabelStore(folder).load(SHAPE).labels.values, labels.values)


def test_that_a_store_opened_for_reading_writes_nothing(folder, states, paint):
    with (folder / "strokes-2.journal").open("ab") as file:
        file.write(b"torn")
    files = names(folder)
    store = LabelStore(folder, read_only=True)
    loaded = store.load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[10]) and loaded.recovered
    for write in (lambda: store.append(Kind.EDIT, paint(loaded.labels, 1)), lambda: store.checkpoint(loaded.labels)):
        with pytest.raises(ProjectError, match="for reading only"):
            write()
    assert names(folder) == files


def test_that_a_window_that_was_taken_for_dead_writes_no_more(project, case, paint):
    store = project.store(case)
    labels = store.load(case.shape).labels
    (project.folder / "lock").unlink()
    with Project.open(project.folder):
        with pytest.raises(ProjectError, match="in use by another program"):
            store.append(Kind.EDIT, paint(labels, 1))
        with pytest.raises(ProjectError, match="in use by another program"):
            project.save()
        with pytest.raises(ProjectError):
            project.heartbeat()
    assert project.read_only and not project.folder_of(case).exists()


def test_that_a_project_that_was_moved_away_is_not_made_again(folder, states, paint):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    folder.rename(folder.with_name("moved"))
    with pytest.raises(ProjectError, match="is gone"):
        store.append(Kind.EDIT, paint(labels, 11))
    assert not folder.exists()


def test_that_another_process_reads_labels_while_they_are_written(project, case, paint):
    store, labels = project.store(case), LabelMap.unlabelled(case.shape)
    for number in range(1, 6):
        store.append(Kind.EDIT, paint(labels, number))
        store.checkpoint(labels)
        seen, sequence = read_labels(project.folder, case)
        assert np.array_equal(seen.values, labels.values) and sequence == number


def test_that_strokes_of_another_image_are_refused(folder, states):
    with pytest.raises(ProjectError, match=r"the scan is|outside the scan"):
        LabelStore(folder, read_only=True).load((1, 10, 10))


def test_that_undo_and_redo_stand_after_a_restart_as_before(folder, paint):
    store, labels, before = LabelStore(folder), LabelMap.unlabelled(SHAPE), History()
    for number in range(1, 6):
        before.push(edit := paint(labels, number))
        store.append(Kind.EDIT, edit)
    states = []
    for _ in range(2):
        inverse = before.undo().inverse()
        labels.apply(inverse)
        store.append(Kind.UNDO, inverse)
        states.append(labels.values.copy())
    store.checkpoint(labels)
    loaded = LabelStore(folder).load(SHAPE)
    after = history(loaded.history)
    assert (len(after), after.can_redo) == (3, True)
    again = after.redo()
    loaded.labels.apply(again)
    assert np.array_equal(loaded.labels.values, states[0])
    loaded.labels.apply(after.undo().inverse())
    assert np.array_equal(loaded.labels.values, states[1])


@pytest.mark.parametrize(
    "change", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-30])], ids=["gone", "cut"]
)
def test_that_strokes_of_a_journal_changed_by_another_program_are_saved_again_as_a_whole(folder, paint, change):
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    for number in range(1, 4):
        store.append(Kind.EDIT, paint(labels, number))
    change(folder / "strokes-0.journal")
    edit = paint(labels, 4)
    with pytest.raises(ProjectError):
        store.append(Kind.EDIT, edit)
    assert store.append(Kind.EDIT, edit) == 4
    assert store.due
    store.checkpoint(labels)
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, labels.values)
    assert loaded.sequence == 4


# ---------------------------------------------------------------------------------------------------------- strokes in hand


def drawn(labels: LabelMap, parts: int) -> tuple[list[Edit], Edit]:
    """A stroke in parts, and as a whole, which holds one more; applied to the labels."""
    stroke, edits, before = Stroke(labels, 2, tool="brush"), [], labels.values.copy()
    for number in range(parts):
        at = LabelMap(labels.values.copy(), labels.origin.copy())
        box = Region((0, 3 * number, 2 * number), (1, 3 * number + 6, 2 * number + 6))
        piece = Stroke(at, 2, tool="brush")
        piece.paint(box, np.ones(box.shape, bool))
        stroke.paint(box, np.ones(box.shape, bool))
        edits.append(piece.commit())
    stroke.paint(Region((0, 30, 30), (1, 36, 36)), np.ones((1, 6, 6), bool))
    whole = stroke.commit()
    assert np.array_equal(whole.before, before[whole.region.slices][whole.mask])
    return edits, whole


def test_that_an_unfinished_stroke_is_recovered_after_a_crash_and_can_be_undone(folder, states):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    parts, _ = drawn(LabelMap(labels.values.copy(), labels.origin.copy()), 3)
    for part in parts:
        assert store.append(Kind.PARTIAL, part) == 10 and not store.due
        labels.apply(part)
    for _ in range(2):
        looked = LabelStore(folder, read_only=True).load(SHAPE)
        assert np.array_equal(looked.labels.values, labels.values) and looked.sequence == 10
        assert (looked.recovered, len(looked.history)) == (IN_HAND, 10)
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, labels.values) and np.array_equal(again.labels.origin, labels.origin)
    assert np.array_equal(again.labels.counts, np.bincount(labels.values.ravel(), minlength=256))
    assert (again.sequence, again.recovered, len(again.history)) == (11, IN_HAND, 11)
    again.labels.apply(history(again.history).undo().inverse())
    assert np.array_equal(again.labels.values, states[10])
    third = LabelStore(folder).load(SHAPE)
    assert (third.sequence, third.recovered) == (11, None) and np.array_equal(third.labels.values, labels.values)


def test_that_parts_are_void_once_their_stroke_or_its_end_follows(folder, states, paint):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    parts, whole = drawn(labels, 3)
    for part in parts:
        store.append(Kind.PARTIAL, part)
    assert store.append(Kind.EDIT, whole) == 11
    for part in parts:
        store.append(Kind.PARTIAL, part)
    store.cancel()
    store.note({"event": "accepted"})
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, labels.values) and (again.sequence, again.recovered) == (11, None)
    assert store.append(Kind.EDIT, paint(labels, 12)) == 12
    assert np.array_equal(LabelStore(folder).load(SHAPE).labels.values, labels.values)


def test_that_a_note_after_the_parts_does_not_end_the_stroke(folder, states):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    (part,), _ = drawn(LabelMap(labels.values.copy(), labels.origin.copy()), 1)
    store.append(Kind.PARTIAL, part)
    store.note({"event": "exported"})
    labels.apply(part)
    assert np.array_equal(LabelStore(folder).load(SHAPE).labels.values, labels.values)


def test_that_a_stroke_that_is_being_painted_is_left_alone_by_who_reads_beside(project, case, paint):
    store = project.store(case)
    labels = store.load(case.shape).labels
    store.append(Kind.EDIT, paint(labels, 1))
    saved = labels.values.copy()
    parts, whole = drawn(labels, 2)
    for part in parts:
        store.append(Kind.PARTIAL, part)
    beside = project.store(case).load(case.shape)
    assert np.array_equal(beside.labels.values, saved) and (beside.sequence, beside.recovered) == (1, None)
    assert np.array_equal(read_labels(project.folder, case)[0].values, saved)
    assert store.append(Kind.EDIT, whole) == 2
    assert np.array_equal(read_labels(project.folder, case)[0].values, labels.values)


def test_that_a_generation_amid_a_stroke_keeps_its_parts(folder, states):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    (first, second), _ = drawn(LabelMap(labels.values.copy(), labels.origin.copy()), 2)
    store.append(Kind.PARTIAL, first)
    store.checkpoint(labels)
    store.append(Kind.PARTIAL, second)
    for part in (first, second):
        labels.apply(part)
    assert np.array_equal(LabelStore(folder).load(SHAPE).labels.values, labels.values)


def test_that_a_note_can_be_the_first_thing_that_happens_to_a_case(folder, paint):
    store = LabelStore(folder, author="Dr. Test")
    store.load(SHAPE)
    store.note({"event": "rejected"})
    labels = LabelStore(folder).load(SHAPE).labels
    store.append(Kind.EDIT, paint(labels, 1))
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, labels.values) and again.sequence == 1
    assert again.history[0].description["author"] == "Dr. Test"


# -------------------------------------------------------------------------------------------------- what is not what it should be


def test_that_a_journal_cut_between_two_records_is_noticed(folder, states):
    path = folder / "strokes-2.journal"
    path.write_bytes(path.read_bytes()[: -END.size])
    assert "strokes-2.journal" in LabelStore(folder, read_only=True).load(SHAPE).recovered
    last = journal.read(path).entries[-1]
    path.write_bytes(path.read_bytes()[: -HEADER.size - len(last.payload)])
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[9]) and "check the last one" in loaded.recovered
    assert LabelStore(folder).load(SHAPE).recovered is None


def test_that_an_emptied_journal_is_noticed(folder, states):
    (folder / "strokes-2.journal").write_bytes(b"")
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[7]) and "strokes-2.journal" in loaded.recovered


def test_that_an_older_journal_cut_short_costs_undo_only_and_is_said_once(folder, states):
    path = folder / "strokes-1.journal"
    last = journal.read(path).entries[-1]
    path.write_bytes(path.read_bytes()[: -END.size - HEADER.size - len(last.payload)])
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[10]) and [entry.sequence for entry in loaded.history] == [8, 9, 10]
    assert "strokes-1.journal" in loaded.recovered and "no longer be undone" in loaded.recovered
    assert LabelStore(folder).load(SHAPE).recovered is None


def test_that_a_journal_cut_where_another_goes_on_names_how_many_strokes_are_lost(folder, states, paint):
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    for number in (11, 12):
        store.append(Kind.EDIT, paint(labels, number))
    path = folder / "strokes-2.journal"
    last = journal.read(path).entries[-1]
    path.write_bytes(path.read_bytes()[: -END.size - HEADER.size - len(last.payload)])
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[9]) and "3 strokes made after the damage could not be restored" in loaded.recovered
    assert LabelStore(folder).load(SHAPE).recovered is None


def test_that_a_lost_note_at_the_end_of_a_journal_loses_no_stroke_after_it(folder, states, paint):
    first = LabelStore(folder)
    first.load(SHAPE)
    first.note({"event": "accepted"})
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    store.append(Kind.EDIT, paint(labels, 11))
    (folder / "strokes-2-1.journal").unlink()
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, labels.values) and loaded.recovered is None


def test_that_strokes_of_another_case_of_the_same_size_are_not_used(project, case, paint):
    other = LabelStore(project.folder_of("ab" * 8), case="ab" * 8)
    labels = LabelMap.unlabelled(case.shape)
    other.append(Kind.EDIT, paint(labels, 5))
    store = project.store(case)
    own = store.load(case.shape).labels
    store.append(Kind.EDIT, paint(own, 1))
    shutil.copy(project.folder_of("ab" * 8) / "strokes-0.journal", project.folder_of(case) / "strokes-0-1.journal")
    loaded = project.store(case).load(case.shape)
    assert np.array_equal(loaded.labels.values, own.values) and "belongs to another image" in loaded.recovered
    assert project.store(case).load(case.shape).recovered is None


# ------------------------------------------------------------------------------------------------------------- what is kept, and how long


@pytest.fixture
def week(folder, paint):
    """Twenty generations: three a day, the last ones today; the labels as they stand."""
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    now = time.time()
    for number in range(1, 21):
        store.append(Kind.EDIT, paint(labels, number))
        store.checkpoint(labels)
        days_ago = (20 - number) // 3
        os.utime(folder / f"labels-{number}.h5", (now, now - days_ago * 86_400))
    return labels


def test_that_the_last_generation_of_each_day_stays(folder, week):
    kept = sorted(int(path.stem.split("-")[1]) for path in folder.glob("labels-*.h5"))
    assert kept == [2, 5, 8, 11, 14, 17, 18, 19, 20]
    assert len(names(folder / "past")) == 18 and len(list(folder.glob("strokes-*"))) == 2


def test_that_generations_older_than_a_week_go(folder, week, paint):
    old = time.time() - 9 * 86_400
    os.utime(folder / "labels-2.h5", (old, old))
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    store.append(Kind.EDIT, paint(labels, 21))
    store.checkpoint(labels)
    assert not (folder / "labels-2.h5").exists() and (folder / "labels-5.h5").exists()


@pytest.mark.parametrize("left", [[14, 11], []])
def test_that_journals_of_the_past_restore_everything_when_no_newer_generation_is_whole(folder, week, left):
    for file in folder.glob("labels-*.h5"):
        if labels_number(file) not in left:
            file.write_bytes(b"damaged")
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, week.values) and loaded.sequence == 20
    assert "restored from an older state" in loaded.recovered
    assert loaded.history[-1].sequence == 20


def labels_number(path: Path) -> int:
    return int(path.stem.split("-")[1])


def test_that_the_journal_in_use_stays_small_over_a_long_day(folder, paint, monkeypatch):
    monkeypatch.setattr(stores, "STROKES", 25)
    store, labels = LabelStore(folder), LabelMap.unlabelled(SHAPE)
    for number in range(1, 301):
        store.append(Kind.EDIT, paint(labels, number))
        if store.due:
            store.checkpoint(labels)
    assert len(list(folder.glob("strokes-*"))) <= 3 and len(list(folder.glob("labels-*"))) == 3
    loaded = LabelStore(folder).load(SHAPE)
    assert np.array_equal(loaded.labels.values, labels.values) and loaded.sequence == 300
    assert len(list(audit_trail(folder))) == 300
