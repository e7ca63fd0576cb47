"""Import of masks made in other programs: each is matched to a case by file stem, checked, and turned into one Edit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import stem

BINARY = {0, 255}
"""Values of a black and white mask, whose colours mean the first and second class."""


@dataclass(frozen=True)
class Mapping:
    """The class `value` for stored mask values from `low` to `high`, both included."""

    low: int
    high: int
    value: int


def mappings(texts: Iterable[str], classes: ClassTable) -> tuple[Mapping, ...]:
    """Read `--map VALUE=CLASS` texts.

    VALUE is a number, a range `1-40`, or `1+` for one and all above. CLASS is a name or a value.
    """
    parsed = []
    for text in texts:
        match = re.fullmatch(r"(\d+)(?:(\+)|-(\d+))?=(.+)", text.strip())
        if match is None:
            raise UserError(f"--map {text!r} is not understood: write VALUE=CLASS, LOW-HIGH=CLASS or LOW+=CLASS.")
        low = int(match[1])
        high = 2**63 - 1 if match[2] else int(match[3] or low)
        parsed.append(Mapping(low, high, class_named(match[4], classes)))
    return tuple(parsed)


def class_named(text: str, classes: ClassTable) -> int:
    """Return the label value of a class given by name or by number."""
    for entry in classes:
        if entry.name == text.strip() or str(entry.value) == text.strip():
            return entry.value
    raise UserError(f"There is no class {text!r}. The classes are {', '.join(c.name for c in classes)}.")


def matched(paths: Sequence[Path], cases: Sequence[Case]) -> list[tuple[Path, Case]]:
    """Pair masks and cases of the same stem, also masks in folders. UserError when there is no pair at all, or an ambiguous one."""
    files = [f for path in paths for f in (sorted(path.iterdir()) if path.is_dir() else [path]) if not f.name.startswith(".")]
    missing = [f for f in files if not f.exists()]
    if missing:
        raise FormatError(missing[0], "there is no such file; check the path.")
    by_stem: dict[str, list[Case]] = {}
    for case in cases:
        by_stem.setdefault(stem(case.source.path), []).append(case)
    pairs: dict[str, tuple[Path, Case]] = {}
    for file in files:
        name = stem(file)
        if not file.is_file() or name not in by_stem:
            continue
        if len(by_stem[name]) > 1:
            raise FormatError(
                file, f"{len(by_stem[name])} images of the project are named {name}; rename image and mask so that each pair is alike."
            )
        if name in pairs:
            raise FormatError(file, f"{pairs[name][0].name} is a mask of the same image; give only one of them.")
        pairs[name] = (file, by_stem[name][0])
    if not pairs:
        first = cases[0].source.path.name if cases else "none"
        raise UserError(f"No mask has the name of an image of the project (the first image is {first}): name masks as their images.")
    return list(pairs.values())


def mask_edit(
    labels: LabelMap,
    mask: NDArray[np.integer[Any]],
    classes: ClassTable,
    path: Path,
    *,
    unlabelled: int | None = None,
    mapping: Sequence[Mapping] = (),
    objects: bool = False,
) -> Edit | None:
    """Make the Edit that writes a mask (Z, Y, X) of class values into the labels; None when nothing changes.

    255 means not annotated, unless the mask is black and white (0 and 255 alone). Voxels painted by hand stay. With `objects`, a mask of
    many values in a project of two classes is taken to number objects, and one with a mapping always; objects that touch are then separated
    by a line of background. Another size or a value without a class is a FormatError.
    """
    if mask.shape != labels.shape:
        raise FormatError(path, f"the mask is {_size(mask.shape)}, its image {_size(labels.shape)}; export it at the image's size.")
    values = _classed(mask, classes, path, unlabelled, mapping, objects)
    whole = Region.whole(labels.shape)
    changed = (values != UNLABELLED) & ~labels.painted(whole, classes.values) & (values != labels.values)
    return labels.change(changed, values, Origin.IMPORTED, "import")


def parted(mask: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Separate touching objects of a mask (Z, Y, X) by a line of 0, two pixels wide, slice by slice; as class values they would be one
    object."""
    from scipy.ndimage import maximum_filter, minimum_filter

    window = (1, 3, 3)
    ids = np.where(mask == 0, 0, np.unique(mask, return_inverse=True)[1].reshape(mask.shape) + 1).astype(np.int32)
    others = np.where(ids == 0, np.iinfo(np.int32).max, ids)
    touching = maximum_filter(ids, size=window) != minimum_filter(others, size=window)
    return np.where(touching, 0, mask).astype(mask.dtype)


def _classed(
    mask: NDArray[np.integer[Any]], classes: ClassTable, path: Path, unlabelled: int | None, mapping: Sequence[Mapping], objects: bool
) -> NDArray[np.uint8]:
    """Return class values, (Z, Y, X) uint8; UNLABELLED where the mask marks voxels as not annotated."""
    stored = [int(v) for v in np.unique(mask)]
    if numbered := objects and _numbered(stored, classes, unlabelled, mapping):
        mask, stored = parted(mask), sorted({0, *stored})
    class_of = _meaning(stored, classes, unlabelled, mapping, numbered)
    unknown = [v for v in stored if class_of(v) is None]
    if unknown:
        listed = ", ".join(map(str, unknown[:5])) + (" …" if len(unknown) > 5 else "")
        raise FormatError(
            path,
            f"the value {listed} has no class (classes are {', '.join(f'{c.value} {c.name}' for c in classes)}); "
            f"say what it means with --map VALUE=CLASS, or --map 1+=CLASS when values number objects.",
        )
    table = np.array([class_of(v) for v in stored], np.uint8)
    return table[np.searchsorted(np.array(stored), mask)]


def _numbered(stored: list[int], classes: ClassTable, unlabelled: int | None, mapping: Sequence[Mapping]) -> bool:
    """Return whether values number objects rather than classes."""
    if mapping or unlabelled is not None:
        return bool(mapping)
    return len(classes) == 2 and set(stored) != BINARY and any(v not in (*classes.values, UNLABELLED) for v in stored)


def _meaning(
    stored: list[int], classes: ClassTable, unlabelled: int | None, mapping: Sequence[Mapping], numbered: bool
) -> Callable[[int], int | None]:
    """Return a function from stored value to class value; it returns None for a value without a meaning."""
    order = classes.values
    binary = unlabelled is None and not mapping and set(stored) == BINARY and len(order) >= 2
    numbered = numbered and not mapping

    def class_of(value: int) -> int | None:
        if value == unlabelled:
            return UNLABELLED
        for part in mapping:
            if part.low <= value <= part.high:
                return part.value
        if binary or numbered:
            return order[1] if value else order[0]
        if value in classes:
            return value
        return UNLABELLED if value == UNLABELLED and unlabelled is None else None

    return class_of


def _size(shape: tuple[int, ...]) -> str:
    """Describe a size as width x height, and slices for volumes."""
    z, y, x = shape
    return f"{x} × {y}" if z == 1 else f"{x} × {y} × {z}"
