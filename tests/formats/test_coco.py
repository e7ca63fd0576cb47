"""COCO data sets, decoded here as the tools of COCO decode them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, MaskGrid, read_mask, write_mask
from unetstudio.formats.masks.mask_files import read_content
from unetstudio.formats.outlines.run_lengths import pixels_of, run_lengths

CLASSES = ClassTable.named(["background", "cell", "scar"], [(0, 0, 0), (200, 0, 0), (10, 20, 230)])


def decoded_polygon(points: list[float], height: int, width: int) -> np.ndarray:
    """Decode a polygon by the rules of COCO's own tools: a boundary at five times the resolution, then runs down the columns."""
    scale = 5.0
    xs = [int(scale * x + 0.5) for x in points[::2]]
    ys = [int(scale * y + 0.5) for y in points[1::2]]
    xs, ys = [*xs, xs[0]], [*ys, ys[0]]
    us, vs = [], []
    for (ax, bx), (ay, by) in zip(pairwise(xs), pairwise(ys), strict=True):
        x0, x1, y0, y1 = ax, bx, ay, by
        dx, dy = abs(x1 - x0), abs(y0 - y1)
        if flip := (dx >= dy and x0 > x1) or (dx < dy and y0 > y1):
            x0, x1, y0, y1 = x1, x0, y1, y0
        for d in range(max(dx, dy) + 1):
            t = max(dx, dy) - d if flip else d
            if dx >= dy:
                us.append(t + x0)
                vs.append(int(y0 + (y1 - y0) / max(dx, 1) * t + 0.5))
            else:
                vs.append(t + y0)
                us.append(int(x0 + (x1 - x0) / dy * t + 0.5))
    starts = []
    for j in range(1, len(us)):
        if us[j] == us[j - 1]:
            continue
        x = ((us[j] if us[j] < us[j - 1] else us[j] - 1) + 0.5) / scale - 0.5
        if np.floor(x) != x or x < 0 or x > width - 1:
            continue
        y = np.clip((min(vs[j], vs[j - 1]) + 0.5) / scale - 0.5, 0, height)
        starts.append(int(x) * height + int(np.ceil(y)))
    counts = np.diff([0, *sorted(starts), height * width])
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape((height, width), order="F")


def decoded(segmentation: Any, height: int, width: int) -> np.ndarray:
    if isinstance(segmentation, dict):
        counts = segmentation["counts"]
        return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(segmentation["size"], order="F")
    return np.any([decoded_polygon(polygon, height, width) for polygon in segmentation], axis=0)


def packed(counts: list[int]) -> str:
    """Pack run lengths as the tools of COCO do."""
    text = ""
    for n, count in enumerate(counts):
        rest, more = count - (counts[n - 2] if n > 2 else 0), True
        while more:
            bits = rest & 31
            rest >>= 5
            more = rest != (-1 if bits & 16 else 0)
            text += chr((bits | 32 if more else bits) + 48)
    return text


def whole(mask: np.ndarray) -> list[int]:
    return run_lengths(mask, (slice(0, mask.shape[0]), slice(0, mask.shape[1])), mask.shape)


def mask_of(segmentation: dict[str, Any], shape: tuple[int, int]) -> np.ndarray:
    window, inside = pixels_of(segmentation, shape)
    mask = np.zeros(shape, np.bool_)
    mask[window] = inside
    return mask


def image(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": 80, "height": 60, **more}


def annotation(number: int, picture: int, category: Any, segmentation: Any, crowd: int = 0) -> dict[str, Any]:
    return {"id": number, "image_id": picture, "category_id": category, "segmentation": segmentation, "iscrowd": crowd}


SQUARE = [[5, 5, 30, 5, 30, 20, 5, 20]]
CELL = [{"id": 1, "name": "cell"}]


def written(folder: Path, images: Any, annotations: Any, categories: Any = CELL) -> Path:
    path = folder / "coco.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def grid(name: str = "", folder: str = "/images") -> MaskGrid:
    return MaskGrid((1, 60, 80), source=Source(Path(folder) / name), name=name)


@pytest.mark.parametrize("seed", range(4))
def test_that_every_region_decodes_to_its_pixels_in_the_tools_of_coco(tmp_path: Path, seed: int) -> None:
    labels = np.random.default_rng(seed).choice(np.array([0, 1, 2, 255], np.uint8), (1, 11, 14), p=[0.2, 0.5, 0.2, 0.1])
    write_mask(tmp_path / "cell.json", MaskDocument(labels, classes=CLASSES, name="cell.png"))
    data = json.loads((tmp_path / "cell.json").read_text())
    found = np.full(labels.shape[1:], 255, np.uint8)
    for one in data["annotations"]:
        pixels = decoded(one["segmentation"], 11, 14)
        assert one["area"] == pixels.sum()
        ys, xs = np.nonzero(pixels)
        assert one["bbox"] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]
        found[pixels] = one["category_id"]
    assert np.array_equal(found, labels[0])
    assert np.array_equal(read_mask(tmp_path / "cell.json")[0], labels)


def test_that_the_masks_of_many_images_share_one_file_and_each_image_finds_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    masks = [rng.integers(0, 3, (1, 6 + n, 8)).astype(np.uint8) for n in range(3)]
    sources = [Source(Path("/a/x.png")), Source(Path("/b/x.png")), Source(Path("/b/y.png"))]
    documents = [(s.path.stem, MaskDocument(m, classes=CLASSES, source=s)) for s, m in zip(sources, masks, strict=True)]
    coco = FORMATS["coco"]
    collector = coco.collector(tmp_path, [])
    assert not [path for stem, document in documents for path in collector.add(stem, document)]
    paths = collector.finish()
    assert [path.name for path in paths] == coco.collection([], []) == ["coco.json"]
    assert coco.mask_images(paths[0]) == ["x.png", "b/x.png", "y.png"]
    for source, mask in zip(sources, masks, strict=True):
        content = read_content(paths[0], MaskGrid(mask.shape, source=source, name=source.path.name))
        assert np.array_equal(content.values, mask)


def test_that_polygons_run_lengths_packed_ones_and_crowds_are_read(tmp_path: Path) -> None:
    inside = np.zeros((60, 80), np.bool_)
    inside[30:40, 40:50] = inside[35, 41] = True
    ring = np.pad(np.zeros((4, 4), np.bool_), 4, constant_values=True)
    other = np.zeros((60, 80), np.bool_)
    other[2:14, 50:62] = ring
    annotations = [
        annotation(1, 7, 4, [*SQUARE, [32, 5, 33, 5, 33, 6, 32, 6]]),
        annotation(2, 7, 9, {"size": [60, 80], "counts": packed(whole(inside))}, crowd=1),
        annotation(3, 7, 4, {"size": [60, 80], "counts": whole(other)}),
        annotation(4, 7, 4, []),
        annotation(5, 8, 4, SQUARE),
    ]
    categories = [{"id": 9, "name": "scar"}, {"id": 4, "name": "cell"}]
    path = written(tmp_path, [image(7, "sub/a.jpg"), image(8, "b.jpg")], annotations, categories)
    content = read_content(path, grid("a.jpg"))
    assert content.names == {4: "cell", 9: "scar"}
    assert ((content.values[0] == 9) == inside).all() and (content.values == 4).sum() == 376 + other.sum()
    assert content.notes[0].startswith("1 of its objects have no outline")


def test_that_nothing_is_annotated_inside_the_box_of_an_object_without_outline(tmp_path: Path) -> None:
    objects = [annotation(1, 7, 4, SQUARE), annotation(2, 7, 4, []) | {"bbox": [40, 10, 20, 5]}]
    content = read_content(written(tmp_path, [image(7, "a.jpg")], objects, [{"id": 4, "name": "cell"}]), grid("a.jpg"))
    assert content.unknown is not None and content.unknown[0, 10:15, 40:60].all() and content.unknown.sum() == 100
    assert "inside their boxes nothing is annotated" in content.notes[0]


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3)])
def test_that_packed_run_lengths_come_back(shape: tuple[int, int]) -> None:
    for share in (0.0, 0.01, 0.5, 1.0):
        mask = np.random.default_rng(1).random(shape) < share
        counts = whole(mask)
        assert np.array_equal(mask_of({"size": list(shape), "counts": packed(counts)}, shape), mask)
        assert np.array_equal(mask_of({"size": list(shape), "counts": counts}, shape), mask)


def test_that_run_lengths_of_a_window_are_those_of_the_whole_image() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mask = np.zeros((7, 9), np.bool_)
        top, left, bottom, right = rng.integers(0, 4), rng.integers(0, 4), rng.integers(4, 8), rng.integers(4, 10)
        window = (slice(top, bottom), slice(left, right))
        mask[window] = rng.random((bottom - top, right - left)) < 0.8
        counts = run_lengths(mask[window], window, mask.shape)
        assert np.array_equal(mask_of({"counts": counts}, mask.shape), mask)
        assert all(counts[1:])


def test_that_category_numbers_that_no_class_can_have_are_counted_from_one(tmp_path: Path) -> None:
    categories = [{"id": 900, "name": "scar"}, {"id": 0, "name": "cell"}]
    path = written(tmp_path, [image(1, "a.png")], [annotation(1, 1, 0, SQUARE)], categories)
    assert read_content(path, grid("a.png")).names == {1: "cell"}


def test_that_an_image_is_found_by_its_stem_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [image(1, "a.jpg"), image(2, "b.jpg")], [annotation(1, 1, 1, SQUARE)])
    assert (read_content(path, grid("a.tif")).values == 1).sum() == 375
    with pytest.raises(FormatError, match=r"2 images \(a\.jpg, b\.jpg\).*the image c\.tif"):
        read_content(path, grid("c.tif"))
    with pytest.raises(FormatError, match="one image"):
        read_content(path)


def test_that_an_image_of_another_size_or_a_volume_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [image(1, "a.jpg", width=81)], [annotation(1, 1, 1, SQUARE)])
    with pytest.raises(FormatError, match="81 x 60"):
        read_content(path, grid("a.jpg"))
    assert not FORMATS["coco"].suits(Source(Path("ct")), volume=True)


@pytest.mark.parametrize("counts", [[1, 2, 3], [-1, 4801], "0", "~~~", "o", [[1]]])
def test_that_damaged_run_lengths_are_refused(tmp_path: Path, counts: Any) -> None:
    path = written(tmp_path, [image(1, "a.jpg")], [annotation(1, 1, 1, {"size": [60, 80], "counts": counts})])
    with pytest.raises(FormatError, match="damaged"):
        read_content(path, grid("a.jpg"))


def test_that_a_size_that_no_file_of_this_length_can_be_about_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [image(1, "a.jpg", width=10**6, height=10**6)], [annotation(1, 1, 1, {"counts": [10**12]})])
    with pytest.raises(FormatError, match="claims to hold"):
        read_content(path)


def test_that_the_reported_file_gives_what_its_polygon_encloses(shared_data: Path) -> None:
    content = read_content(shared_data / "reports" / "masks" / "coco" / "cell.json", grid("cell.png"))
    assert (content.values == 1).sum() == 375 and content.names == {1: "cell"}
