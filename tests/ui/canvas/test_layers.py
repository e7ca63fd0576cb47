"""The composed picture: image, prediction, labels, and that a part of it never differs from the whole."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.ui.canvas.layers import Picture, edges, uncertainty
from unetstudio.ui.canvas.planes import ImagePlane, LabelPlane
from unetstudio.ui.canvas.view import Box, View
from unetstudio.ui.display import Display, Overlay

SHAPE = (1, 90, 120)
CLASSES = ClassTable.named(["ground", "thing", "rim"], [(0, 0, 255), (255, 0, 0), (0, 200, 0)])


@pytest.fixture
def display(qapp: object) -> Display:
    return Display()


@pytest.fixture
def values() -> np.ndarray:
    found = np.full(SHAPE, 255, np.uint8)
    found[0, 20:40, 30:60] = 1
    found[0, 50:52, 10:100] = 2
    found[0, 70:80, 80:95] = 0
    return found


@pytest.fixture
def picture(values: np.ndarray) -> Picture:
    rng = np.random.default_rng(1)
    made = Picture()
    made.image = ImagePlane(rng.integers(0, 256, (1, *SHAPE), np.uint8), 0, 0)
    made.labels = LabelPlane(values, 0, 0)
    made.classes = CLASSES
    made.prediction = Prediction(SHAPE, CLASSES.values)
    made.prediction.put(Region((0, 0, 0), (1, 60, 120)), rng.integers(0, 256, (3, 1, 60, 120), np.uint8), "x")
    made.segmentation = np.where(made.prediction.known, made.prediction.probabilities.argmax(axis=0), 255).astype(np.uint8)
    made.removed = rng.random(SHAPE) > 0.7
    made.view = View(SHAPE[1:])
    return sized(made)


def sized(picture: Picture, width: int = 300, height: int = 200) -> Picture:
    picture.resize(np.zeros((height, width, 4), np.uint8))
    picture.view.resize((width, height), 1.0)
    return picture


def composed(picture: Picture, display: Display) -> np.ndarray:
    picture.compose_base(picture.view.screen)
    picture.compose(picture.view.screen, display)
    return picture.buffer.copy()


def plain(picture: Picture, display: Display) -> Picture:
    """Only the image and the labels."""
    picture.prediction = picture.segmentation = picture.removed = None
    display.set(label_opacity=1.0)
    return picture


@pytest.mark.parametrize("scale", [0.2, 0.77, 1.0, 2.3, 12.0])
@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize("overlay", list(Overlay))
@pytest.mark.parametrize("flipped", [(False, False), (True, True)])
def test_that_a_box_composed_alone_equals_the_whole(
    picture: Picture, display: Display, scale: float, outline: bool, overlay: Overlay, flipped: tuple[bool, bool]
) -> None:
    picture.view.flipped = flipped
    picture.view.zoom_to(scale)
    display.set(outline=outline, overlay=overlay, show_removed=True)
    whole = composed(picture, display)
    for box in (Box(0, 0, 300, 7), Box(140, 90, 171, 113), Box(60, 20, 240, 190)):
        picture.base[box.slices] = 77
        picture.buffer[box.slices] = 77
        picture.compose_base(box)
        picture.compose(box, display)
    np.testing.assert_allclose(picture.buffer.astype(int), whole.astype(int), atol=2 if scale < 1 else 0)


@pytest.mark.parametrize("moved", [(13, 0), (0, -21), (-40, 17), (500, 0)])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_that_a_scrolled_picture_equals_one_composed_anew(picture: Picture, display: Display, moved: tuple[int, int], scale: float) -> None:
    picture.view.zoom_to(scale)
    display.set(outline=True)
    composed(picture, display)
    picture.view.centre = (picture.view.centre[0] - moved[1] / scale, picture.view.centre[1] - moved[0] / scale)
    picture.scroll(*moved, display)
    scrolled = picture.buffer.copy()
    np.testing.assert_allclose(scrolled.astype(int), composed(picture, display).astype(int), atol=2 if scale < 1 else 0)


def test_that_each_voxel_is_crisp_when_zoomed_in(picture: Picture, display: Display, values: np.ndarray) -> None:
    plain(picture, display)
    picture.view.zoom_to(4.0)
    picture.view.centre = (30.5, 45.5)
    shown = composed(picture, display)
    x, y = (round(n) for n in picture.view.device(19.5, 29.5))  # corner of the rectangle of class 1
    assert shown[y, x].tolist() == [0, 0, 255, 255]
    assert shown[y - 1, x].tolist() != [0, 0, 255, 255] and shown[y, x - 1].tolist() != [0, 0, 255, 255]
    assert (shown[y : y + 80, x : x + 120, 2] == 255).all()


def test_that_a_thin_stroke_is_seen_on_an_image_far_larger_than_the_screen(display: Display) -> None:
    values = np.full((1, 3000, 4000), 255, np.uint8)
    values[0, 1500, 500:3500] = 1
    picture = Picture()
    picture.image, picture.labels = ImagePlane(np.zeros((1, 1, 3000, 4000), np.uint8), 0, 0), LabelPlane(values, 0, 0)
    picture.classes, picture.view = CLASSES, View((3000, 4000))
    display.set(label_opacity=1.0)
    shown = composed(sized(picture), display)
    columns = np.flatnonzero((shown[..., 2] == 255).any(axis=0))
    left, right = picture.view.device(1500, 500)[0], picture.view.device(1500, 3500)[0]
    assert columns[0] == pytest.approx(left, abs=2) and columns[-1] == pytest.approx(right, abs=2)
    assert (np.diff(columns) == 1).all()


def test_that_zoomed_out_the_image_is_averaged_and_not_picked(display: Display) -> None:
    checks = np.indices((600, 800)).sum(axis=0) % 2 * 255
    picture = Picture()
    picture.image, picture.view = ImagePlane(checks[None, None].astype(np.uint8), 0, 0), View((600, 800))
    shown = composed(sized(picture), display)
    inside = picture.view.covered.grown(-2)
    assert np.abs(shown[inside.slices][..., 0].astype(int) - 127).max() < 12


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.0])
def test_that_a_flipped_plane_is_the_mirror_image(picture: Picture, display: Display, scale: float) -> None:
    picture.view.zoom_to(scale)
    shown = composed(picture, display)
    picture.view.flipped = (True, True)
    mirrored = composed(picture, display)[::-1, ::-1]
    different = np.abs(shown.astype(int) - mirrored).max(axis=2) > 8
    assert different.mean() < (0.02 if scale >= 1 else 0.2)  # pixels half way between two voxels may show either


def test_that_a_class_made_invisible_is_not_drawn(picture: Picture, display: Display) -> None:
    plain(picture, display)
    bare = composed_raw(picture, display)
    picture.classes = ClassTable(tuple(CLASSES.changed(v, visible=False)[v] for v in CLASSES.values), 3)
    np.testing.assert_array_equal(composed(picture, display), bare)


def test_that_tab_shows_the_raw_image(picture: Picture, display: Display) -> None:
    display.set(show_removed=True)
    assert (composed(picture, display) != composed_raw(picture, display)).any()
    np.testing.assert_array_equal(composed_raw(picture, display), picture.base)


def test_that_half_opacity_is_half_way_to_the_class_colour(picture: Picture, display: Display) -> None:
    plain(picture, display).view.zoom_to(1.0)
    display.set(label_opacity=0.5)
    shown = composed(picture, display)
    x, y = (int(n) for n in picture.view.device(30, 45))
    grey = int(picture.base[y, x, 0])
    assert shown[y, x, :3].tolist() == pytest.approx([grey / 2, grey / 2, grey / 2 + 127.5], abs=1.5)


def test_that_nothing_is_drawn_where_nothing_is_predicted(picture: Picture, display: Display) -> None:
    display.set(show_labels=False)
    for overlay in Overlay:
        display.set(overlay=overlay)
        shown = composed(picture, display)
        covered = picture.view.covered
        box = Box(covered.left, round(picture.view.device(61, 0)[1]), covered.right, covered.bottom)
        np.testing.assert_array_equal(shown[box.slices], picture.base[box.slices])


def test_that_outlines_leave_the_inside_clear(picture: Picture, display: Display) -> None:
    plain(picture, display).view.zoom_to(4.0)
    picture.view.centre = (30.0, 45.0)
    display.set(outline=True)
    shown = composed(picture, display)
    x, y = (round(n) for n in picture.view.device(19.5, 45))
    np.testing.assert_array_equal(shown[y + 10, x], picture.base[y + 10, x])
    assert shown[y, x].tolist() == shown[y + 1, x].tolist() == [0, 0, 255, 255]
    np.testing.assert_array_equal(shown[y - 1, x], picture.base[y - 1, x])


def test_that_outside_the_image_is_the_surround(picture: Picture, display: Display) -> None:
    picture.surround = (1, 2, 3)
    assert composed(picture, display)[0, 0].tolist() == [1, 2, 3, 255]


def test_that_uncertainty_is_high_where_two_classes_are_close() -> None:
    channels = [np.array([[255, 128, 85]], np.uint8), np.array([[0, 127, 85]], np.uint8), np.array([[0, 0, 85]], np.uint8)]
    assert uncertainty(channels).tolist() == [[0, 254, 255]]


def test_that_edges_are_as_wide_as_asked() -> None:
    plane = np.full((20, 20), 255, np.uint8)
    plane[4:16, 4:16] = 1
    assert (edges(plane, 2) == 1).sum() == 12 * 12 - 8 * 8


def composed_raw(picture: Picture, display: Display) -> np.ndarray:
    display.set(raw_held=True)
    shown = composed(picture, display)
    display.set(raw_held=False)
    return shown
