"""JPEG pictures; read only, since lossy compression would blur the borders of a mask."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Jpeg(Picture):
    """JPEG pictures in grey, colour, or CMYK converted to colour."""

    title = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif")
    decoder = "JPEG"
    lossy = "always"

    def recognises(self, head: bytes) -> bool:
        """Look for the start-of-image marker and the marker after it."""
        return head.startswith(b"\xff\xd8\xff")


FORMATS.register("jpeg")(Jpeg())
