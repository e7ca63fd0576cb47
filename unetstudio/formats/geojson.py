"""GeoJSON of QuPath: outlines in pixels from the corner of the image, each with its classification."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from unetstudio import RESEARCH_USE
from unetstudio.data.classes import Colour
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.outlines.drawn import Outline, drawn
from unetstudio.formats.outlines.json_file import edges_of, read_json, ring_of
from unetstudio.formats.outlines.regions import Region, colour_of, names_of, note_from, note_values, regions
from unetstudio.formats.outlines.tracing import Ring

_HELPERS = {"root", "tile", "tma_core"}
_IGNORED = "ignore"  # QuPath's own class for what is not to be used


class GeoJson(Format):
    """GeoJSON without a coordinate system of the earth: x and y are pixels, `plane` counts slices from 0."""

    title = "GeoJSON"
    suffixes = (".geojson", ".json")
    volumes = True
    images = False
    writes = True
    outlines = True
    receivers = "QuPath shows each region as an annotation with the class's name and colour, on the same image."

    def recognises(self, head: bytes) -> bool:
        """Look for the word that begins a collection or a list of features."""
        words = b"".join(head.split())
        return words[:1] in (b"{", b"[") and any(mark in words for mark in (b'"type":"FeatureCollection"', b'"type":"Feature"'))

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for these words further on too, since a collection may begin with anything."""
        return self.recognises(edges_of(path, head))

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Draw polygons with their holes; where annotations lie upon others, the smaller is on top, as in QuPath's hierarchy."""
        data = read_json(path)
        note = note_from(data.get("unetstudio") if isinstance(data, dict) else None)
        outlines, left_out, helpers = list[Outline](), 0, 0
        for feature in _features(data):
            if (feature.get("properties") or {}).get("objectType") in _HELPERS:
                helpers += 1
                continue
            read = list(_outlines(feature))
            outlines += read
            left_out += not read
        if any(outline.z is not None for outline in outlines):
            outlines = [outline if outline.z is not None else replace(outline, z=0) for outline in outlines]  # QuPath omits the first
        notes = [f"{helpers} of its objects are tiles or cores of a grid, which are no annotations, and were left out."] if helpers else []
        notes += [f"{left_out} of its annotations are points or lines, which enclose no pixel, and were left out."] if left_out else []
        return drawn(outlines, path, grid, note, notes, small_on_top=True)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode a polygon for each region; what is not annotated has none."""
        names = names_of(document)
        collection = {
            "type": "FeatureCollection",
            "unetstudio": note_values(document),
            "features": [_feature(document, region, names[region.value]) for region in regions(document)],
        }
        return (json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _feature(document: MaskDocument, region: Region, name: str) -> dict[str, Any]:
    """Return a region as a feature."""
    rings = [[[int(x), int(y)] for x, y in (*ring, ring[0])] for ring in region.polygon]
    geometry: dict[str, Any] = {"type": "Polygon", "coordinates": rings}
    if len(document.labels) > 1:
        geometry["plane"] = {"c": -1, "z": region.z, "t": 0}
    classification = {"name": name, "color": list(colour_of(document, region.value))}
    properties = {"objectType": "annotation", "classification": classification, "metadata": {"note": RESEARCH_USE}}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _features(data: object) -> Iterator[Mapping[str, Any]]:
    """Yield the features of a collection, of a list, or a single one."""
    match data:
        case list():
            for entry in data:
                yield from _features(entry)
        case {"type": "FeatureCollection", "features": list(features)}:
            yield from _features(features)
        case {"type": "Feature"} if isinstance(data, dict):
            yield data
        case _:
            raise ValueError("a feature")


def _outlines(feature: Mapping[str, Any]) -> Iterator[Outline]:
    """Yield the polygons of a feature; none for points and lines."""
    geometry = feature.get("geometry") or {}
    properties = feature.get("properties") or {}
    classification = properties.get("classification") or {}
    if isinstance(classification, str):
        classification = {"name": classification}
    names = classification.get("names")
    name = str(classification.get("name") or (": ".join(map(str, names)) if isinstance(names, list) else ""))
    plane = geometry.get("plane") or properties.get("plane") or {}
    z, colour = plane.get("z"), _colour(classification)
    for rings in _polygons(geometry):
        yield Outline(name, rings, colour=colour, z=None if z is None else int(z), ignored=name.rstrip("*").strip().lower() == _IGNORED)


def _polygons(geometry: Mapping[str, Any]) -> Iterator[list[Ring]]:
    """Yield the rings of each polygon."""
    match geometry:
        case {"type": "Polygon", "coordinates": list(rings)}:
            yield [ring_of(ring) for ring in rings]
        case {"type": "MultiPolygon", "coordinates": list(polygons)}:
            for rings in polygons:
                yield [ring_of(ring) for ring in rings]
        case {"type": "GeometryCollection", "geometries": list(parts)}:
            for part in parts:
                yield from _polygons(part)


def _colour(classification: Mapping[str, Any]) -> Colour | None:
    """Return a colour given as three numbers, or as the packed number of older versions."""
    match classification:
        case {"color": [int(red), int(green), int(blue)]}:
            return (red & 255, green & 255, blue & 255)
        case {"colorRGB": int(packed)}:
            return ((packed >> 16) & 255, (packed >> 8) & 255, packed & 255)
    return None


FORMATS.register("geojson")(GeoJson())
