"""GIF pictures and animations, a format of some published masks; read only."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Gif(Picture):
    """GIF pictures with a palette of 8 bits."""

    title = "GIF"
    suffixes = (".gif",)
    animated = True
    decoder = "GIF"

    def recognises(self, head: bytes) -> bool:
        """Look for its version letters."""
        return head.startswith((b"GIF87a", b"GIF89a"))


FORMATS.register("gif")(Gif())
