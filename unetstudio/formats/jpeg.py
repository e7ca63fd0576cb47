"""JPEG pictures; read only, since its compression would smear the borders of a mask."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Jpeg(Picture):
    """Grey, colour, or CMYK turned to colour."""

    title = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif")
    decoder = "JPEG"

    def recognises(self, head: bytes) -> bool:
        """Look for the start-of-image marker and the marker after it."""
        return head.startswith(b"\xff\xd8\xff")


FORMATS.register("jpeg")(Jpeg())
