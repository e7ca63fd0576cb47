"""Olympus FluoView files: OIB, and OIF with the folder of slices beside it; read only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.array_format import (
    ArrayFormat,
    FrameArray,
    FrameReader,
    StoredArray,
    geometry_of_lengths,
    require_package,
)
from unetstudio.formats.voxel_files.length_units import in_millimetres

_OLE = b"\xd0\xcf\x11\xe0"


class Oif(ArrayFormat):
    """Olympus OIB and OIF files."""

    title = "Olympus OIF"
    suffixes = (".oib", ".oif")

    def recognises(self, head: bytes) -> bool:
        """Neither of the two has a signature of its own; see `recognises_file`."""
        del head
        return False

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for the name, and a compound document or a text."""
        suffix = path.suffix.lower()
        return (suffix == ".oib" and head.startswith(_OLE)) or (suffix == ".oif" and b"F\0i\0l\0e\0" in head)

    def files(self, source: Source) -> list[Path]:
        """Return the file, and the slices beside an OIF."""
        folder = source.path.with_name(f"{source.path.name}.files")
        return [source.path, *(sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else ())]

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return each series of slices, without the reference images, which show where it was taken."""
        require_package(path, "oiffile")
        import oiffile

        arrays = []
        with oiffile.OifFile(path) as file:
            geometry = _geometry(file.mainfile)
            for number, series in enumerate(file.series):
                if "R" in series.axes:
                    continue
                first = file.asarray(next(iter(series)))
                axes, shape = str(series.axes) + "YXS"[: first.ndim], (*series.shape, *first.shape)
                array = FrameArray(partial(_frames, path, number), len(series.shape), shape, first.dtype)
                arrays.append(StoredArray(axes, array, geometry, {"series": number}, f"series {number + 1}"))
        return arrays


def _geometry(settings: Any) -> Geometry:
    """Read the spacing: that of the pixels, and of the slices from the ends of their axis."""
    reference = settings.get("Reference Image Parameter", {})
    y = _length(reference.get("HeightConvertValue"), reference.get("HeightUnit"))
    x = _length(reference.get("WidthConvertValue"), reference.get("WidthUnit"))
    z = None
    for number in range(9):
        axis = settings.get(f"Axis {number} Parameters Common", {})
        if str(axis.get("AxisCode", "")) == "Z":
            ends, count = (axis.get("StartPosition"), axis.get("EndPosition")), int(axis.get("MaxSize") or 0)
            length = _length(abs(float(ends[1]) - float(ends[0])), axis.get("UnitName")) if None not in ends and count > 1 else None
            z = length / (count - 1) if length else None
    return geometry_of_lengths(z, y, x)


def _length(value: Any, unit: Any) -> float | None:
    factor = in_millimetres(str(unit).strip('"'))
    try:
        return float(value) * factor if factor and value is not None else None
    except (TypeError, ValueError):
        return None


@contextmanager
def _frames(path: Path, number: int) -> Iterator[FrameReader]:
    import oiffile

    with oiffile.OifFile(path) as file:
        series = file.series[number]
        files = dict(zip((tuple(place) for place in series.indices), series, strict=True))

        def frame(place: tuple[int, ...]) -> NDArray[Any]:
            if place not in files:
                raise FormatError(path, "one of its slices is missing; copy the file and its folder again from their origin.")
            return np.asarray(file.asarray(files[place]))

        yield frame


FORMATS.register("oif")(Oif())
