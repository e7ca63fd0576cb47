"""Zeiss CZI: scenes, times, channels, slices and mosaics of tiles."""

from unetstudio.formats.czi.reader import Czi

__all__ = ["Czi"]
