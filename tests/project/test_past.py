"""Journals that no kept generation needs lie in `past`, each whole in one place or in both at every instant."""

import shutil
from pathlib import Path

from unetstudio.data.labels import LabelMap
from unetstudio.project.audit import audit_trail
from unetstudio.project.generations import PAST
from unetstudio.project.record import Kind
from unetstudio.project.store import LabelStore

SHAPE = (1, 40, 50)


def lived(folder: Path, paint, strokes: int) -> None:
    """A generation after each stroke."""
    store = LabelStore(folder)
    labels = store.load(SHAPE).labels
    for _ in range(strokes):
        store.append(Kind.EDIT, paint(labels, store.sequence + 1))
        store.checkpoint(labels)


def test_that_a_journal_that_a_power_cut_left_in_both_places_is_put_aside_again(tmp_path, paint):
    folder = tmp_path / "cases" / "abcdef01"
    lived(folder, paint, 5)
    twice = next((folder / PAST).iterdir())
    shutil.copy(twice, folder / twice.name)
    lived(folder, paint, 1)
    assert not (folder / twice.name).exists() and twice.exists()
    lines = list(audit_trail(folder))
    assert [line.sequence for line in lines] == [1, 2, 3, 4, 5, 6] and all(line.chain_ok for line in lines)


def test_that_another_journal_of_the_same_name_is_never_written_over(tmp_path, paint):
    folder = tmp_path / "cases" / "abcdef01"
    lived(folder, paint, 5)
    other = next((folder / PAST).iterdir())
    (folder / other.name).write_bytes(b"something else")
    kept = other.read_bytes()
    lived(folder, paint, 1)
    assert other.read_bytes() == kept and (folder / other.name).read_bytes() == b"something else"


def test_that_labels_are_right_with_a_journal_in_both_places(tmp_path, paint):
    folder = tmp_path / "cases" / "abcdef01"
    lived(folder, paint, 5)
    before = LabelStore(folder, read_only=True).load(SHAPE)
    for journal in (folder / PAST).iterdir():
        shutil.copy(journal, folder / journal.name)
    after = LabelStore(folder, read_only=True).load(SHAPE)
    assert (after.labels.values == before.labels.values).all() and after.recovered is None and after.sequence == 5
    assert LabelMap(after.labels.values).annotated > 0
