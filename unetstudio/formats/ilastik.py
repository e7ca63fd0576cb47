"""The results of ilastik, which it names after the image: NAME_Simple Segmentation.tif, NAME_Probabilities.h5."""

from __future__ import annotations

from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.ilastik_arrays import counted_from_one, most_probable
from unetstudio.formats.masks.content import MaskContent, MaskGrid

_LABELS = ("_simple segmentation", "_labels")
_PROBABILITIES = "_probabilities"
_KINDS = {".png": "png", ".tif": "tiff", ".tiff": "tiff", ".h5": "hdf5"}


class Ilastik(Format):
    """Files that ilastik wrote beside an image; an HDF5 file of another name is read alike by what it holds."""

    title = "ilastik result"
    suffixes = tuple(f"{result}{kind}" for result in (*_LABELS, _PROBABILITIES) for kind in _KINDS if (result, kind) != ("_labels", ".png"))
    images = False
    volumes = True

    def recognises(self, head: bytes) -> bool:
        """Return False: the name alone says that it is one."""
        del head
        return False

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Whether the name ends as ilastik names its results, and the file is of that kind."""
        return path.name.lower().endswith(self.suffixes) and _inner(path).recognises(head)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read labels with the first class as 0, or the most probable class."""
        inner = _inner(path)
        if inner is FORMATS["hdf5"]:
            return inner.read_mask(path, grid)
        if _PROBABILITIES not in path.name.lower():
            return counted_from_one(inner.read_mask(path, grid).values)
        probabilities = inner.read(Source(path)).array
        if len(probabilities) < 2:
            raise FormatError(path, "its classes cannot be told from its slices; export from ilastik as HDF5, or as Simple Segmentation.")
        return most_probable(probabilities)


def _inner(path: Path) -> Format:
    return FORMATS[_KINDS[path.suffix.lower()]]


FORMATS.register("ilastik")(Ilastik())
