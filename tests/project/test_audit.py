"""The trail tells who did what, in order, and says where a record is missing."""

import csv
import threading
from datetime import UTC, datetime

import numpy as np
import pytest

from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.project import audit, journal
from unetstudio.project.audit import audit_trail, voxel_history
from unetstudio.project.audit_csv import write_csv
from unetstudio.project.generations import PAST
from unetstudio.project.record import HEADER, Kind, account_name

SHAPE = (1, 40, 50)


@pytest.fixture
def worked(project, case, paint):
    """Four strokes, one taken back and done again, a generation after each, a note; the labels as they stand."""
    project.author = "Dr. Test"
    store = project.store(case)
    labels = store.load(case.shape).labels
    for number in range(1, 5):
        edit = paint(labels, number)
        store.append(Kind.PARTIAL, edit)
        store.append(Kind.EDIT, edit)
        store.checkpoint(labels)
    for kind, change in ((Kind.UNDO, edit.inverse()), (Kind.REDO, edit)):
        store.append(kind, change)
        labels.apply(change)
        store.checkpoint(labels)
    store.note({"event": "accepted", "checkpoint": "abc"})
    return labels


def test_that_the_trail_is_whole_though_old_journals_are_put_aside(project, case, worked):
    folder = project.folder_of(case)
    lines = list(audit_trail(folder))
    assert [line.event for line in lines] == ["edit", "edit", "edit", "edit", "undo", "redo", "accepted"]
    assert all(line.chain_ok for line in lines) and list((folder / PAST).iterdir())
    assert {(line.author, line.user) for line in lines} == {("Dr. Test", account_name())}
    assert abs((lines[0].when - datetime.now(UTC)).total_seconds()) < 3600
    assert (lines[0].tool, lines[0].value, lines[0].origin) == ("brush", 1, Origin.PAINTED)
    assert lines[-1].details == {"event": "accepted", "checkpoint": "abc"}


def test_that_who_painted_a_voxel_is_the_newest_change_of_it(project, case, paint, worked):
    folder = project.folder_of(case)
    edits, labels = [], LabelMap.unlabelled(SHAPE)
    for number in range(1, 5):
        edits.append(paint(labels, number))
    for place in np.argwhere(worked.values != 255)[::5]:
        voxel = tuple(int(n) for n in place)
        lines = voxel_history(folder, voxel)
        assert (lines[0].value, lines[0].origin) == (worked.values[voxel], Origin.PAINTED)
        touched = [
            number for number, edit in enumerate(edits, 1) if edit.region & Region(voxel, tuple(n + 1 for n in voxel)) and _in(edit, voxel)
        ]
        assert sorted({line.sequence for line in lines if line.kind is Kind.EDIT}) == touched
    assert voxel_history(folder, (0, 39, 49)) == [] or worked.values[0, 39, 49] != 255


def _in(edit, voxel):
    inside = all(a <= n < b for a, n, b in zip(edit.region.start, voxel, edit.region.stop, strict=True))
    return inside and bool(edit.mask[tuple(n - a for n, a in zip(voxel, edit.region.start, strict=True))])


def test_that_a_journal_taken_out_of_the_past_is_noticed(project, case, worked):
    folder = project.folder_of(case)
    (folder / PAST / "strokes-1.journal").unlink()
    broken = [line.sequence for line in audit_trail(folder) if not line.chain_ok]
    assert broken == [3]


def test_that_a_changed_record_is_noticed_and_what_follows_is_still_told(project, case, worked, paint):
    folder = project.folder_of(case)
    path = folder / PAST / "strokes-0.journal"
    store = project.store(case)
    labels = store.load(case.shape).labels
    for number in (11, 12, 13):
        store.append(Kind.EDIT, paint(labels, number))
    path = max(folder.glob("strokes-*.journal"), key=lambda file: file.stat().st_mtime_ns)
    data = bytearray(path.read_bytes())
    data[HEADER.size + len(journal.read(path).entries[0].payload) + 60] ^= 1
    path.write_bytes(data)
    last = list(audit_trail(folder))[-2:]
    assert [(line.sequence, line.chain_ok) for line in last] == [(7, True), (9, False)]


def test_that_the_trail_of_a_project_is_written_as_csv(project, case, worked, tmp_path):
    write_csv(project, tmp_path / "trail.csv")
    with (tmp_path / "trail.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["event"] for row in rows] == ["edit", "edit", "edit", "edit", "undo", "redo", "accepted"]
    assert rows[0]["class_name"] == "cell" and rows[0]["case_name"] == "one" and rows[0]["chain_ok"] == "yes"
    assert rows[-1]["details"] == '{"checkpoint": "abc"}' and rows[0]["origin"] == "painted"


def test_that_text_is_no_formula_in_a_spreadsheet(project, case, paint, tmp_path):
    project.author = "=cmd|' /C calc'!A0"
    project.store(case).append(Kind.EDIT, paint(LabelMap.unlabelled(SHAPE), 1))
    write_csv(project, tmp_path / "trail.csv", [case.id])
    assert "'=cmd" in (tmp_path / "trail.csv").read_text("utf-8-sig")


def test_that_a_case_nobody_touched_has_no_trail(project, case):
    assert list(audit.audit_trail(project.folder_of(case))) == [] and voxel_history(project.folder_of(case), (0, 0, 0)) == []


def test_that_the_trail_is_read_while_journals_are_put_aside(project, case, paint):
    store = project.store(case)
    labels = store.load(case.shape).labels
    changes = 24

    def work():
        for number in range(1, changes + 1):
            store.append(Kind.EDIT, paint(labels, number))
            store.checkpoint(labels)

    working = threading.Thread(target=work)
    working.start()
    counts = []
    try:
        while working.is_alive() or not counts:
            counts.append(len(list(audit_trail(project.folder_of(case)))))
    finally:
        working.join()
    assert counts == sorted(counts)
    assert len(list(audit_trail(project.folder_of(case)))) == changes
