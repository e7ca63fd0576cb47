"""AVIF pictures and animations at full depth; read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture, channels_of
from unetstudio.formats.voxel_files.voxels import without_alpha

if TYPE_CHECKING:
    from PIL import Image

_CONFIGURATION = b"av1C"
_DEEP, _MONOCHROME = 0x40, 0x10  # bits of the third byte of the codec configuration


class Avif(Picture):
    """AVIF pictures in grey or colour of 8 to 12 bits."""

    title = "AVIF"
    suffixes = (".avif", ".avifs")
    decoder = "AVIF"
    animated = True

    def recognises(self, head: bytes) -> bool:
        """Look for the brand in the first box, or among those that it is compatible with."""
        end = int.from_bytes(head[:4], "big")
        return head[4:8] == b"ftyp" and any(head[n : n + 4] in (b"avif", b"avis") for n in range(8, min(end, len(head)), 4))

    def _colours(self, image: Image.Image, data: bytes, frame: int) -> NDArray[Any]:
        place = data.find(_CONFIGURATION)
        flags = data[place + 6] if place >= 0 else 0
        if flags & _DEEP:
            import imagecodecs  # Pillow reads at 8 bits

            voxels = channels_of(imagecodecs.avif_decode(data, index=frame))
            voxels = without_alpha(voxels) if len(voxels) in (2, 4) else voxels
        else:
            voxels = super()._colours(image, data, frame)
        return voxels[:1] if flags & _MONOCHROME else voxels


FORMATS.register("avif")(Avif())
