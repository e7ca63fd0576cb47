"""Masks as labels: class values that become one Edit, and voxels that are not overwritten."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import FormatError
from unetstudio.formats import MaskDocument, write_legend, write_mask
from unetstudio.formats.masks.coding import decide
from unetstudio.workspace.import_masks import label_values, mask_edit, survey

TWO = ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)])
MASK = Path("mask.png")
SHAPE = (1, 4, 6)


def case(path: str, shape: tuple[int, int, int] = SHAPE) -> Case:
    return Case(path, Path(path).stem, Source(Path(path)), "", shape, 1, "PNG", Geometry())


def imported(folder: Path, masks: dict[str, np.ndarray], classes: ClassTable = TWO) -> dict[str, list[list[int]]]:
    """Write masks (Y, X) as PNG and return the label values (Y, X) that are taken from them."""
    for name, mask in masks.items():
        cv2.imwrite(str(folder / name), mask.astype(np.uint8))
    pairs = [(folder / name, case(name, (1, *mask.shape))) for name, mask in masks.items()]
    coding = decide([mask.summary for mask in survey(pairs)], classes)
    assert not coding.questions
    return {path.name: label_values(path, one, meant)[0].tolist() for (path, one), meant in zip(pairs, coding.masks, strict=True)}


def test_that_a_mask_of_two_values_is_read_as_the_set_it_belongs_to(tmp_path: Path) -> None:
    poor, rich = np.array([[0, 255, 0]]), np.array([[0, 1, 255]])
    assert imported(tmp_path, {"a.png": poor}) == {"a.png": [[0, 1, 0]]}
    assert imported(tmp_path, {"a.png": poor, "b.png": rich}) == {"a.png": [[0, UNLABELLED, 0]], "b.png": [[0, 1, UNLABELLED]]}


@pytest.mark.parametrize("ending", [".png", ".tif", ".nii.gz", ".h5"])
def test_that_an_exported_mask_comes_back_voxel_for_voxel_through_its_legend(tmp_path: Path, ending: str) -> None:
    labels = np.array([[[0, UNLABELLED, 0, UNLABELLED], [0, 0, UNLABELLED, 0]]], np.uint8)
    write_mask(tmp_path / f"a{ending}", MaskDocument(labels, Geometry(), TWO))
    write_legend(tmp_path / "legend.json", TWO)
    pairs = [(tmp_path / f"a{ending}", case("a.png", (1, 2, 4)))]
    coding = decide([mask.summary for mask in survey(pairs)], TWO)
    assert np.array_equal(label_values(*pairs[0], coding.masks[0]), labels)


def test_that_what_was_painted_by_hand_stays_and_what_was_accepted_does_not() -> None:
    labels = LabelMap.unlabelled((1, 3, 4))
    for row, origin in ((0, Origin.PAINTED), (1, Origin.ACCEPTED)):
        stroke = Stroke(labels, 1, tool="brush", origin=int(origin))
        stroke.paint(Region((0, row, 0), (1, row + 1, 4)), np.ones((1, 1, 4), np.bool_))
        stroke.commit()
    edit = mask_edit(labels, np.zeros((1, 3, 4), np.uint8), TWO, MASK)
    assert edit is not None
    labels.apply(edit)
    assert labels.values[0].tolist() == [[1] * 4, [0] * 4, [0] * 4]
    assert set(labels.origin[0, 1:].ravel()) == {int(Origin.IMPORTED)}


def test_that_what_the_mask_leaves_unlabelled_stays_as_it_was() -> None:
    labels = LabelMap(np.ones((1, 1, 3), np.uint8))
    edit = mask_edit(labels, np.array([[[0, UNLABELLED, 1]]], np.uint8), TWO, MASK)
    assert edit is not None
    labels.apply(edit)
    assert labels.values[0].tolist() == [[0, 1, 1]]


def test_that_strokes_of_a_removed_class_do_not_keep_a_mask_out() -> None:
    labels = LabelMap.unlabelled((1, 2, 4))
    stroke = Stroke(labels, 2, tool="brush")
    stroke.paint(Region((0, 0, 0), (1, 1, 4)), np.ones((1, 1, 4), np.bool_))
    stroke.commit()
    edit = mask_edit(labels, np.zeros((1, 2, 4), np.uint8), TWO, MASK)
    assert edit is not None
    labels.apply(edit)
    assert (labels.values == 0).all()


def test_that_an_import_can_be_undone_to_the_voxel() -> None:
    labels = LabelMap.unlabelled((1, 5, 5))
    mask = np.random.default_rng(0).integers(0, 2, (1, 5, 5), np.uint8)
    edit = mask_edit(labels, mask, TWO, MASK)
    assert edit is not None
    labels.apply(edit)
    labels.apply(edit.inverse())
    assert (labels.values == UNLABELLED).all()
    assert (labels.origin == 0).all()


def test_that_a_mask_that_changes_nothing_is_no_edit() -> None:
    labels = LabelMap(np.zeros((1, 2, 2), np.uint8))
    assert mask_edit(labels, np.zeros((1, 2, 2), np.uint8), TWO, MASK) is None


def test_that_a_mask_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(FormatError, match=r"the mask is 3 × 2, its image 6 × 4"):
        mask_edit(LabelMap.unlabelled((1, 4, 6)), np.zeros((1, 2, 3), np.uint8), TWO, MASK)
    with pytest.raises(FormatError, match=r"6 × 4 × 2"):
        mask_edit(LabelMap.unlabelled((1, 4, 6)), np.zeros((2, 4, 6), np.uint8), TWO, MASK)
