"""Windows bitmaps; read only."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Bmp(Picture):
    """Windows bitmaps in grey, colour or with a palette."""

    title = "BMP"
    suffixes = (".bmp", ".dib")
    decoder = "BMP"

    def recognises(self, head: bytes) -> bool:
        """Look for the letters BM and the size of one of the headers that may follow."""
        return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)


FORMATS.register("bmp")(Bmp())
