"""TIFF: pictures, stacks and slides."""

from unetstudio.formats.tiff.reader import Tiff

__all__ = ["Tiff"]
