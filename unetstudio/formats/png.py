"""PNG pictures of 1 to 16 bits; masks as one 8-bit class value per pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.format import FORMATS
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.pictures import Picture, channels_of
from unetstudio.formats.voxel_files.voxels import without_alpha

if TYPE_CHECKING:
    from PIL import Image

_DEPTH, _COLOURS = 24, 25  # offsets of the bit depth and the colour type in the header
_GREY = 0


class Png(Picture):
    """PNG pictures in grey, colour or with a palette."""

    title = "PNG"
    suffixes = (".png",)
    writes = True
    receivers = "Programs see a grey picture whose values are class numbers; it looks black until its contrast is stretched."
    decoder = "PNG"
    animated = True

    def recognises(self, head: bytes) -> bool:
        """Look for the eight bytes of the signature."""
        return head.startswith(b"\x89PNG\r\n\x1a\n")

    def encode(self, document: MaskDocument) -> bytes:
        """Encode 8-bit grey in which the class value is the pixel value."""
        import imagecodecs

        return bytes(imagecodecs.png_encode(np.ascontiguousarray(document.labels[0]), level=6))

    def _colours(self, image: Image.Image, data: bytes, frame: int) -> NDArray[Any]:
        if data[_DEPTH] != 16 or data[_COLOURS] == _GREY:
            return super()._colours(image, data, frame)
        import imagecodecs  # Pillow reads colours at 8 bits

        pixels = imagecodecs.apng_decode(data, index=frame) if frame else imagecodecs.png_decode(data)
        voxels = channels_of(pixels)
        return without_alpha(voxels) if len(voxels) in (2, 4) else voxels


FORMATS.register("png")(Png())
