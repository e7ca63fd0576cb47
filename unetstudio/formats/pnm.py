"""Portable maps (PBM, PGM, PPM, PFM), an exchange format of image analysis programs; read only."""

from __future__ import annotations

from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture


class Pnm(Picture):
    """Portable maps in grey of up to 16 bits or floating point, or colours of 8 bits."""

    title = "PNM"
    suffixes = (".pnm", ".pgm", ".ppm", ".pbm", ".pfm")
    decoder = "PPM"

    def recognises(self, head: bytes) -> bool:
        """Look for the letter P, a digit (f for floating point) and white space."""
        return head[:1] == b"P" and head[1:2] in b"123456f" and head[2:3].isspace()


FORMATS.register("pnm")(Pnm())
