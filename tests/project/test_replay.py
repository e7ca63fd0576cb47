"""History from a journal, within bounds."""

import numpy as np

from unetstudio.data.labels import LabelMap
from unetstudio.project import journal
from unetstudio.project.journal import Journal
from unetstudio.project.record import Kind
from unetstudio.project.replay import history


def test_that_a_new_stroke_after_undo_leaves_nothing_to_redo(tmp_path, paint):
    labels, keeper = LabelMap.unlabelled((1, 20, 20)), Journal(tmp_path / "j")
    first = paint(labels, 1)
    for number, (kind, edit) in enumerate([(Kind.EDIT, first), (Kind.UNDO, first.inverse()), (Kind.EDIT, paint(labels, 2))]):
        keeper.append(kind, edit, number + 1)
    restored = history(journal.read(tmp_path / "j").entries)
    assert (len(restored), restored.can_redo) == (1, False)


def test_that_the_undo_of_a_stroke_no_longer_in_the_journal_can_be_redone(tmp_path, paint):
    labels, keeper = LabelMap.unlabelled((1, 20, 20)), Journal(tmp_path / "j")
    edit = paint(labels, 1)
    keeper.append(Kind.UNDO, edit.inverse(), 1)
    restored = history(journal.read(tmp_path / "j").entries)
    assert not restored.can_undo and np.array_equal(restored.redo().after, edit.after)


def test_that_only_the_newest_changes_are_kept_within_the_bytes(tmp_path, paint):
    labels, keeper = LabelMap.unlabelled((1, 20, 20)), Journal(tmp_path / "j")
    edits = [paint(labels, number) for number in range(6)]
    for number, edit in enumerate(edits):
        keeper.append(Kind.EDIT, edit, number + 1)
    restored = history(journal.read(tmp_path / "j").entries, bytes_kept=2 * edits[0].nbytes + 100)
    assert len(restored) == 2 and np.array_equal(restored.undo().packed, edits[5].packed)
