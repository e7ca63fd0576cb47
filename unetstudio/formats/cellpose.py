"""Cellpose: its masks, which number cells, and its own files, which cannot be opened safely."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid

_NPY, _OBJECTS = b"\x93NUMPY", (b"'descr': '|O'", b'"descr": "|O"')


class CellposeMasks(Format):
    """`NAME_cp_masks.png` and `.tif` beside the image NAME: numbers of cells, 0 is background."""

    title = "Cellpose masks"
    suffixes = ("_cp_masks.png", "_cp_masks.tif", "_cp_masks.tiff")
    images = False
    volumes = True

    def recognises(self, head: bytes) -> bool:
        """Return False: the name alone says that it is one."""
        del head
        return False

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Whether the name ends as Cellpose names its masks, and the file is of that kind."""
        return path.name.lower().endswith(self.suffixes) and _inner(path).recognises(head)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read the numbers of cells."""
        return replace(_inner(path).read_mask(path, grid), numbered=True)


class CellposeSeg(Format):
    """`NAME_seg.npy`: Python objects, which could run any code when they are opened."""

    title = "Cellpose _seg.npy"
    suffixes = ("_seg.npy",)
    images = False

    def recognises(self, head: bytes) -> bool:
        """Look for an array of Python objects."""
        return head.startswith(_NPY) and any(mark in head[:256] for mark in _OBJECTS)

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Whether the name ends as Cellpose names it, too: other programs' arrays of objects are told otherwise."""
        return path.name.lower().endswith(self.suffixes) and self.recognises(head)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Raise FormatError that says how to get masks out of Cellpose."""
        del grid
        raise FormatError(
            path,
            "it holds Python objects, which are not opened for safety; in Cellpose choose File > Save masks as PNG/TIFF, "
            "and import the file that ends in _cp_masks.",
        )


def _inner(path: Path) -> Format:
    return FORMATS["png" if path.name.lower().endswith(".png") else "tiff"]


FORMATS.register("cellpose_masks")(CellposeMasks())
FORMATS.register("cellpose_seg")(CellposeSeg())
