"""Zeiss CZI files: each scene and time an image, channels together, tiles of a mosaic put together; read only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from unetstudio.data.geometry import Geometry
from unetstudio.formats.czi.directory import Block, blocks_of, xml_of
from unetstudio.formats.czi.scene import Scene
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.array_format import ArrayFormat, StoredArray, geometry_of_lengths

_METRE = 1e3
_GAP = 0.01
"""Share of an image without tiles from which on it is said."""


class Czi(ArrayFormat):
    """Zeiss CZI files of microscopes and slide scanners, at full resolution and by region."""

    title = "Zeiss CZI"
    suffixes = (".czi",)

    def recognises(self, head: bytes) -> bool:
        """Look for the name of its first segment."""
        return head.startswith(b"ZISRAWFILE")

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return the scenes."""
        scenes: dict[int, list[Block]] = defaultdict(list)
        for block in blocks_of(path):
            scenes[block.start.get("S", 0)].append(block)
        geometry = _geometry(xml_of(path))
        arrays = []
        for number in sorted(scenes):
            scene = Scene(path, scenes[number])
            gap = scene.uncovered
            notes = (f"Its tiles leave {gap:.0%} of the image empty; the values there are 0.",) if gap > _GAP else ()
            arrays.append(StoredArray(scene.axes, scene, geometry, {"scene": number}, f"scene {number + 1}", notes))
        return arrays


def _geometry(xml: str) -> Geometry:
    """Read the distances of pixels and slices, in metres."""
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - expat itself bounds the expansion of entities
    except ElementTree.ParseError:
        return Geometry()
    sizes: dict[str, float | None] = {}
    for distance in root.iterfind(".//Scaling/Items/Distance"):
        try:
            sizes[distance.get("Id", "")] = float(distance.findtext("Value") or 0) * _METRE
        except ValueError:
            continue
    return geometry_of_lengths(sizes.get("Z"), sizes.get("Y"), sizes.get("X"))


FORMATS.register("czi")(Czi())
