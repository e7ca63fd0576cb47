"""MINC volumes, of version 1 (NetCDF) and 2 (HDF5), with the real values of each slice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.label_values import label_content, mask_volume
from unetstudio.formats.voxel_files.volume_file import VolumeFile
from unetstudio.formats.voxel_files.volume_format import VolumeFormat

_NETCDF, _HDF5 = (b"CDF\x01", b"CDF\x02"), b"\x89HDF\r\n\x1a\n"
_ROOT = "minc-2.0"
_IMAGE = f"{_ROOT}/image/0/image"
_ROLES = {"zspace": "space", "yspace": "space", "xspace": "space", "vector_dimension": "C"}

ROUNDING = 1e-3
"""Distance from whole numbers that labels have after they were scaled between the lowest and highest value of a slice."""


class Minc(VolumeFormat):
    """MINC files; axes are the file's, slowest first, whichever directions they have."""

    title = "MINC"
    suffixes = (".mnc",)

    def recognises(self, head: bytes) -> bool:
        """Look for NetCDF whose first names are those of axes in space."""
        return head.startswith(_NETCDF) and b"space" in head

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for the group that every HDF5 file of MINC has."""
        return self.recognises(head) or (head.startswith(_HDF5) and is_minc2(path))

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        image = _image(path)
        names = [str(name) for name in image.dataobj.minc_file._dim_names]
        shape = tuple(int(n) for n in image.shape)
        letters = iter("ZYX"[-sum(name in ("zspace", "yspace", "xspace") for name in names) :])
        roles = "".join(next(letters, "t") if name in ("zspace", "yspace", "xspace") else _ROLES.get(name, "t") for name in names)
        if "Y" not in roles:
            raise FormatError(path, "it has fewer than two axes of space, so it is no image; choose the volume that it belongs to.")
        return VolumeFile(
            path=path,
            shape=shape,
            roles=roles,
            dtype=np.dtype(np.float64),
            geometry=_geometry(image, roles),
            stored=lambda: np.asarray(image.dataobj),
        )

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read whole numbers, which the scaling of slices may have moved a little."""
        file = self.open(path)
        volume, notes = mask_volume(path, file.volumes, grid)
        values = file.read(volume)
        whole: NDArray[Any] = np.rint(values)
        if np.abs(values - whole).max(initial=0) < ROUNDING:
            values = whole
        return label_content(values, file.geometry, path, notes)


def is_minc2(path: Path) -> bool:
    """Whether an HDF5 file is a MINC volume."""
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            return _ROOT in file
    except (OSError, RuntimeError):
        return False


def _image(path: Path) -> Any:
    import nibabel
    from nibabel.fileholders import FileHolder

    with path.open("rb") as file:
        second = file.read(8) == _HDF5
    if second:
        _refuse_other_files(path)
    kind: Any = nibabel.Minc2Image if second else nibabel.Minc1Image
    return kind.from_file_map({"image": FileHolder(str(path))})


def _refuse_other_files(path: Path) -> None:
    """Raise FormatError where the voxels lie in other files, which could be any file of this computer."""
    import h5py

    with h5py.File(path, "r", locking=False) as file:
        link = file.get(_IMAGE, getlink=True) if _IMAGE in file else None
        if not isinstance(link, h5py.HardLink) or file[_IMAGE].external or file[_IMAGE].is_virtual:
            raise FormatError(path, "its voxels lie in other files; save the image with all its voxels in one file.")


def _geometry(image: Any, roles: str) -> Geometry:
    """Make the geometry from the affine of the axes as they are stored, to RAS."""
    affine = np.asarray(image.affine, np.float64)
    if roles.count("Z") == 0 or affine.shape != (4, 4) or not np.isfinite(affine).all():
        return Geometry()
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not (lengths > 0).all() or math.isclose(abs(np.linalg.det(affine[:3, :3] / lengths)), 0, abs_tol=1e-6):
        return Geometry()
    return Geometry.from_affine(np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)


FORMATS.register("minc")(Minc())
