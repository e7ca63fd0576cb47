"""GeoJSON as QuPath reads and writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import MaskDocument, MaskGrid, write_mask
from unetstudio.formats.masks.mask_files import read_content

CLASSES = ClassTable.named(["background", "tumour", "Gefäß"], [(0, 0, 0), (200, 0, 0), (10, 20, 230)])
POSITION = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
RING = {"type": "array", "items": POSITION, "minItems": 4}
SCHEMA = {  # RFC 7946, 3.1.6 to 3.3, for polygons
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "geometry": {
                        "type": "object",
                        "required": ["type", "coordinates"],
                        "properties": {"type": {"const": "Polygon"}, "coordinates": {"type": "array", "items": RING, "minItems": 1}},
                    },
                    "properties": {
                        "type": "object",
                        "required": ["objectType", "classification"],
                        "properties": {"objectType": {"const": "annotation"}},
                    },
                },
            },
        },
    },
}


def feature(coordinates: Any, kind: str = "Polygon", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def square(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


def written(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data), "utf-8")
    return path


GRID = MaskGrid((1, 60, 80))


def test_that_a_mask_is_a_valid_collection_with_closed_rings_classes_and_colours(tmp_path: Path) -> None:
    labels = np.zeros((1, 9, 12), np.uint8)
    labels[0, 1:6, 1:8] = 1
    labels[0, 3, 3] = 2
    write_mask(tmp_path / "cell.geojson", MaskDocument(labels, classes=CLASSES))
    data = json.loads((tmp_path / "cell.geojson").read_text("utf-8"))
    jsonschema.validate(data, SCHEMA)
    tumour, vessel = data["features"]
    assert tumour["properties"]["classification"] == {"name": "tumour", "color": [200, 0, 0]}
    assert vessel["properties"]["classification"]["name"] == "Gefäß"
    assert len(tumour["geometry"]["coordinates"]) == 2 and "plane" not in tumour["geometry"]
    assert all(ring[0] == ring[-1] for one in data["features"] for ring in one["geometry"]["coordinates"])


def test_that_what_is_not_annotated_is_not_written_and_stays_so(tmp_path: Path) -> None:
    labels = np.full((1, 9, 12), 255, np.uint8)
    labels[0, 2:4, 2:9] = 1
    write_mask(tmp_path / "cell.geojson", MaskDocument(labels, classes=CLASSES))
    assert len(json.loads((tmp_path / "cell.geojson").read_text("utf-8"))["features"]) == 1
    content = read_content(tmp_path / "cell.geojson", MaskGrid((1, 9, 12)))
    assert content.unknown is not None and np.array_equal(content.unknown, labels == 255)
    assert np.array_equal(content.values, labels)


def test_that_slices_of_a_volume_are_planes(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 3, (3, 6, 7)).astype(np.uint8)
    write_mask(tmp_path / "cell.geojson", MaskDocument(labels, Geometry((2.0, 1.0, 1.0)), CLASSES))
    data = json.loads((tmp_path / "cell.geojson").read_text("utf-8"))
    assert {one["geometry"]["plane"]["z"] for one in data["features"]} == {0, 1, 2}
    content = read_content(tmp_path / "cell.geojson", MaskGrid(labels.shape, Geometry((2.0, 1.0, 1.0))))
    assert np.array_equal(content.values, labels) and content.names == {0: "background", 1: "tumour", 2: "Gefäß"}


def test_that_outlines_for_another_size_are_refused(tmp_path: Path) -> None:
    write_mask(tmp_path / "cell.geojson", MaskDocument(np.ones((1, 9, 12), np.uint8), classes=CLASSES))
    with pytest.raises(FormatError, match=r"12 x 9 x 1.*80 x 60 x 1"):
        read_content(tmp_path / "cell.geojson", GRID)
    foreign = written(tmp_path / "other.geojson", [feature([square(5, 5, 30, 20)])])
    with pytest.raises(FormatError, match="not the size of their image"):
        read_content(foreign)


@pytest.mark.parametrize("wrap", [lambda features: features, lambda features: {"type": "FeatureCollection", "features": features}])
def test_that_collections_and_lists_are_read_with_names_colours_and_holes(tmp_path: Path, wrap: Any) -> None:
    ring_with_hole = feature(
        [square(5, 5, 30, 20), square(10, 10, 12, 12)], classification={"name": "Tumor", "color": [200, 0, 0]}, objectType="annotation"
    )
    two = feature(
        [[square(40, 5, 50, 10)], [square(60, 5, 61, 6)]], "MultiPolygon", classification={"name": "Stroma", "colorRGB": -6895466}
    )
    content = read_content(written(tmp_path / "a.json", wrap([ring_with_hole, two])), GRID)
    assert np.bincount(content.values.ravel()).tolist() == [4800 - 371 - 51, 371, 51]
    assert content.names == {1: "Tumor", 2: "Stroma"} and content.colours == {1: (200, 0, 0), 2: (150, 200, 150)}
    assert content.unknown is None and "outside its outlines counts as background" in content.notes[0]


def test_that_an_annotation_within_another_lies_on_top_whatever_the_order(tmp_path: Path) -> None:
    inner, outer = feature([square(10, 10, 12, 12)], classification={"name": "b"}), feature([square(5, 5, 30, 20)])
    for features in ([inner, outer], [outer, inner]):
        content = read_content(written(tmp_path / "a.geojson", features), GRID)
        value = next(value for value, name in content.names.items() if name == "b")
        assert (content.values == value).sum() == 4 and any("overlap in 4 pixel(s)" in note for note in content.notes)


def test_that_background_outlined_means_that_the_rest_is_not_annotated(tmp_path: Path) -> None:
    features = [
        feature([square(0, 0, 10, 10)], classification={"name": "Background"}),
        feature([square(10, 0, 12, 10)], classification={"name": "Tumor"}),
        feature([square(20, 0, 22, 10)], classification={"name": "Ignore*"}),
    ]
    content = read_content(written(tmp_path / "a.geojson", features), GRID)
    assert content.unknown is not None and (~content.unknown).sum() == 120
    assert (content.values == 0).sum() == 100 and content.names == {0: "Background", 1: "Tumor"}
    ignored = read_content(written(tmp_path / "a.geojson", features[1:]), GRID)
    assert ignored.unknown is not None and ignored.unknown.sum() == 20


def test_that_points_and_what_lies_outside_are_said(tmp_path: Path) -> None:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [3, 4]}, "properties": {}}
    content = read_content(written(tmp_path / "a.geojson", [point, feature([square(500, 500, 600, 600)])]), GRID)
    assert "1 of its annotations are points or lines" in content.notes[0] and "enclose no pixel of the image" in content.notes[1]


def test_that_a_byte_order_mark_and_lines_do_not_matter(tmp_path: Path) -> None:
    text = json.dumps({"name": "x" * 2000, "type": "FeatureCollection", "features": [feature([square(5, 5, 30, 20)])]}, indent=4)
    (tmp_path / "a.geojson").write_text(text, "utf-8-sig")
    assert (read_content(tmp_path / "a.geojson", GRID).values > 0).sum() == 375


def test_that_tiles_and_cores_of_qupath_are_no_annotations(tmp_path: Path) -> None:
    features = [feature([square(0, 0, 80, 60)], objectType=kind) for kind in ("tma_core", "tile")]
    content = read_content(written(tmp_path / "a.geojson", [*features, feature([square(5, 5, 30, 20)], objectType="detection")]), GRID)
    assert (content.values > 0).sum() == 375 and content.notes[0].startswith("2 of its objects are tiles")


def test_that_outlines_of_a_volume_must_say_their_slice(tmp_path: Path) -> None:
    path = written(tmp_path / "a.geojson", [feature([square(5, 5, 30, 20)])])
    with pytest.raises(FormatError, match="in which slice"):
        read_content(path, MaskGrid((3, 60, 80)))
    other = feature([square(5, 5, 30, 20)])
    other["geometry"]["plane"] = {"c": -1, "z": 2, "t": 0}
    content = read_content(written(path, [feature([square(5, 5, 30, 20)]), other]), MaskGrid((3, 60, 80)))
    assert (content.values > 0).sum((1, 2)).tolist() == [375, 0, 375]
    with pytest.raises(FormatError, match="slice 3"):
        read_content(path, MaskGrid((2, 60, 80)))


@pytest.mark.parametrize("text", ['{"type": "FeatureCollection", "features": [', '[{"type": "Feature", "geometry": {"type": "Polygon"}}'])
def test_that_a_cut_off_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises(FormatError, match="cut off or damaged"):
        read_content(tmp_path / "a.geojson", GRID)


def test_that_corners_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="damaged"):
        read_content(written(tmp_path / "a.geojson", [feature([[[1, 2], ["x", 3], [4, 5]]])]), GRID)
