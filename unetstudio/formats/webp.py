"""WebP pictures; read only."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Webp(Picture):
    """WebP pictures, colour of 8 bits."""

    title = "WebP"
    suffixes = (".webp",)
    animated = True
    decoder = "WEBP"
    lossy = "sometimes"

    def recognises(self, head: bytes) -> bool:
        """Look for the names of its container and its content."""
        return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


FORMATS.register("webp")(Webp())
