"""The manifest of a folder of predicted masks: the image and provenance of each, and its mean uncertainty."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.atomic_file import replace_file
from unetstudio.data.case import Source
from unetstudio.data.csv_cell import csv_cell
from unetstudio.formats.masks.output_record import free_names
from unetstudio.inference.provenance import Provenance

RECORD = ".unetstudio-masks.json"
LIST = "doubt.csv"


@dataclass(frozen=True)
class MaskEntry:
    """A mask of the image at `place`, with the provenance `key`. `voxels` are the counts of structures by name, where they were counted;
    `voxel_size` is the mm² of a pixel or the mm³ of a voxel, None where the spacing is unknown."""

    image: str
    mask: str
    key: str
    mean_uncertainty: float | None
    voxels: dict[str, int]
    voxel_size: float | None
    place: str

    @classmethod
    def of(
        cls, source: Source, mask: str, provenance: Provenance, mean_uncertainty: float | None, voxels: dict[str, int], size: float | None
    ) -> MaskEntry:
        """Make the entry of a new mask."""
        image = f"{source.path.name} ({source.part})" if source.part else source.path.name
        return cls(image, mask, provenance.key, mean_uncertainty, voxels, size, _place(source))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the manifest file."""
        return {
            "image": self.image,
            "mask": self.mask,
            "key": self.key,
            "doubt": self.mean_uncertainty,
            "voxels": self.voxels,
            "voxel": self.voxel_size,
            "place": self.place,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> MaskEntry:
        """Read what `to_json` returned; raise KeyError, TypeError, ValueError or AttributeError for anything else."""
        mean, size = (None if values[name] is None else float(values[name]) for name in ("doubt", "voxel"))
        voxels = {str(name): int(count) for name, count in values["voxels"].items()}
        mask = Path(str(values["mask"])).name
        return cls(str(values["image"]), mask, str(values["key"]), mean, voxels, size, str(values["place"]))


class OutputManifest:
    """The masks of a folder by name: read from disk on creation, and written with every mask that is added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries = _stored(folder / RECORD)

    def names(self, sources: Sequence[Source], stems: Iterable[str]) -> list[str]:
        """Return the masks' names: an image's earlier name if it has one, else its stem; never that of another image's mask."""
        before = {entry.place: name for name, entry in self._entries.items()}
        taken = {name.lower() for name in before.values()}
        names = []
        for source, plain in zip(sources, free_names(stems), strict=True):
            name, number = before.get(_place(source), plain), 2
            while _place(source) not in before and name.lower() in taken:
                name, number = f"{plain}-{number}", number + 1
            taken.add(name.lower())
            names.append(name)
        return names

    def find(self, name: str, provenance: Provenance) -> MaskEntry | None:
        """Return the mask of a name if its file exists and its provenance is the same; None otherwise."""
        entry = self._entries.get(name)
        alike = entry is not None and entry.key == provenance.key and (self._folder / entry.mask).is_file()
        return entry if alike else None

    def add(self, name: str, entry: MaskEntry) -> None:
        """Add a mask and rewrite the list, most uncertain first; raise FormatError when the folder refuses."""
        self._entries[name] = entry
        replace_file(self._folder / LIST, as_csv(self._entries.values()).encode())
        stored = {name: entry.to_json() for name, entry in self._entries.items()}
        replace_file(self._folder / RECORD, json.dumps(stored, indent=1, ensure_ascii=False).encode())


def as_csv(masks: Iterable[MaskEntry]) -> str:
    """Format the list, most uncertain first: image, mask, doubt, and the voxels and area or volume of each structure; unknown is empty."""
    masks = sorted(masks, key=lambda entry: (entry.mean_uncertainty is None, -(entry.mean_uncertainty or 0.0), entry.mask))
    names = list(dict.fromkeys(name for entry in masks for name in entry.voxels))
    rows = [["image", "mask", "doubt", *(f"{name}_{unit}" for name in names for unit in ("voxels", "mm2_or_mm3"))]]
    for entry in masks:
        cells = [entry.image, entry.mask, "" if entry.mean_uncertainty is None else f"{entry.mean_uncertainty:.4f}"]
        for name in names:
            count = entry.voxels.get(name)
            cells.append("" if count is None else str(count))
            cells.append("" if count is None or entry.voxel_size is None else f"{count * entry.voxel_size:.6g}")
        rows.append(cells)
    return "".join(",".join(map(csv_cell, row)) + "\n" for row in rows)


def _stored(path: Path) -> dict[str, MaskEntry]:
    """Read the entries of earlier runs; nothing where the file is missing, damaged or another program's."""
    try:
        stored: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
        return {str(name): MaskEntry.from_json(values) for name, values in stored.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _place(source: Source) -> str:
    return f"{source.path.resolve()} {source.part}"
