"""The images in a Zarr folder: those of its multiscales, of the series and wells below it, or a plain array."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unetstudio.data.geometry import Geometry
from unetstudio.formats.ome_zarr.metadata import ZarrFolder
from unetstudio.formats.voxel_files.array_format import geometry_of_lengths
from unetstudio.formats.voxel_files.length_units import in_millimetres

_GUESSED = {2: "YX", 3: "ZYX", 4: "CZYX", 5: "TCZYX"}
_LETTERS = {"time": "T", "channel": "C"}


@dataclass(frozen=True)
class ZarrImage:
    """An image: the name of its array at full resolution, its axes ("" where not named), its geometry, and its place in the folder."""

    array: str
    axes: str
    geometry: Geometry
    group: str
    name: str


def images_in(folder: ZarrFolder) -> list[ZarrImage]:
    """Return the images, in the order of the folder."""
    if folder.is_array():
        return [ZarrImage("", _dimension_names(folder, ""), Geometry(), "", "")]
    return [image for group in _groups(folder) for image in _multiscales(folder, group)]


def _groups(folder: ZarrFolder) -> Iterator[str]:
    """Yield the groups that may hold an image: the folder, the series of a converted file, or the fields of a plate's wells."""
    attributes = folder.attributes()
    if attributes.get("multiscales"):
        yield ""
    elif isinstance(attributes.get("plate"), dict):
        for well in attributes["plate"].get("wells") or ():
            path = str(well.get("path", ""))
            inside = folder.attributes(path).get("well") or {}
            yield from (f"{path}/{image.get('path', '')}" for image in inside.get("images") or ())
    elif isinstance(attributes.get("well"), dict):
        yield from (str(image.get("path", "")) for image in attributes["well"].get("images") or ())
    else:
        listed = folder.attributes("OME").get("series")
        yield from [str(name) for name in listed] if isinstance(listed, list) else _numbered(folder)


def _numbered(folder: ZarrFolder) -> Iterator[str]:
    number = 0
    while folder.attributes(str(number)).get("multiscales"):
        yield str(number)
        number += 1


def _multiscales(folder: ZarrFolder, group: str) -> Iterator[ZarrImage]:
    several = folder.attributes(group).get("multiscales") or []
    for number, one in enumerate(several):
        datasets = one.get("datasets") or []
        if not datasets:
            continue
        prefix = f"{group}/" if group else ""
        axes = one.get("axes")
        letters = "".join(_letter(axis) for axis in axes) if axes else ""
        scale = _scale(datasets[0], one, len(letters))
        units = [axis.get("unit") if isinstance(axis, dict) else None for axis in axes or ()]
        place = f"{group}#{number}" if len(several) > 1 else group
        name = str(one.get("name") or "") if len(several) > 1 else ""
        yield ZarrImage(f"{prefix}{datasets[0].get('path', '')}", letters, _geometry(letters, scale, units), place, name or group)


def _letter(axis: Any) -> str:
    if isinstance(axis, dict):
        kind = str(axis.get("type", ""))
        return _LETTERS.get(kind) or str(axis.get("name", "?"))[:1].upper()
    return str(axis)[:1].upper()


def _dimension_names(folder: ZarrFolder, array: str) -> str:
    prefix = f"{array}/" if array else ""
    names = folder.json(f"{prefix}zarr.json").get("dimension_names") or folder.attributes(array).get("_ARRAY_DIMENSIONS") or ()
    letters = "".join(str(name)[:1].upper() for name in names)
    return letters if set(letters) <= set("TCZYX") and len(set(letters)) == len(letters) else ""


def guessed_axes(dimensions: int) -> str:
    """Return the axes of an array that does not name them; "" for more than five."""
    return _GUESSED.get(dimensions, "")


def _scale(dataset: dict[str, Any], multiscale: dict[str, Any], axes: int) -> list[float]:
    """Return the size of a voxel along each axis: that of the data set times that of all of them."""
    scale = [1.0] * axes
    stated = False
    for holder in (dataset, multiscale):
        for one in holder.get("coordinateTransformations") or ():
            values = one.get("scale") or ()
            if one.get("type") == "scale" and len(values) == axes:
                scale = [a * float(b) for a, b in zip(scale, values, strict=True)]
                stated = True
    return scale if stated else [math.nan] * axes


def _geometry(axes: str, scale: list[float], units: list[Any]) -> Geometry:
    sizes: dict[str, float | None] = {}
    for axis, size, unit in zip(axes, scale, units or [None] * len(axes), strict=False):
        factor = in_millimetres(unit) if unit else None
        sizes[axis] = size * factor if factor and size > 0 else None
    return geometry_of_lengths(sizes.get("Z"), sizes.get("Y"), sizes.get("X"))
