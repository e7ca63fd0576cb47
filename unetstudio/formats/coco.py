"""COCO: outlines and run lengths of the objects in many images, in one file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from unetstudio.data.case import Case, Source
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.outlines.coco_data_set import CocoDataSet
from unetstudio.formats.outlines.drawn import Outline, drawn
from unetstudio.formats.outlines.json_file import edges_of, read_json, ring_of
from unetstudio.formats.outlines.regions import OutlineNote, note_from
from unetstudio.formats.outlines.run_lengths import pixels_of
from unetstudio.formats.voxel_files.memory_check import require_memory

COLLECTION = "coco.json"
"""Name of the file with the masks of many images."""

_KEYS = (b'"images":', b'"annotations":', b'"categories":')


class Coco(Format):
    """COCO data sets of object segmentation; a category is a class."""

    title = "COCO"
    suffixes = (".json",)
    images = False
    writes = True
    outlines = True
    collects = True
    receivers = "Training programs and annotation tools that read COCO see each region as an object of its class, all images in one file."

    def recognises(self, head: bytes) -> bool:
        """Look for two of the three lists that every such file has."""
        words = b"".join(head.split())
        return words[:1] == b"{" and sum(key in words for key in _KEYS) >= 2

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for the lists at the beginning and the end."""
        return self.recognises(edges_of(path, head))

    def suits(self, source: Source, *, volume: bool) -> bool:
        """Whether the scan is a picture: objects have no depth."""
        del source
        return not volume

    def mask_images(self, path: Path) -> Sequence[str]:
        """Return the names of the images, with folders where the file gives them."""
        return [str(image["file_name"]) for image in read_json(path)["images"]]

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Draw the objects of the scan's image; where they overlap, the smaller is on top."""
        data = read_json(path)
        image = _image_for(data["images"], path, grid)
        size = (int(image["height"]), int(image["width"]))
        require_memory(path, 5 * size[0] * size[1], path.stat().st_size)
        if grid is not None and grid.shape != (1, *size):
            height, width = size
            raise FormatError(
                path, f"it says that {_file_name(image)} has {width} x {height} pixels, which is another size; choose its own image."
            )
        note = note_from(image.get("unetstudio"))
        if note.shape is None:
            note = OutlineNote((1, *size))
        classes = _values(data["categories"], own=note.outside is not None)
        outlines, boxes = list[Outline](), 0
        for annotation in data["annotations"]:
            if annotation["image_id"] == image["id"]:
                read = list(_outlines(annotation, *classes[annotation["category_id"]], size))
                boxes += not read
                outlines += read or _box(annotation)
        notes = [f"{boxes} of its objects have no outline and were left out; inside their boxes nothing is annotated."] if boxes else []
        return drawn(outlines, path, grid, note, notes, small_on_top=True)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode the objects of one image."""
        data = CocoDataSet(Path(COLLECTION))
        data.add("", document)
        return data.encoded()

    def collection(self, cases: Sequence[Case], stems: Sequence[str]) -> list[str]:
        """Name the one file."""
        del cases, stems
        return [COLLECTION]

    def collector(self, folder: Path, cases: Sequence[Case]) -> CocoDataSet:
        """Begin the one file."""
        del cases
        return CocoDataSet(folder / COLLECTION)


def _image_for(images: Sequence[Mapping[str, Any]], path: Path, grid: MaskGrid | None) -> Mapping[str, Any]:
    """Return the entry of the scan's image: by file name, by its folder where two have the same, or the only one there is."""
    name = _plain(grid.name) if grid is not None else ""
    named = [image for image in images if name and _plain(_file_name(image)) == name]
    if len(named) > 1 and grid is not None and grid.source is not None:
        tail = grid.source.path.as_posix()
        named = [image for image in named if f"/{_plain(tail)}".endswith(f"/{_plain(str(image['file_name']))}")][-1:]
    if not named:
        named = [image for image in images if name and _stem(_plain(_file_name(image))) == _stem(name)]
    if not named and len(images) == 1:
        return images[0]
    if len(named) != 1:
        some = ", ".join(_file_name(image) for image in images[:3]) + (", ..." if len(images) > 3 else "")
        about = f"the image {grid.name}" if grid is not None and grid.name else "one image"
        raise FormatError(path, f"it is about {len(images)} images ({some}) and does not tell which belongs to {about}; name them alike.")
    return named[0]


def _file_name(image: Mapping[str, Any]) -> str:
    return PurePosixPath(str(image["file_name"]).replace("\\", "/")).name


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _values(categories: Sequence[Mapping[str, Any]], *, own: bool) -> dict[Any, tuple[str, int]]:
    """Return name and value of each category by its id: the id itself where it can be a value of a class, or else its place from 1."""
    ids = [category["id"] for category in categories]
    usable = own or all(type(one) is int and 0 < one < UNLABELLED for one in ids)
    places = {one: one if usable else place for place, one in enumerate(sorted(ids), start=1)}
    return {category["id"]: (str(category["name"]), places[category["id"]]) for category in categories}


def _outlines(annotation: Mapping[str, Any], name: str, value: int, size: tuple[int, int]) -> Iterator[Outline]:
    """Yield the parts of an object; none where it has only a box or key points."""
    match annotation.get("segmentation"):
        case dict(runs):
            yield Outline(name, pixels=pixels_of(runs, size), value=value)
        case list(polygons):
            for polygon in polygons:
                yield Outline(name, [ring_of(np.array(polygon, np.float64).reshape(-1, 2))], value=value)


def _box(annotation: Mapping[str, Any]) -> list[Outline]:
    """Return the box of an object without outline, in which its pixels cannot be told from the background."""
    box = annotation.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not (box[2] > 0 and box[3] > 0):
        return []
    left, top, width, height = (float(one) for one in box)
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return [Outline("", [ring_of(np.array(corners))], ignored=True)]


FORMATS.register("coco")(Coco())
