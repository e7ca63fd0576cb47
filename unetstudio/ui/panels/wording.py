"""Numbers and sizes as text for the panels."""

from __future__ import annotations

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.data.quantity import area_text, count_text, volume_text
from unetstudio.data.scan import Scan


def short_count(number: int) -> str:
    """Return a whole number in at most five characters: 873, 41.2k, 1.3M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e4)):
        if number >= size:
            scaled = number / (1e3 if unit == "k" else size)
            return f"{scaled:.1f}{unit}" if scaled < 100 else f"{scaled:.0f}{unit}"
    return str(number)


def figures(value: float) -> str:
    """Return about three significant figures, without exponents where a reader would not write them."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        digits = 0 if value == 0 else max(0, 2 - int(np.floor(np.log10(abs(value)))))
        return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return f"{value:.3g}"


def amount(voxels: int, geometry: Geometry, *, volume: bool) -> str:
    """Return voxels and, where the spacing is known, their area (a picture) or volume (a stack): "41,203 px · 1.3 mm²"."""
    words = count_text(voxels, "voxel") if volume else f"{voxels:,} px"
    if geometry.spacing is None:
        return words
    z, y, x = geometry.spacing
    return f"{words} · {volume_text(voxels * z * y * x) if volume else area_text(voxels * y * x)}"


def size(scan: Scan) -> str:
    """Return extent, depth and colour: "2048 × 2048, 16 bit"."""
    z, y, x = scan.shape
    extent = f"{x} × {y} × {z}" if scan.is_volume else f"{x} × {y}"
    kind = scan.voxels.dtype
    depth = f"{kind.itemsize * 8} bit" + (" float" if kind.kind == "f" else "")
    colour = "" if scan.channels == 1 else ", colour" if scan.is_colour else f", {scan.channels} channels"
    return f"{extent}, {depth}{colour}"


def spacing(geometry: Geometry, *, volume: bool) -> str:
    """Return the pixel or voxel size: "0.5 µm/px", "0.8 × 0.8 × 2 mm", or that it is unknown."""
    if geometry.spacing is None:
        return "voxel size unknown" if volume else "pixel size unknown"
    z, y, x = geometry.spacing
    factor, unit = (1e3, "µm") if max(y, x) < 0.05 else (1.0, "mm")
    sizes = [figures(length * factor) for length in (x, y, z)]
    if volume:
        return f"{sizes[0]} × {sizes[1]} × {sizes[2]} {unit}"
    return f"{sizes[0]} {unit}/px" if sizes[0] == sizes[1] else f"{sizes[0]} × {sizes[1]} {unit}/px"


def duration(seconds: float) -> str:
    """Return an elapsed time: "42 s", "3 min 05 s", "1 h 12 min"."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
