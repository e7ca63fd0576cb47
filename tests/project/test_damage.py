"""Whatever becomes of the files: the labels are those of a moment that was saved, and unless it is the last one something is said."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.labels import LabelMap
from unetstudio.errors import ProjectError
from unetstudio.project import journal
from unetstudio.project.record import HEADER, Kind
from unetstudio.project.store import LabelStore

SHAPE = (1, 40, 50)


@pytest.fixture
def folder(tmp_path, paint):
    """Four sessions with parts, notes, undo and generations."""
    folder, labels = tmp_path / "cases" / "abcdef01", LabelMap.unlabelled(SHAPE)
    number = 0
    for session in range(4):
        store = LabelStore(folder, case="abcdef01")
        labels = store.load(SHAPE).labels
        for _ in range(3):
            number += 1
            edit = paint(labels, number)
            store.append(Kind.PARTIAL, edit)
            store.append(Kind.EDIT, edit)
        inverse = edit.inverse()
        labels.apply(inverse)
        store.append(Kind.UNDO, inverse)
        store.note({"event": "exported"})
        if session % 2:
            store.checkpoint(labels)
    return folder


@pytest.fixture
def states(folder):
    """The labels after each change, as the sound folder tells."""
    labels = LabelMap.unlabelled(SHAPE)
    states = {0: labels.values.copy()}
    for entry in LabelStore(folder, read_only=True).load(SHAPE).history:
        labels.apply(entry.edit)
        states[entry.sequence] = labels.values.copy()
    assert len(states) == 17
    return states


def cut(data: bytes, chance: random.Random, _: Path) -> bytes:
    return data[: chance.randrange(len(data))]


def zeroed(data: bytes, chance: random.Random, _: Path) -> bytes:
    start = chance.randrange(len(data))
    length = chance.choice([1, 16, 512, len(data)])
    return data[:start] + bytes(len(data[start : start + length])) + data[start + length :]


def doubled(data: bytes, chance: random.Random, _: Path) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.randrange(1, 800)]
    return data[:start] + piece + data[start:]


def flipped(data: bytes, chance: random.Random, _: Path) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def lengthened(data: bytes, chance: random.Random, _: Path) -> bytes:
    return data + chance.choice([bytes(4096), chance.randbytes(300)])


def record_lost(data: bytes, chance: random.Random, path: Path) -> bytes:
    """One record, exactly."""
    entries = journal.read(path).entries if path.suffix == ".journal" else ()
    if not entries:
        return data[:-1]
    ends = np.cumsum([0, *(HEADER.size + len(entry.payload) for entry in entries)])
    place = chance.randrange(len(entries))
    return data[: ends[place]] + data[ends[place + 1] :]


def cut_between(data: bytes, chance: random.Random, path: Path) -> bytes:
    """Exactly behind a record."""
    entries = journal.read(path).entries if path.suffix == ".journal" else ()
    ends = np.cumsum([0, *(HEADER.size + len(entry.payload) for entry in entries)])
    return data[: ends[chance.randrange(len(ends))]]


def foreign(data: bytes, chance: random.Random, path: Path) -> bytes:
    """Another file of the same case in its place."""
    others = sorted(other for other in path.parent.glob(f"*{path.suffix}") if other != path)
    return chance.choice(others).read_bytes() if others else b""


def gone(data: bytes, chance: random.Random, path: Path) -> None:
    return None


FAULTS: list[Callable[[bytes, random.Random, Path], bytes | None]] = [
    *(cut, zeroed, doubled, flipped, lengthened, record_lost, cut_between, foreign, gone)
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_that_no_fault_of_files_gives_wrong_labels_in_silence(folder, states, tmp_path, fault):
    chance = random.Random(fault.__name__)
    last = max(states)
    newest = max(folder.glob("strokes-*"), key=lambda path: path.stat().st_mtime_ns)
    for number in range(60):
        copy = tmp_path / f"copy-{number}" / "cases" / "abcdef01"
        shutil.copytree(folder, copy)
        files = sorted(path for path in copy.iterdir() if path.is_file())
        for path in chance.sample(files, chance.choice([1, 1, 1, 2, 3])):
            left = fault(path.read_bytes(), chance, path)
            path.unlink() if left is None else path.write_bytes(left)
        for read_only in (True, False):
            store = LabelStore(copy, read_only=read_only, case="abcdef01")
            try:
                loaded = store.load(SHAPE)
            except ProjectError as error:
                assert str(error).count(". ") <= 1, "one sentence or two"
                break
            reached = [sequence for sequence, state in states.items() if np.array_equal(loaded.labels.values, state)]
            assert reached, "labels that never were"
            assert last in reached or loaded.recovered or not (copy / newest.name).exists()  # a whole file that is gone is not missed
        shutil.rmtree(copy.parent.parent)
