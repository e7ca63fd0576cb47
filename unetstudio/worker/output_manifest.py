"""What stands in a folder of predicted masks: from which image each was made and how, and how doubtful it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio import __version__
from unetstudio.atomic_file import replace_file
from unetstudio.data.case import Source
from unetstudio.data.csv_cell import csv_cell
from unetstudio.formats.output_record import free_names
from unetstudio.postprocess.segment import Painted
from unetstudio.postprocess.stack import to_json
from unetstudio.postprocess.step import Step

RECORD = ".unetstudio-masks.json"
LIST = "doubt.csv"

Way = tuple[str, Sequence[Step], str, bool, bool]
"""Checkpoint, steps, tta, and whether probabilities and objects are written."""


@dataclass(frozen=True)
class Made:
    """One mask of the image at `place`: `key` stands for all that it depends on; `voxels` of each structure by its name, where they were
    counted, and `voxel` is the mm² of one in a picture and the mm³ in a volume, None where the spacing is unknown."""

    image: str
    mask: str
    key: str
    doubt: float | None
    voxels: dict[str, int]
    voxel: float | None
    place: str


class OutputManifest:
    """Read when made, and written with every mask that is added."""

    def __init__(self, folder: Path, way: Way) -> None:
        checkpoint, steps, *rest = way
        self._folder = folder
        self._way = json.dumps([__version__, checkpoint, to_json(steps), *rest])
        self._made = _stored(folder / RECORD)

    def names(self, sources: Sequence[Source], stems: Iterable[str]) -> list[str]:
        """What masks are called: as before where the image was here before, else by its stem, and never like the mask of another image."""
        known = {made.place: name for name, made in self._made.items()}
        taken = {name.lower() for name in known.values()}
        found = []
        for source, plain in zip(sources, free_names(stems), strict=True):
            name, number = known.get(_place(source), plain), 2
            while _place(source) not in known and name.lower() in taken:
                name, number = f"{plain}-{number}", number + 1
            taken.add(name.lower())
            found.append(name)
        return found

    def find(self, name: str, source: Source, painted: Painted | None) -> Made | None:
        """What was made under a name, if it would be made alike today and its mask is there."""
        made = self._made.get(name)
        same = made is not None and made.key == self._key(source, painted) and (self._folder / made.mask).is_file()
        return made if same else None

    def add(
        self,
        name: str,
        source: Source,
        painted: Painted | None,
        mask: str,
        doubt: float | None,
        voxels: dict[str, int],
        voxel: float | None,
    ) -> None:
        """Notes a mask, and writes the list anew, the most doubtful first; FormatError when the folder refuses."""
        self._made[name] = Made(source.path.name, mask, self._key(source, painted), doubt, voxels, voxel, _place(source))
        replace_file(self._folder / LIST, listed(self._made.values()).encode())
        stored = {name: asdict(made) for name, made in self._made.items()}
        replace_file(self._folder / RECORD, json.dumps(stored, indent=1, ensure_ascii=False).encode())

    def _key(self, source: Source, painted: Painted | None) -> str:
        """Of the image by size and time of its files, of the strokes by what they are, and of the way."""
        found = hashlib.sha256(self._way.encode())
        for file in source.files:
            if file.is_file():
                status = file.stat()
                found.update(f"{file.resolve()} {source.part} {status.st_size} {status.st_mtime_ns}".encode())
        if painted is not None:
            values, mask = painted
            found.update(values[mask].tobytes() + np.packbits(mask).tobytes())
        return found.hexdigest()


def listed(masks: Iterable[Made]) -> str:
    """CSV, the most doubtful first: image, mask, doubt, and of each structure its voxels and their area or volume; unknown is empty."""
    masks = sorted(masks, key=lambda made: (made.doubt is None, -(made.doubt or 0.0), made.mask))
    names = list(dict.fromkeys(name for made in masks for name in made.voxels))
    rows = [["image", "mask", "doubt", *(f"{name}_{unit}" for name in names for unit in ("voxels", "mm2_or_mm3"))]]
    for made in masks:
        cells = [made.image, made.mask, "" if made.doubt is None else f"{made.doubt:.4f}"]
        for name in names:
            count = made.voxels.get(name)
            cells.append("" if count is None else str(count))
            cells.append("" if count is None or made.voxel is None else f"{count * made.voxel:.6g}")
        rows.append(cells)
    return "".join(",".join(map(csv_cell, row)) + "\n" for row in rows)


def _stored(path: Path) -> dict[str, Made]:
    """What earlier runs noted; nothing where the file is missing, damaged or another program's."""
    try:
        stored: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
        return {str(name): _made(values) for name, values in stored.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _made(values: dict[str, Any]) -> Made:
    doubt, voxel = (None if values[name] is None else float(values[name]) for name in ("doubt", "voxel"))
    voxels = {str(name): int(count) for name, count in values["voxels"].items()}
    mask = Path(str(values["mask"])).name
    return Made(str(values["image"]), mask, str(values["key"]), doubt, voxels, voxel, str(values["place"]))


def _place(source: Source) -> str:
    return f"{source.path.resolve()} {source.part}"
