"""BigDataViewer volumes (HDF5 with an XML file beside it): level 0 of each time and view, its channels together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.formats.hdf5.dataset import own_dataset
from unetstudio.formats.hdf5.image import Hdf5Image
from unetstudio.formats.part import Part, key_of
from unetstudio.formats.voxel_files.length_units import in_millimetres

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True)
class _Setup:
    """What the XML file says of a setup: the voxel size, and the attributes that make views that are not only other channels."""

    geometry: Geometry
    view: tuple[str, ...]


def is_bdv(file: h5py.File) -> bool:
    """Whether the file has the groups of a BigDataViewer volume."""
    return any(re.fullmatch(r"t\d{5,}", key) and any(re.fullmatch(r"s\d{2,}", one) for one in file[key]) for key in file)


def xml_beside(path: Path) -> Path | None:
    """Return the XML file that describes the volume; None where there is none."""
    xml = path.with_suffix(".xml")
    return xml if xml.is_file() else None


def bdv_images(file: h5py.File, path: Path) -> list[Hdf5Image]:
    """Return an image for each time and view; setups are channels of one view only where the XML file says so."""
    setups = _setups(path)
    times = sorted(key for key in file if re.fullmatch(r"t\d{5,}", key))
    views: dict[tuple[str, tuple[str, ...], tuple[int, ...]], list[h5py.Dataset]] = {}
    for time in times:
        for key in sorted(key for key in file[time] if re.fullmatch(r"s\d{2,}", key)):
            if f"{time}/{key}/0/cells" in file:
                cells = own_dataset(file, f"{time}/{key}/0/cells", path)
                setup = setups.get(int(key[1:]))
                views.setdefault((time, setup.view if setup else (key,), cells.shape), []).append(cells)
    several = len({(view, shape) for _, view, shape in views}) > 1
    images = []
    for (time, _, shape), cells in views.items():
        first = str(cells[0].name).split("/")[2]
        keys = {**({"t": int(time[1:])} if len(times) > 1 else {}), **({"s": int(first[1:])} if several else {})}
        names = [f"time {int(time[1:]) + 1}"] * (len(times) > 1) + [f"view {int(first[1:]) + 1}"] * several
        kind = np.dtype(np.uint16) if cells[0].dtype == np.int16 else cells[0].dtype  # unsigned numbers are stored as if signed
        geometry = setups[int(first[1:])].geometry if int(first[1:]) in setups else Geometry()
        data = tuple(str(one.name) for one in cells)
        images.append(Hdf5Image(Part(key_of(**keys), ", ".join(names)), data, "ZYX", shape, kind, geometry))
    return images


def _setups(path: Path) -> dict[int, _Setup]:
    """Read the XML file beside the volume; {} where there is none."""
    xml = xml_beside(path)
    try:
        root = None if xml is None else ElementTree.fromstring(xml.read_bytes())  # noqa: S314 - expat itself bounds entities
    except ElementTree.ParseError:
        root = None
    setups: dict[int, _Setup] = {}
    for element in () if root is None else root.iter("ViewSetup"):
        number = (element.findtext("id") or "").strip()
        attributes = element.find("attributes")
        view = tuple(f"{one.tag}={one.text}" for one in attributes if one.tag != "channel") if attributes is not None else (number,)
        if number.isdigit():
            setups[int(number)] = _Setup(_voxel_size(element), view)
    return setups


def _voxel_size(setup: ElementTree.Element) -> Geometry:
    factor = in_millimetres(setup.findtext("voxelSize/unit") or "")
    try:
        x, y, z = (float(size) for size in (setup.findtext("voxelSize/size") or "").split())
    except ValueError:
        return Geometry()
    return Geometry((z * factor, y * factor, x * factor)) if factor and min(x, y, z) > 0 else Geometry()
