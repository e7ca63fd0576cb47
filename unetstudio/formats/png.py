"""PNG pictures of 1 to 16 bits; masks as one 8-bit class value per pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.format import FORMATS
from unetstudio.formats.mask_document import MaskDocument
from unetstudio.formats.pictures import Picture
from unetstudio.formats.voxels import without_alpha

if TYPE_CHECKING:
    from PIL import Image

_DEPTH, _COLOURS = 24, 25  # offsets of the bit depth and the colour type in the header
_GREY_WITH_ALPHA = 4


class Png(Picture):
    """PNG pictures in grey, colour or with a palette."""

    title = "PNG"
    suffixes = (".png",)
    writes = True
    receivers = "Programs see a grey picture whose values are class numbers; it looks black until its contrast is stretched."
    decoder = "PNG"

    def recognises(self, head: bytes) -> bool:
        """Look for the eight bytes of the signature."""
        return head.startswith(b"\x89PNG\r\n\x1a\n")

    def encode(self, document: MaskDocument) -> bytes:
        """Encode 8-bit grey in which the class value is the pixel value."""
        import imagecodecs

        return bytes(imagecodecs.png_encode(np.ascontiguousarray(document.labels[0]), level=6))

    def _colours(self, image: Image.Image, data: bytes) -> NDArray[Any]:
        if data[_DEPTH] != 16 or data[_COLOURS] == 0:
            return super()._colours(image, data)
        import cv2  # Pillow reads colours at 8 bits

        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)  # (Y, X, 3 or 4) uint16: blue, green, red, alpha
        if pixels is None or pixels.ndim != 3:
            raise ValueError("OpenCV does not know these 16-bit colours")
        voxels = np.moveaxis(pixels, -1, 0)[[2, 1, 0, 3][: pixels.shape[2]], None]
        if data[_COLOURS] == _GREY_WITH_ALPHA:
            return without_alpha(voxels[2:])
        return without_alpha(voxels) if len(voxels) == 4 else voxels


FORMATS.register("png")(Png())
