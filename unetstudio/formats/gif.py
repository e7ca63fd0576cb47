"""GIF pictures, in which some masks are published; read only, the first frame of an animation."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Gif(Picture):
    """Palette pictures of 8 bits."""

    title = "GIF"
    suffixes = (".gif",)
    decoder = "GIF"

    def recognises(self, head: bytes) -> bool:
        """Look for its version letters."""
        return head.startswith((b"GIF87a", b"GIF89a"))


FORMATS.register("gif")(Gif())
