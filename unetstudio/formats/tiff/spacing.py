"""The voxel size of a TIFF, from OME, ImageJ or the resolution tags where they describe the object and not a printout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from unetstudio.data.geometry import Geometry
from unetstudio.formats.tiff.ome import Lengths, ome_lengths
from unetstudio.formats.voxel_files.length_units import in_millimetres

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

_PRINTER = (1, 28, 72, 75, 90, 96, 100, 118, 120, 144, 150, 180, 192, 200, 240, 300, 350, 360, 400, 500, 600, 720, 1200, 2400)
"""Dots per inch (or centimetre) that programs write by default, without regard to the object."""

_SAME = 0.005
"""Relative difference up to which a resolution is one of those, after conversion between inch and centimetre and rounding."""

_UNITS = {2: 25.4, 3: 10.0}  # ResolutionUnit: inch, centimetre


def spacing_of(tif: TiffFile, series: TiffPageSeries, number: int, *, volume: bool) -> Geometry:
    """Return the geometry with its spacing in mm; unknown when the file does not give it for every axis."""
    z, y, x = (
        _from_ome(tif, number)
        or _from_lsm(tif)
        or _from_imagej(tif, series)
        or _from_svs(series)
        or _from_resolution(series)
        or (None, None, None)
    )
    if y is None or x is None or not (0 < y < 1e3 and 0 < x < 1e3):
        return Geometry()
    if not volume:
        return Geometry((1.0, y, x))
    return Geometry((z, y, x)) if z is not None and 0 < z < 1e3 else Geometry()


def _from_ome(tif: TiffFile, number: int) -> Lengths | None:
    return ome_lengths(tif.ome_metadata, number, len(tif.series)) if tif.is_ome and tif.ome_metadata else None


def _from_lsm(tif: TiffFile) -> Lengths | None:
    """Read the voxel size of Zeiss LSM files, in metres."""
    metadata: dict[str, Any] = (tif.lsm_metadata or {}) if tif.is_lsm else {}
    sizes = [_number(metadata.get(f"VoxelSize{axis}")) * 1e3 or None for axis in "ZYX"]
    return (sizes[0], sizes[1], sizes[2]) if sizes[1] and sizes[2] else None


def _from_imagej(tif: TiffFile, series: TiffPageSeries) -> Lengths | None:
    if not tif.is_imagej:
        return None
    metadata: dict[str, Any] = tif.imagej_metadata or {}
    factor = in_millimetres(metadata.get("unit", ""))
    y, x = _pixels_per_unit(series, "YResolution"), _pixels_per_unit(series, "XResolution")
    if factor is None or not y or not x or (factor in _UNITS.values() and (_of_printer(x, factor) or _of_printer(y, factor))):
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
    if factor is None or not y or not x or _of_printer(x, factor) or _of_printer(y, factor):
        return None
    return (None, factor / y, factor / x)


def _of_printer(dots: float, unit: float) -> bool:
    """Whether a resolution, in dots per `unit` mm, is one that programs write for a printout, in either unit."""
    usual = _PRINTER if unit == 25.4 else (*_PRINTER, *(one * unit / 25.4 for one in _PRINTER))
    return any(abs(dots - one) <= _SAME * one for one in usual)


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
