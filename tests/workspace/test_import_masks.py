"""Masks as labels: matching by stem, the meaning of values, and voxels that are not overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import FormatError, UserError
from unetstudio.workspace.import_masks import Mapping, mappings, mask_edit, matched

TWO = ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)])
THREE = ClassTable.named(["background", "cell", "scar"], [(0, 0, 0), (9, 9, 9), (90, 9, 9)])
MASK = Path("mask.png")


def case(path: str) -> Case:
    return Case(path, Path(path).stem, Source(Path(path)), "", (1, 4, 6), 1, "PNG", Geometry())


def imported(mask: np.ndarray, classes: ClassTable = TWO, **options: object) -> np.ndarray:
    """Return the labels (Y, X) after a mask (Y, X) was imported into empty ones."""
    labels = LabelMap.unlabelled((1, *mask.shape))
    edit = mask_edit(labels, mask[None], classes, MASK, **options)  # type: ignore[arg-type]
    if edit is not None:
        labels.apply(edit)
    return labels.values[0]


def test_that_maps_name_a_value_a_range_or_all_above() -> None:
    found = mappings(["5=cell", "1-3=2", " 7+=scar"], THREE)
    assert found == (Mapping(5, 5, 1), Mapping(1, 3, 2), Mapping(7, 2**63 - 1, 2))


@pytest.mark.parametrize("text", ["", "cell", "=cell", "a=cell", "1-=cell", "-1=cell", "1=", "1=2=3"])
def test_that_a_map_without_sense_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        mappings([text], TWO)


def test_that_masks_find_their_images_by_stem_whatever_the_ending(tmp_path: Path) -> None:
    for name in ("a.png", "b.nii.gz", "other.png", ".hidden.png"):
        (tmp_path / name).touch()
    (tmp_path / "c").mkdir()
    cases = [case("a.tif"), case("x/b.nii.gz"), case("c.png")]
    assert [(file.name, found.id) for file, found in matched([tmp_path], cases)] == [("a.png", "a.tif"), ("b.nii.gz", "x/b.nii.gz")]


def test_that_a_black_and_white_mask_is_first_and_second_class_also_where_there_are_more() -> None:
    mask = np.array([[0, 255, 0], [255, 255, 0]])
    assert (imported(mask, THREE) == mask // 255).all()


def test_that_255_among_class_values_means_not_annotated() -> None:
    mask = np.array([[0, 1, 255]])
    assert (imported(mask) == mask).all()


def test_that_an_entirely_white_mask_is_not_annotated() -> None:
    """255 alone could mean either; the project's own exports mean this."""
    assert (imported(np.full((2, 2), 255)) == UNLABELLED).all()


def test_that_a_mapped_value_wins_over_the_class_of_that_number() -> None:
    assert (imported(np.array([[0, 1, 2]]), THREE, mapping=mappings(["1=scar", "2=cell"], THREE)) == [[0, 2, 1]]).all()


def test_that_many_values_in_a_project_of_two_classes_number_objects_only_when_asked() -> None:
    mask = np.array([[0, 3, 3, 0, 700]])
    with pytest.raises(FormatError, match=r"mask\.png: the value 3, 700 has no class .*--map"):
        imported(mask)
    assert (imported(mask, objects=True) == [[0, 1, 1, 0, 1]]).all()
    with pytest.raises(FormatError):
        imported(mask, THREE, objects=True)


def test_that_a_line_of_background_parts_numbered_objects_that_touch() -> None:
    mask = np.array([[3, 3, 3, 7, 7, 0, 9]])
    assert (imported(mask, objects=True) == [[1, 1, 0, 0, 1, 0, 1]]).all()
    assert (imported(mask, THREE, objects=True, mapping=mappings(["0=background", "1+=scar"], THREE)) == [[2, 2, 0, 0, 2, 0, 2]]).all()


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
    mask = np.random.default_rng(0).integers(0, 2, (1, 5, 5))
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
