"""Legends beside masks, of this program and of others: what a value is called, its colour, and which one means not annotated."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from unetstudio.data.classes import Colour
from unetstudio.data.labels import MAX_CLASSES
from unetstudio.errors import FormatError
from unetstudio.formats.masks.legend import LEGEND

LARGEST = 2**20
"""Bytes of the largest file that is read as a legend."""
ITK_SNAP = "itk-snap label description"
BACKGROUND = {"background", "_background_", "bg", "clear label"}
IGNORED = {"ignore", "__ignore__", "ignored", "not annotated", "unannotated", "unlabelled", "unlabeled"}
"""Names of the value that means not annotated."""
NAME_LISTS = ("labels.txt", "classes.txt", "label.txt", "class_names.txt", "classnames.txt", "names.txt", "label_names.txt")


@dataclass(frozen=True)
class Legend:
    """What a legend says. `not_annotated` is None when it says nothing about it; `file` is what to call the legend.

    `counted` is True for names without values, counted from 1: if the first is the background after all, they count from 0.
    """

    file: str
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    not_annotated: int | None = None
    counted: bool = False

    def called(self, background: str) -> Legend:
        """Return the legend for a project whose first class has this name: counted names begin with it at 0."""
        if not self.counted or self.names.get(1, "").strip().casefold() != background.strip().casefold():
            return self
        return replace(self, names={value - 1: name for value, name in self.names.items()}, counted=False)


def legend_beside(folder: Path) -> Legend | None:
    """Return the legend in a folder of masks, or nnU-Net's in the folder above it; None without one. FormatError for a damaged one."""
    for name, read in _READERS:
        places = [folder / name] if name != "dataset.json" else [folder / name, folder.parent / name]
        for path in places:
            if path.is_file() and path.stat().st_size <= LARGEST and (legend := _read(path, read)).names:
                return legend
    for path in sorted(folder.glob("*.ctbl")):
        return _read(path, _colour_table)
    for path in sorted(folder.glob("*.txt")):
        if path.stat().st_size <= LARGEST and ITK_SNAP in path.read_text("utf-8", "replace")[:2000].lower():
            return _read(path, _itk_snap)
    return None


def is_legend(path: Path) -> bool:
    """Whether a file beside masks is named like a legend."""
    return path.name in {name for name, _ in _READERS} or path.name.lower().endswith((".ctbl", ".txt"))


def _read(path: Path, read: Callable[[str], Legend]) -> Legend:
    try:
        return read(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FormatError(path, "this legend beside the masks cannot be read; mend it, or move it away.") from error
    except OSError as error:
        raise FormatError(path, f"this legend beside the masks cannot be opened ({error.strerror}).") from error


def _own(text: str) -> Legend:
    """Read our own `legend.json`."""
    values = json.loads(text)
    rows = values["classes"]
    return Legend(
        LEGEND,
        {int(row["value"]): str(row["name"]) for row in rows},
        {int(row["value"]): _hex(row["colour"]) for row in rows if "colour" in row},
        int(values["not_annotated"]) if values.get("not_annotated") is not None else None,
    )


def _nnunet(text: str) -> Legend:
    """Read nnU-Net's `dataset.json`, version 2 (name to value) or 1 (value to name); regions of several values have no name."""
    labels: dict[str, Any] = json.loads(text).get("labels", {})
    pairs = [(int(key), value) if key.lstrip("-").isdigit() else (value, key) for key, value in labels.items()]
    names = {value: str(name) for value, name in pairs if isinstance(value, int)}
    ignored = next((value for value, name in names.items() if name.lower() in IGNORED), None)
    return Legend("dataset.json", {v: n for v, n in names.items() if v != ignored}, {}, ignored)


def _itk_snap(text: str) -> Legend:
    """Read ITK-SNAP's label descriptions: value, red, green, blue, alpha, two switches, and the name in quotes."""
    names, colours = {}, {}
    for line in text.splitlines():
        row = re.match(r'\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\S+\s+\d+\s+\d+\s+"(.*)"', line)
        if row is not None:
            value = int(row[1])
            names[value] = "background" if row[5].strip().lower() in BACKGROUND else row[5]
            colours[value] = (int(row[2]), int(row[3]), int(row[4]))
    return Legend("ITK-SNAP's label descriptions", names, colours)


def _colour_table(text: str) -> Legend:
    """Read 3D Slicer's colour table: value, name, red, green, blue, alpha."""
    names, colours = {}, {}
    for line in text.splitlines():
        row = re.match(r"\s*(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)", line)
        if row is not None:
            names[int(row[1])] = row[2].replace("_", " ")
            colours[int(row[1])] = (int(row[3]), int(row[4]), int(row[5]))
    return Legend("the colour table", names, colours)


def _name_list(text: str) -> Legend:
    """Read one name a line, with its value before it or counted from 0; a list without the background counts from 1.

    labelme's list begins with `__ignore__`, which has no value.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) > MAX_CLASSES:
        return Legend("the list of names")
    rows = [re.match(r"(-?\d+)\s*[:;,=\t ]\s*(\D.*)", line) for line in lines]
    if lines and all(rows):
        return _named([(int(row[1]), row[2].strip()) for row in rows if row is not None])
    if lines and lines[0].lower() == "__ignore__":
        lines = lines[1:]
    first = 0 if lines and lines[0].lower() in BACKGROUND else 1
    return replace(_named(list(enumerate(lines, start=first))), counted=first == 1)


def _named(rows: Sequence[tuple[int, str]]) -> Legend:
    ignored = next((value for value, name in rows if name.lower() in IGNORED), None)
    names = {value: "background" if name.lower() in BACKGROUND else name for value, name in rows if value != ignored}
    return Legend("the list of names", names, {}, ignored)


def _hex(text: str) -> Colour:
    packed = int(text.lstrip("#"), 16)
    return (packed >> 16 & 255, packed >> 8 & 255, packed & 255)


_READERS: tuple[tuple[str, Callable[[str], Legend]], ...] = (
    (LEGEND, _own),
    ("dataset.json", _nnunet),
    *((name, _name_list) for name in NAME_LISTS),
)
