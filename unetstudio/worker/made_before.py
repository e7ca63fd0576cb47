"""What stands in a folder of predicted masks: from which image each was made and how, and how doubtful it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio import __version__
from unetstudio.data.case import Source
from unetstudio.data.csv_cell import csv_cell
from unetstudio.formats.replacing import replace_file
from unetstudio.postprocess.segment import Painted
from unetstudio.postprocess.stack import to_json
from unetstudio.postprocess.step import Step

RECORD = ".unetstudio-masks.json"
LIST = "doubt.csv"

Way = tuple[str, Sequence[Step], str, bool, bool]
"""Checkpoint, steps, flips, and whether probabilities and objects are written."""


@dataclass(frozen=True)
class Made:
    """One mask: `key` stands for all that it depends on."""

    image: str
    mask: str
    key: str
    doubt: float | None


class MadeBefore:
    """Read when made, and written with every mask that is added."""

    def __init__(self, folder: Path, way: Way) -> None:
        checkpoint, steps, *rest = way
        self._folder = folder
        self._way = json.dumps([__version__, checkpoint, to_json(steps), *rest])
        self._made = _stored(folder / RECORD)

    def find(self, name: str, source: Source, painted: Painted | None) -> Made | None:
        """What was made under a name, if it would be made alike today and its mask is there."""
        made = self._made.get(name)
        same = made is not None and made.key == self._key(source, painted) and (self._folder / made.mask).is_file()
        return made if same else None

    def add(self, name: str, source: Source, painted: Painted | None, mask: str, doubt: float | None) -> None:
        """Notes a mask, and writes the list anew, the most doubtful first; FormatError when the folder refuses."""
        self._made[name] = Made(source.path.name, mask, self._key(source, painted), doubt)
        listed = sorted(self._made.values(), key=lambda made: (made.doubt is None, -(made.doubt or 0.0), made.mask))
        rows = [(csv_cell(made.image), csv_cell(made.mask), "" if made.doubt is None else f"{made.doubt:.4f}") for made in listed]
        replace_file(self._folder / LIST, "".join(",".join(row) + "\n" for row in [("image", "mask", "doubt"), *rows]).encode())
        stored = {name: asdict(made) for name, made in self._made.items()}
        replace_file(self._folder / RECORD, json.dumps(stored, indent=1, ensure_ascii=False).encode())

    def _key(self, source: Source, painted: Painted | None) -> str:
        """Of the image by size and time of its files, of the strokes by what they are, and of the way."""
        found = hashlib.sha256(self._way.encode())
        files = sorted(source.path.iterdir()) if source.path.is_dir() else [source.path]
        for file in files:
            if file.is_file():
                status = file.stat()
                found.update(f"{file.resolve()} {source.part} {status.st_size} {status.st_mtime_ns}".encode())
        if painted is not None:
            values, mask = painted
            found.update(values[mask].tobytes() + np.packbits(mask).tobytes())
        return found.hexdigest()


def _stored(path: Path) -> dict[str, Made]:
    """What earlier runs noted; nothing where the file is missing, damaged or another program's."""
    try:
        stored: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
        return {str(name): _made(values) for name, values in stored.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _made(values: dict[str, Any]) -> Made:
    doubt = values["doubt"]
    return Made(str(values["image"]), Path(str(values["mask"])).name, str(values["key"]), None if doubt is None else float(doubt))
