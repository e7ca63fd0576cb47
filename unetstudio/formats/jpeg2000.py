"""JPEG 2000 pictures at full depth; read only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture, channels_of
from unetstudio.formats.voxel_files.voxels import without_alpha

if TYPE_CHECKING:
    from PIL import Image

_BOX, _CODESTREAM = b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"


class Jpeg2000(Picture):
    """JPEG 2000 pictures in grey or colour, of up to 16 bits, high-throughput ones too."""

    title = "JPEG 2000"
    suffixes = (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".jph", ".jhc")
    decoder = "JPEG2000"
    lossy = "sometimes"

    def recognises(self, head: bytes) -> bool:
        """Look for the signature box of a file, or the markers of a bare codestream."""
        return head.startswith((_BOX, _CODESTREAM))

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Leave out microscope files of an old version, of which this would be the first plane."""
        return self.recognises(head) and path.suffix.lower() != ".nd2"

    def _colours(self, image: Image.Image, data: bytes, frame: int) -> NDArray[Any]:
        if image.mode == "P":
            return super()._colours(image, data, frame)
        import imagecodecs  # Pillow reads colours at 8 bits

        pixels = imagecodecs.jpeg2k_decode(data)
        voxels = channels_of(pixels)
        return without_alpha(voxels) if len(voxels) in (2, 4) else voxels


FORMATS.register("jpeg2000")(Jpeg2000())
