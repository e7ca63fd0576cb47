"""NIfTI volumes (.nii, .nii.gz, .hdr with .img): slope and intercept applied, sform before qform; masks in the geometry of their scan."""

from __future__ import annotations

import gzip
import logging
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan, extremes
from unetstudio.errors import FormatError
from unetstudio.formats.file_array import RawArray
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.lazy_voxels import LazyVoxels, tidy_lazily
from unetstudio.formats.mask_document import MaskDocument
from unetstudio.formats.memory_check import require_memory, require_plausible_size
from unetstudio.formats.nifti.display_range import display_range
from unetstudio.formats.nifti.geometry import geometry_of
from unetstudio.formats.nifti.mask_header import mask_image
from unetstudio.formats.voxels import fitting_rescaled, rescaled, tidy

_MAGIC1, _MAGIC2 = (b"n+1\0", b"ni1\0"), (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n")
_GZIP = b"\x1f\x8b"
logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)  # keep its header repairs out of the user's terminal
MOST_CHANNELS = 4
"""Length of the fourth axis up to which it holds channels; a longer one is a series of volumes, of which the first is read."""


class Nifti(Format):
    """NIfTI files; arrays are (C, k, j, i) of the file's (i, j, k)."""

    title = "NIfTI"
    suffixes = (".nii.gz", ".nii", ".hdr")
    volumes = True
    writes = True

    def recognises(self, head: bytes) -> bool:
        """Look for the magic in the header, of version 1 and 2, packed or not."""
        if head.startswith(_GZIP):
            try:
                head = zlib.decompressobj(31).decompress(head, 1024)
            except zlib.error:
                return False
        return head[344:348] in _MAGIC1 or head[4:12] in _MAGIC2

    def read(self, source: Source) -> Scan:
        """Read a fourth axis of up to 4 as channels, and only the first volume of a longer one."""
        path = source.path
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            with cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw as stream:
                image = _image(path, stream)
                require_memory(path, _claimed_bytes(image), _file_bytes(path), by_region=not packed)
                voxels = _voxels(image, path)
        return Scan(tidy(voxels, path), geometry_of(image.header), kind=self.title, window=display_range(image.header))

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave the voxels in the file, unless it is packed."""
        path = source.path
        with path.open("rb") as stream:
            if stream.read(2) == _GZIP:
                return None
            stream.seek(0)
            image = _image(path, stream)
            nbytes = _claimed_bytes(image)
            if nbytes <= large:
                return None
            require_plausible_size(path, nbytes, _file_bytes(path))
            voxels = _stored(image, path)
        return (
            None
            if voxels is None
            else Scan(tidy_lazily(voxels), geometry_of(image.header), kind=self.title, window=display_range(image.header))
        )

    def files(self, source: Source) -> list[Path]:
        """Return the file, and the voxels beside a header."""
        voxels = source.path.with_suffix(".img")
        return [source.path, voxels] if source.path.suffix == ".hdr" and voxels.is_file() else [source.path]

    def encode(self, document: MaskDocument) -> bytes:
        """Encode packed 8-bit values with slope 1 and the same affine in sform and qform (code 1)."""
        image = mask_image(document.labels, document.geometry)
        return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


def _image(path: Path, stream: BinaryIO) -> Any:
    """Read the header; the data is read on demand."""
    import nibabel

    head = stream.read(12)
    stream.seek(0)
    second = head[4:12] in _MAGIC2
    kind: Any = nibabel.Nifti2Image if second else nibabel.Nifti1Image
    pair = nibabel.Nifti2Pair if second else nibabel.Nifti1Pair
    if _is_pair(stream, second):
        pixels = path.with_suffix(".img")
        if not pixels.exists():
            raise FormatError(path, f"its voxels are in {pixels.name}, which is not beside it; copy both files.")
        return pair.from_filename(path)
    return kind.from_stream(stream)


def _is_pair(stream: BinaryIO, second: bool) -> bool:
    head = stream.read(348)
    stream.seek(0)
    return head[4:7] == b"ni2" if second else head[344:347] == b"ni1"


def _claimed_bytes(image: Any) -> int:
    """Return the bytes of voxels that the header claims."""
    return int(np.prod([int(n) for n in image.shape], dtype=object)) * int(image.header.get_data_dtype().itemsize)


def _file_bytes(path: Path) -> int:
    pixels = path.with_suffix(".img")
    return (pixels if path.suffix == ".hdr" and pixels.exists() else path).stat().st_size


def _voxels(image: Any, path: Path) -> NDArray[Any]:
    """Read (C, Z, Y, X), rescaled."""
    proxy = image.dataobj
    stored = np.asarray(proxy.get_unscaled())
    if stored.dtype.names:  # RGB24 and RGBA32
        stored = np.stack([stored[name] for name in stored.dtype.names[:3]], axis=-1)
        stored = stored.reshape(*_three(image.shape), -1)
    elif stored.ndim > 3:
        stored = stored.reshape(*stored.shape[:3], -1)
        stored = stored if stored.shape[3] <= MOST_CHANNELS else stored[..., :1]
    else:
        stored = stored.reshape(*_three(stored.shape), 1)
    return rescaled(stored.transpose(3, 2, 1, 0), *_slope_and_intercept(proxy, path))


def _stored(image: Any, path: Path) -> LazyVoxels | None:
    """Return (C, Z, Y, X) in the file, rescaled; None where several axes follow the third."""
    proxy = image.dataobj
    kind, shape = np.dtype(proxy.dtype), tuple(int(n) for n in image.shape)
    beyond = [n for n in shape[3:] if n > 1]
    if len(beyond) > 1 or (kind.names and beyond):
        return None
    file = path.with_suffix(".img") if path.suffix == ".hdr" else path
    slope, intercept = _slope_and_intercept(proxy, path)
    x, y, z = _three(shape)
    if kind.names:  # RGB24 and RGBA32
        colours = RawArray(file, int(proxy.offset), (z, y, x, len(kind.names)), np.dtype(np.uint8))
        voxels = LazyVoxels(path, Nifti.title, colours, "ZYXS").map(lambda part: part[:3])
    else:
        channels = beyond[0] if beyond else 1
        grey = RawArray(file, int(proxy.offset), (channels, z, y, x), kind)
        voxels = LazyVoxels(path, Nifti.title, grey, "CZYX" if channels <= MOST_CHANNELS else "-ZYX")
    return _rescaled(voxels, slope, intercept)


def _rescaled(voxels: LazyVoxels, slope: float, intercept: float) -> LazyVoxels:
    """Rescale as `rescaled` does; where whole numbers stay whole, the array is read once for its extremes."""
    kind = voxels.dtype
    if slope == 1.0 and intercept == 0.0:
        return voxels
    if kind.kind in "iub" and kind.itemsize <= 4 and slope.is_integer() and intercept.is_integer():
        low, high = extremes(voxels)
        fits = fitting_rescaled(int(low), int(high), slope, intercept)
        if fits is not None:
            return voxels.map(lambda part: (part.astype(np.int64) * int(slope) + int(intercept)).astype(fits))
    return voxels.map(lambda part: (part.astype(np.float64) * slope + intercept).astype(np.float32))


def _slope_and_intercept(proxy: Any, path: Path) -> tuple[float, float]:
    slope, intercept = float(proxy.slope), float(proxy.inter)
    if not np.isfinite([slope, intercept]).all():
        raise FormatError(path, "its rescale slope is not a number; it is damaged.")
    return slope, intercept


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z, *_ = (*shape, 1, 1, 1)
    return (x, y, z)


FORMATS.register("nifti")(Nifti())
