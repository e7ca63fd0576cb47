"""JPEG XL pictures and animations at full depth; read only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.part import Part
from unetstudio.formats.pictures import channels_of, frames
from unetstudio.formats.voxel_files.several_images import chosen, first_of_several
from unetstudio.formats.voxel_files.voxels import tidy, without_alpha

_BOX, _CODESTREAM = b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a"


class JpegXl(Format):
    """JPEG XL pictures in grey or colour of up to 32 bits, turned upright by the decoder."""

    title = "JPEG XL"
    suffixes = (".jxl",)

    def recognises(self, head: bytes) -> bool:
        """Look for the signature box of a file, or the marker of a bare codestream."""
        return head.startswith((_BOX, _CODESTREAM))

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the frames of an animation."""
        return frames(len(_decoded(path)))

    def read(self, source: Source) -> Scan:
        """Read (C, 1, Y, X) as stored, without alpha."""
        pictures = _decoded(source.path)
        parts = frames(len(pictures))
        voxels = channels_of(pictures[chosen(parts, source.part, source.path)])
        voxels = without_alpha(voxels) if len(voxels) in (2, 4) else voxels
        return Scan(tidy(voxels, source.path), kind=self.title, notes=first_of_several(parts, source.part))


def _decoded(path: Path) -> list[NDArray[Any]]:
    """Return the frames as (Y, X) or (Y, X, C)."""
    import imagecodecs

    data = path.read_bytes()
    pixels = imagecodecs.jpegxl_decode(data)
    if pixels.ndim < 3 or (pixels.ndim == 3 and pixels.shape[-1] <= 4):
        return [pixels]
    return list(pixels)


FORMATS.register("jpegxl")(JpegXl())
