"""What was acknowledged is there again, and what is damaged is named and never shown as right."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.errors import ProjectError
from unetstudio.project import store as stores
from unetstudio.project.journal import END, Kind
from unetstudio.project.project import Project
from unetstudio.project.replay import history
from unetstudio.project.store import LabelStore, read_labels


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
    journal = folder / "strokes-2.journal"
    with journal.open("r+b") as file:
        file.truncate(journal.stat().st_size - END.size - 5)
    store = LabelStore(folder)
    loaded = store.load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[9]) and "strokes-2.journal" in loaded.recovered
    assert (folder / "strokes-2.journal.torn").stat().st_size > 0
    assert LabelStore(folder).load(SHAPE).recovered is None
    assert store.append(Kind.EDIT, paint(loaded.labels, 20)) == 10
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, loaded.labels.values) and again.recovered is None


def test_that_damage_amid_the_strokes_stops_before_it_and_says_so(folder, states, paint):
    journal = folder / "strokes-2.journal"
    data = bytearray(journal.read_bytes())
    data[60] ^= 1  # the eighth stroke; the ninth and tenth are whole
    journal.write_bytes(data)
    store = LabelStore(folder)
    loaded = store.load(SHAPE)
    assert np.array_equal(loaded.labels.values, states[7]) and "could not be restored" in loaded.recovered
    store.append(Kind.EDIT, paint(loaded.labels, 30))
    again = LabelStore(folder).load(SHAPE)
    assert np.array_equal(again.labels.values, loaded.labels.values) and again.recovered is None
    assert len(again.history) == 1


def test_that_damage_amid_strokes_before_the_last_generation_costs_undo_only(folder, states):
    journal = folder / "strokes-0.journal"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
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
            project.beat()
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
