"""Masks of labelme, Cellpose and ilastik."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest
import tifffile

from unetstudio.errors import FormatError, UserError
from unetstudio.formats import MaskGrid, discover, recognise, stem
from unetstudio.formats.masks.mask_files import read_content

GRID = MaskGrid((1, 60, 80))


def shape(label: str, points: Any, kind: str = "polygon", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": kind, "flags": {}, **more}


def labelme(path: Path, *shapes: dict[str, Any], size: tuple[int, int] = (60, 80), data: str | None = None) -> Path:
    height, width = size
    text = {"version": "5.0", "shapes": shapes, "imagePath": "a.png", "imageData": data, "imageHeight": height, "imageWidth": width}
    path.write_text(json.dumps(text))
    return path


def test_that_polygons_rectangles_circles_and_masks_of_labelme_are_areas(tmp_path: Path) -> None:
    picture = base64.b64encode(cv2.imencode(".png", np.full((3, 4), 1, np.uint8))[1].tobytes()).decode()
    path = labelme(
        tmp_path / "a.json",
        shape("cell", [[5, 5], [30, 5], [30, 20], [5, 20]]),
        shape("scar", [[50, 20], [40, 10]], "rectangle"),
        shape("disc", [[60, 40], [60, 50]], "circle"),
        shape("bit", [[70, 1], [73, 3]], "mask", mask=picture),
        shape("tip", [[1, 1]], "point"),
        shape("__ignore__", [[0, 55], [80, 55], [80, 60], [0, 60]]),
        data="A" * 200_000,
    )
    content = read_content(path, GRID)
    assert content.names == {1: "cell", 2: "scar", 3: "disc", 4: "bit"}
    y, x = np.mgrid[:60, :80] + 0.5
    disc = (x - 60) ** 2 + (y - 40) ** 2 <= 100
    assert np.bincount(content.values[content.values < 255])[1:].tolist() == [375, 100, int(disc.sum()), 12]
    assert content.unknown is not None and content.unknown.sum() == 400
    assert content.notes[0].startswith("1 of its shapes are points")


def test_that_the_background_of_labelme_cuts_holes_and_lies_outside_too(tmp_path: Path) -> None:
    cell, hole = shape("cell", [[5, 5], [30, 20]], "rectangle"), shape("_background_", [[10, 10], [20, 15]], "rectangle")
    content = read_content(labelme(tmp_path / "a.json", cell, hole), GRID)
    assert content.unknown is None and np.bincount(content.values.ravel()).tolist() == [60 * 80 - 325, 325]


def test_that_it_is_said_when_an_outlined_background_leaves_the_rest_without_annotation(tmp_path: Path) -> None:
    cell, other = shape("cell", [[5, 5], [30, 20]], "rectangle"), shape("background", [[40, 10], [50, 15]], "rectangle")
    content = read_content(labelme(tmp_path / "a.json", cell, other), GRID)
    assert content.unknown is not None and content.unknown.sum() == 60 * 80 - 375 - 50
    assert content.notes == ("It outlines the background too, so that what lies outside of all its outlines counts as not annotated.",)


def test_that_later_shapes_of_labelme_lie_on_top(tmp_path: Path) -> None:
    small, large = shape("a", [[6, 6], [8, 8]], "rectangle"), shape("b", [[5, 5], [30, 20]], "rectangle")
    assert (read_content(labelme(tmp_path / "a.json", small, large), GRID).values == 1).sum() == 0
    assert (read_content(labelme(tmp_path / "a.json", large, small), GRID).values == 2).sum() == 4


def test_that_shapes_for_an_image_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="81 x 60"):
        read_content(labelme(tmp_path / "a.json", size=(60, 81)), GRID)


def test_that_shapes_without_the_size_of_their_image_need_the_image(tmp_path: Path) -> None:
    path = labelme(tmp_path / "a.json", shape("cell", [[5, 5], [30, 20]], "rectangle"))
    path.write_text(path.read_text().replace('"imageHeight": 60', '"imageHeight": null'))
    assert (read_content(path, GRID).values == 1).sum() == 375
    with pytest.raises(FormatError, match="does not say the size"):
        read_content(path)


def test_that_a_json_file_of_something_else_is_no_mask(tmp_path: Path) -> None:
    for text in ('{"classes": [], "note": "x"}', '{"shapes": 3}', "[1, 2, 3]", "{"):
        (tmp_path / "a.json").write_text(text)
        assert recognise(tmp_path / "a.json") is None


def test_that_cellpose_masks_number_cells_and_belong_to_the_image(tmp_path: Path) -> None:
    numbers = np.arange(4800, dtype=np.uint16).reshape(60, 80)
    cv2.imwrite(str(tmp_path / "cell_cp_masks.png"), numbers)
    tifffile.imwrite(tmp_path / "cell_cp_masks.tif", numbers)
    cv2.imwrite(str(tmp_path / "cell.png"), np.zeros((60, 80), np.uint8))
    for name in ("cell_cp_masks.png", "cell_cp_masks.tif"):
        content = read_content(tmp_path / name, GRID)
        assert content.numbered and np.array_equal(content.values[0], numbers)
        assert stem(tmp_path / name) == "cell"
    assert [source.path.name for source in discover([tmp_path])] == ["cell.png"]
    assert not read_content(tmp_path / "cell.png", GRID).numbered


def test_that_masks_alone_are_not_opened_as_images(tmp_path: Path) -> None:
    path = labelme(tmp_path / "a.json", shape("cell", [[5, 5], [30, 5], [30, 20], [5, 20]]))
    with pytest.raises(FormatError, match="labelme file holds masks and no image; open its image first"):
        discover([path])


def test_that_a_pickle_of_cellpose_is_refused_with_the_way_out(tmp_path: Path) -> None:
    np.save(tmp_path / "cell_seg.npy", np.array({"masks": np.zeros((3, 3))}, dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match="Save masks as PNG/TIFF"):
        read_content(tmp_path / "cell_seg.npy", GRID)


def exported(path: Path, array: np.ndarray, axes: str, name: str = "exported_data") -> Path:
    with h5py.File(path, "w") as file:
        file[name] = array
        file[name].attrs["axistags"] = json.dumps({"axes": [{"key": axis, "typeFlags": 2} for axis in axes]})
    return path


CLASSES = np.random.default_rng(0).integers(0, 3, (4, 6, 7)).astype(np.uint8)


@pytest.mark.parametrize("axes", ["zyx", "zyxc", "xyz", "tzyxc", "czyx"])
def test_that_the_first_class_of_ilastik_is_the_first_here(tmp_path: Path, axes: str) -> None:
    whole = CLASSES[None, ..., None] + 1
    array = whole.transpose(["tzyxc".index(axis) for axis in axes] + [n for n, axis in enumerate("tzyxc") if axis not in axes])
    content = read_content(exported(tmp_path / "a.h5", array.reshape(array.shape[: len(axes)]), axes))
    assert np.array_equal(content.values, CLASSES) and content.notes


@pytest.mark.parametrize(("axes", "kind"), [("zyxc", np.float32), ("cxyz", np.float32), ("zyxc", np.uint8)])
def test_that_probabilities_of_ilastik_give_the_most_probable_class(tmp_path: Path, axes: str, kind: Any) -> None:
    probabilities = np.stack([np.where(n == CLASSES, 0.5, 0.25) for n in range(3)], axis=-1)  # zyxc
    probabilities[0, 0, 0] = 0
    if kind is np.uint8:
        probabilities = np.round(probabilities * 255)
    array = probabilities.astype(kind).transpose(["zyxc".index(axis) for axis in axes])
    content = read_content(exported(tmp_path / "a_Probabilities.h5", array, axes))
    assert content.unknown is not None and content.unknown.sum() == 1
    assert np.array_equal(content.values[~content.unknown], CLASSES[~content.unknown])


def test_that_results_with_0_are_kept_with_a_word_and_other_arrays_are_no_results(tmp_path: Path) -> None:
    content = read_content(exported(tmp_path / "a.h5", CLASSES, "zyx"))
    assert np.array_equal(content.values, CLASSES) and "0 is taken for the first class" in content.notes[0]
    other = read_content(exported(tmp_path / "b.h5", CLASSES + 1, "zyx", name="image"))
    assert np.array_equal(other.values, CLASSES + 1)
    with pytest.raises(UserError, match="3 points in time"):
        read_content(exported(tmp_path / "c.h5", CLASSES[:3], "tyx"))


def test_that_pictures_of_ilastik_count_from_one_and_belong_to_the_image(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "cell_Simple Segmentation.png"), CLASSES[0] + 1)
    tifffile.imwrite(tmp_path / "cell_Simple Segmentation.tif", CLASSES[0] + 1)
    assert stem(tmp_path / "cell_Probabilities.h5") == "cell"
    for path in tmp_path.iterdir():
        assert np.array_equal(read_content(path).values[0], CLASSES[0]) and stem(path) == "cell"


@pytest.mark.parametrize("folder", ["labelme", "il_probs", "il_yxc1", "il_zyxc"])
def test_that_the_reported_files_give_their_right_values(shared_data: Path, folder: str) -> None:
    masks = shared_data / "reports" / "masks"
    (path,) = (masks / folder).iterdir()
    right = read_content(masks / "classes" / "cell.png").values
    found = read_content(path, GRID).values
    assert np.array_equal(found, right if folder.startswith("il") else right == 1)


def test_that_the_reported_pickle_is_refused(shared_data: Path) -> None:
    with pytest.raises(FormatError, match="Save masks as PNG/TIFF"):
        read_content(shared_data / "reports" / "masks" / "cellpose_seg" / "cell_seg.npy", GRID)
