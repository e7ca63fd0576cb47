"""The voxel size of a TIFF, from OME, ImageJ or the resolution tags where they describe the object and not a printout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from unetstudio.data.geometry import Geometry

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

MILLIMETRES = {
    "m": 1e3, "meter": 1e3, "cm": 10.0, "centimeter": 10.0, "mm": 1.0, "millimeter": 1.0, "inch": 25.4, "in": 25.4,
    "µm": 1e-3, "μm": 1e-3, "um": 1e-3, "\\u00B5m": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3,
    "nm": 1e-6, "nanometer": 1e-6, "å": 1e-7, "pm": 1e-9,
}  # fmt: skip

_PRINTER = {1, 28, 28.35, 72, 75, 90, 96, 100, 118, 120, 144, 150, 180, 192, 200, 240, 300, 350, 360, 400, 500, 600, 720, 1200, 2400}
"""Dots per inch (or centimetre) that programs write by default, without regard to the object."""

_UNITS = {2: 25.4, 3: 10.0}  # ResolutionUnit: inch, centimetre


def spacing_of(tif: TiffFile, series: TiffPageSeries, *, volume: bool) -> Geometry:
    """Return the geometry with its spacing in mm; unknown when the file does not give it for every axis."""
    z, y, x = _from_ome(tif) or _from_imagej(tif, series) or _from_svs(series) or _from_resolution(series) or (None, None, None)
    if y is None or x is None or not (0 < y < 1e3 and 0 < x < 1e3):
        return Geometry()
    if not volume:
        return Geometry((1.0, y, x))
    return Geometry((z, y, x)) if z is not None and 0 < z < 1e3 else Geometry()


Lengths = tuple[float | None, float | None, float | None]


def _from_ome(tif: TiffFile) -> Lengths | None:
    if not tif.is_ome or not tif.ome_metadata:
        return None
    element = re.search(r"<(?:\w+:)?Pixels\b[^>]*>", tif.ome_metadata)
    return None if element is None else (_ome_length(element[0], "Z"), _ome_length(element[0], "Y"), _ome_length(element[0], "X"))


def _ome_length(element: str, axis: str) -> float | None:
    size = re.search(rf'PhysicalSize{axis}="([^"]+)"', element)
    unit = re.search(rf'PhysicalSize{axis}Unit="([^"]+)"', element)
    if size is None:
        return None
    factor = MILLIMETRES.get(unit[1].strip().lower() if unit else "µm")
    return None if factor is None else _number(size[1]) * factor


def _from_imagej(tif: TiffFile, series: TiffPageSeries) -> Lengths | None:
    if not tif.is_imagej:
        return None
    metadata: dict[str, Any] = tif.imagej_metadata or {}
    factor = MILLIMETRES.get(str(metadata.get("unit", "")).strip().lower())
    y, x = _pixels_per_unit(series, "YResolution"), _pixels_per_unit(series, "XResolution")
    if factor is None or not y or not x:
        return (None, None, None)
    depth = metadata.get("spacing")
    return (None if depth is None else abs(_number(depth)) * factor, factor / y, factor / x)


def _from_svs(series: TiffPageSeries) -> Lengths | None:
    """Read micrometres per pixel, which Aperio slide scanners write into the description."""
    match = re.search(r"\|\s*MPP\s*=\s*([\d.]+)", str(series.keyframe.description))
    edge = _number(match[1]) * 1e-3 if match else None
    return None if edge is None else (None, edge, edge)


def _from_resolution(series: TiffPageSeries) -> Lengths | None:
    tag = series.keyframe.tags.get("ResolutionUnit")
    factor = _UNITS.get(int(tag.value)) if tag is not None and isinstance(tag.value, int) else None
    y, x = _pixels_per_unit(series, "YResolution"), _pixels_per_unit(series, "XResolution")
    if factor is None or not y or not x or round(x, 2) in _PRINTER or round(y, 2) in _PRINTER:
        return None
    return (None, factor / y, factor / x)


def _pixels_per_unit(series: TiffPageSeries, name: str) -> float | None:
    tag = series.keyframe.tags.get(name)
    if tag is None or not isinstance(tag.value, tuple) or len(tag.value) != 2 or not tag.value[1]:
        return None
    return float(tag.value[0]) / float(tag.value[1])


def _number(text: object) -> float:
    """Parse a number; return 0, which is no spacing, for anything else."""
    try:
        return float(str(text))
    except ValueError:
        return 0.0
