"""The images in a TIFF: its series of pages, without thumbnails, and the times and positions in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unetstudio.errors import FormatError
from unetstudio.formats.part import Part
from unetstudio.formats.tiff.thumbnail import is_thumbnail
from unetstudio.formats.voxel_files.axes import depth_note
from unetstudio.formats.voxel_files.several_images import ArrayImage, chosen, first_of_several, images_along

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

_ORIENTATION = 274


@dataclass(frozen=True)
class TiffImage:
    """One image: its series, the number of that among the file's, and the axes of the series."""

    image: ArrayImage
    series: TiffPageSeries
    number: int
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the series, 1 on axes that count images."""
        return tuple(1 if role == "-" else size for role, size in zip(self.image.roles, self.series.shape, strict=True))

    @property
    def nbytes(self) -> int:
        """The bytes of samples that the image claims to hold."""
        return math.prod(self.shape) * max(1, self.series.dtype.itemsize)

    @property
    def slices(self) -> int:
        """Number of slices."""
        return dict(zip(self.image.roles, self.shape, strict=True)).get("Z", 1)

    @property
    def pages(self) -> list[int] | None:
        """The numbers, in the series, of the pages that hold the image; None where pages and planes do not correspond."""
        import numpy as np

        series, page = self.series, self.series.keyframe
        lead = series.shape[: len(series.shape) - page.ndim]
        if tuple(series.shape[len(lead) :]) != tuple(page.shape) or math.prod(lead) != len(series.pages):
            return None
        numbers = np.arange(len(series.pages)).reshape(lead)
        place = tuple(slice(p, p + 1) if (p := self.image.places.get(n)) is not None else slice(None) for n in range(len(lead)))
        return [int(n) for n in numbers[place].ravel()]


def parts_of(tif: TiffFile, path: Path) -> list[Part]:
    """Return the images of a file, in its order."""
    return [image.part for image, _, _ in _images(_main_series(tif, path)[0])]


def image_of(tif: TiffFile, path: Path, key: str) -> TiffImage:
    """Return an image of a file, the first for an empty key; raise FormatError without one."""
    series, left_out = _main_series(tif, path)
    images = _images(series)
    parts = [image.part for image, _, _ in images]
    image, one, number = images[chosen(parts, key, path)]
    notes = (*first_of_several(parts, key), *left_out, *depth_note(one.axes, one.shape), *_orientation_note(one))
    return TiffImage(image, one, number, notes)


def _orientation_note(series: TiffPageSeries) -> tuple[str, ...]:
    """Return a sentence where the file asks to be shown turned or mirrored."""
    tag = series.keyframe.tags.get(_ORIENTATION)
    turned = tag is not None and tag.value not in (0, 1)
    return ("It is shown as stored: its orientation tag, which says how to turn it, is not applied.",) if turned else ()


def _images(series: Sequence[tuple[int, TiffPageSeries]]) -> list[tuple[ArrayImage, TiffPageSeries, int]]:
    """Return each image with its series and the number of that in the file."""
    sizes = [_size(one) for _, one in series]
    images: list[tuple[ArrayImage, TiffPageSeries, int]] = []
    for (number, one), size in zip(series, sizes, strict=True):
        if len(series) == 1:
            inside = images_along(one.axes, one.shape)
        else:
            name = one.name if one.name and one.kind == "ome" else ""
            name_shown = f"image {number + 1}" + (f": {name}" if name else "") + ("" if len(set(sizes)) == 1 else f", {size}")
            inside = images_along(one.axes, one.shape, key={"series": number}, name=name_shown)
        images += [(image, one, number) for image in inside]
    return images


def _main_series(tif: TiffFile, path: Path) -> tuple[list[tuple[int, TiffPageSeries]], tuple[str, ...]]:
    """Return the series that are images, with their numbers, and sentences about those left out."""
    usable = [(n, one) for n, one in enumerate(_all_series(tif)) if "Y" in one.axes and "X" in one.axes and 0 not in one.shape]
    if not usable:
        problem = "it holds no pixels; export it again from the program that made it."
        raise FormatError(path, problem if tif.series else "it holds no image; it may be damaged or cut short.")
    largest = max((one for _, one in usable), key=_area)
    thumbnails = [(n, one) for n, one in usable if one is not largest and is_thumbnail(one, largest)]
    images = [entry for entry in usable if entry not in thumbnails]
    notes = tuple(f"Its {_called(one)} ({_size(one)} pixels) is left out." for _, one in thumbnails)
    return images, notes


def _all_series(tif: TiffFile) -> list[TiffPageSeries]:
    """Return the series, and those that only their size made a level of another one's pyramid."""
    series = list(tif.series)
    for one in tif.series:
        if one.kind == "generic":
            series += [level for level in one.levels[1:] if not is_thumbnail(level, one)]
    return sorted(series, key=lambda one: int(one.keyframe.index)) if len(series) > len(tif.series) else series


def _called(series: TiffPageSeries) -> str:
    return series.name.lower() if series.name.lower() in ("label", "macro", "map", "probability") else "thumbnail"


def _size(series: TiffPageSeries) -> str:
    extents = dict(zip(series.axes, series.shape, strict=True))
    return f"{extents['X']} x {extents['Y']}"


def _area(series: TiffPageSeries) -> int:
    extents = dict(zip(series.axes, series.shape, strict=True))
    return int(extents["Y"] * extents["X"])
