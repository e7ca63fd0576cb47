"""The content of a disk after a kill or a power cut, rebuilt from recorded changes.

After a kill of the process all changes so far are there. After a power cut only synced changes are certain: each later write of a file may
be there, absent, zeros, cut short or garbled; each later name in a folder may be there or not, independently of others. A rename within a
folder is atomic, one between two folders is two changes. No known file system takes more freedom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.trace import ROOT, Made, Mark, Named, Operation, Renamed, Sized, Synced, Unnamed, Written

SECTOR = 512


@dataclass
class Disk:
    """A disk: files by number, and names in folders by number."""

    files: dict[int, bytearray] = field(default_factory=dict)
    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})

    def change(self, operation: Operation) -> None:
        """Apply a change as the running system shows it."""
        match operation:
            case Made(folder, name, item, is_folder):
                self.give(item, is_folder)
                self.folders[folder][name] = item
            case Written(item, at, data):
                self.fill(item, at, data)
            case Sized(item, size):
                file = self.files[item]
                del file[size:]
                file.extend(bytes(size - len(file)))
            case Named(folder, name, item):
                self.folders[folder][name] = item
            case Unnamed(folder, name):
                self.folders[folder].pop(name, None)
            case Renamed(folder, name, new_folder, new_name, item):
                self.folders[folder].pop(name, None)
                self.folders[new_folder][new_name] = item

    def give(self, item: int, is_folder: bool) -> None:
        """Add an item, empty and without a name."""
        if is_folder:
            self.folders.setdefault(item, {})
        else:
            self.files.setdefault(item, bytearray())

    def fill(self, item: int, at: int, data: bytes) -> None:
        """Write bytes into a file; a gap before them is filled with zeros."""
        file = self.files[item]
        file.extend(bytes(max(0, at - len(file))))
        file[at : at + len(data)] = data

    def paths(self, folder: int = ROOT, under: str = "") -> Iterable[tuple[str, bytes | None]]:
        """Return the relative path and bytes of every file with a name, None for a folder."""
        for name, item in self.folders[folder].items():
            if item in self.folders:
                yield f"{under}{name}", None
                yield from self.paths(item, f"{under}{name}/")
            else:
                yield f"{under}{name}", bytes(self.files[item])

    def lay_out(self, target: Path) -> None:
        """Write the disk into a real folder."""
        target.mkdir(parents=True)
        for path, data in self.paths():
            if data is None:
                (target / path).mkdir()
            else:
                (target / path).write_bytes(data)


def killed(operations: Sequence[Operation], share: float = 1.0) -> Disk:
    """Return the disk after a kill after the last of the operations; of a write only the first `share` took place."""
    disk = Disk()
    for operation in operations[:-1]:
        disk.change(operation)
    if operations:
        last = operations[-1]
        if isinstance(last, Written) and share < 1:
            last = Written(last.item, last.at, last.data[: int(len(last.data) * share)])
        disk.change(last)
    return disk


def power_cut(operations: Sequence[Operation], random: Random) -> Disk:
    """Return the disk after a power cut after the last of the operations."""
    sure, pending = Disk(), _Pending()
    for operation in operations:
        match operation:
            case Mark():
                pass
            case Synced(item):
                for change in pending.of.pop(item, []):
                    sure.change(change)
            case Written(item) | Sized(item):
                pending.add(item, operation)
            case Made(folder, _, item, is_folder):
                sure.give(item, is_folder)
                pending.add(folder, Named(folder, operation.name, item))
            case Named(folder) | Unnamed(folder):
                pending.add(folder, operation)
            case Renamed(folder, name, new_folder, new_name, item) if folder != new_folder:
                pending.add(new_folder, Named(new_folder, new_name, item))
                pending.add(folder, Unnamed(folder, name))
            case Renamed(folder):
                pending.add(folder, operation)
    luck = random.choice((0.0, 0.5, 0.5, 0.9, 1.0))  # share that the system had written back by itself
    manner = random.choice(("nothing", "zeros", "short", "garbled", "any"))  # the fate of the other writes
    for changes in pending.of.values():
        for change in changes:
            if random.random() < luck:
                sure.change(change)
            elif isinstance(change, Written):
                for at, data in _torn(change.data, manner, random):
                    sure.fill(change.item, change.at + at, data)
    return sure


class _Pending:
    """The changes of each item since it was last synced."""

    def __init__(self) -> None:
        self.of: dict[int, list[Operation]] = {}

    def add(self, item: int, change: Operation) -> None:
        self.of.setdefault(item, []).append(change)


def _torn(data: bytes, manner: str, random: Random) -> list[tuple[int, bytes]]:
    """Return the remains of a write that was not synced."""
    if manner == "any":
        manner = random.choice(("nothing", "zeros", "short", "garbled", "sectors"))
    cut = random.randrange(len(data) + 1)
    match manner:
        case "zeros":
            return [(0, bytes(len(data)))]
        case "short":
            return [(0, data[:cut])]
        case "garbled":
            return [(0, data[:cut] + random.randbytes(len(data) - cut))]
        case "sectors":
            return [(at, data[at : at + SECTOR]) for at in range(0, len(data), SECTOR) if random.random() < 0.5]
        case _:
            return []


def without(operations: Iterable[Operation], call: str = "", *, folders: bool) -> list[Operation]:
    """Remove the syncs of folders, or those of files by one call, to show that the tests would notice them missing."""
    return [op for op in operations if not (isinstance(op, Synced) and op.is_folder is folders and (folders or op.call == call))]
