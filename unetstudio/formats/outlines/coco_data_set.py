"""A COCO data set that grows by one image after the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unetstudio import RESEARCH_USE, __version__
from unetstudio.atomic_file import replace_file
from unetstudio.formats.masks.collector import Collector
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.outlines.regions import Region, colour_of, names_of, note_values, regions
from unetstudio.formats.outlines.run_lengths import run_lengths
from unetstudio.formats.outlines.tracing import area, fill


class CocoDataSet(Collector):
    """Images, their objects and categories. A category's id is the class value."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._categories: dict[int, dict[str, Any]] = {}

    def add(self, stem: str, document: MaskDocument) -> Sequence[Path]:
        """Add an image and an object for each region of its mask."""
        del stem
        image, (_, height, width) = len(self._images) + 1, document.labels.shape
        self._images.append(
            {"id": image, "file_name": self._file_name(document), "width": width, "height": height, "unetstudio": note_values(document)}
        )
        names = names_of(document)
        for value, name in names.items():
            colour = "#{:02x}{:02x}{:02x}".format(*colour_of(document, value))
            if value:
                self._categories.setdefault(value, {"id": value, "name": name, "supercategory": "", "color": colour})
        for region in regions(document):
            if not region.value:  # only with voxels that are not annotated
                self._categories.setdefault(0, {"id": 0, "name": names[0], "supercategory": ""})
            self._annotations.append(self._annotation(region, image, (height, width)))
        return ()

    def finish(self) -> Sequence[Path]:
        """Write the file."""
        replace_file(self._path, self.encoded())
        return (self._path,)

    def encoded(self) -> bytes:
        """Return the file."""
        data = {
            "info": {"description": f"Masks of U-Net Studio {__version__}. {RESEARCH_USE}", "version": "1.0"},
            "licenses": [],
            "images": self._images,
            "categories": [self._categories[value] for value in sorted(self._categories)],
            "annotations": self._annotations,
        }
        return (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()

    def _file_name(self, document: MaskDocument) -> str:
        """Return the image's file name, with its folder where another image has the same."""
        if document.source is None:
            return document.name or "image"
        name = document.source.path.name
        taken = {image["file_name"] for image in self._images}
        return name if name not in taken else f"{document.source.path.parent.name}/{name}"

    def _annotation(self, region: Region, image: int, shape: tuple[int, int]) -> dict[str, Any]:
        """Return a region as an object: a polygon, or run lengths where it has holes, which a polygon of COCO cannot have."""
        outer = region.polygon[0]
        left, top = (int(n) for n in outer.min(0))
        right, bottom = (int(n) for n in outer.max(0))
        segmentation: Any = [[int(n) for n in outer.ravel()]]
        if len(region.polygon) > 1:
            window, inside = fill(region.polygon, shape)
            segmentation = {"size": list(shape), "counts": run_lengths(inside, window, shape)}
        return {
            "id": len(self._annotations) + 1,
            "image_id": image,
            "category_id": region.value,
            "iscrowd": 0,
            "area": int(sum(area(ring) for ring in region.polygon)),
            "bbox": [left, top, right - left, bottom - top],
            "segmentation": segmentation,
        }
