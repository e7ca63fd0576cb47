"""The composed picture: image, prediction, labels, and that a part of it never differs from the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.plane import Plane
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.ui.canvas.colours import edges
from unetstudio.ui.canvas.image_pyramid import ImagePyramid
from unetstudio.ui.canvas.label_plane import LabelPlane
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Predicted
from unetstudio.ui.canvas.picture import Picture
from unetstudio.ui.canvas.view import Box, View
from unetstudio.ui.display import DisplayOptions

SHAPE = (1, 90, 120)
CLASSES = ClassTable.named(["ground", "thing", "rim"], [(0, 0, 255), (255, 0, 0), (0, 200, 0)])
OPTIONS = DisplayOptions()
OPAQUE = DisplayOptions(label_opacity=1.0)


@pytest.fixture
def values() -> np.ndarray:
    made = np.full(SHAPE, 255, np.uint8)
    made[0, 20:40, 30:60] = 1
    made[0, 50:52, 10:100] = 2
    made[0, 70:80, 80:95] = 0
    return made


@pytest.fixture
def plain(values: np.ndarray) -> Picture:
    """A picture with the image and the labels only."""
    made = Picture()
    made.image = ImagePyramid(np.random.default_rng(1).integers(0, 256, (1, *SHAPE), np.uint8), Plane())
    made.labels = LabelPlane(values, Plane())
    made.classes = CLASSES
    made.view = View(SHAPE[1:])
    return sized(made)


@pytest.fixture
def picture(plain: Picture) -> Picture:
    """A picture with a prediction of its upper part."""
    rng = np.random.default_rng(2)
    prediction = Prediction(SHAPE, CLASSES.values)
    prediction.put(Region((0, 0, 0), (1, 60, 120)), rng.integers(0, 256, (3, 1, 60, 120), np.uint8), "x")
    segmentation = np.where(prediction.known, prediction.probabilities.argmax(axis=0), 255).astype(np.uint8)
    attention = np.where(prediction.known, rng.integers(1, 256, SHAPE), 0).astype(np.uint8)
    plain.predicted = Predicted(prediction, segmentation, rng.random(SHAPE) > 0.7, attention)
    return plain


def sized(picture: Picture, width: int = 300, height: int = 200) -> Picture:
    picture.resize(np.zeros((height, width, 4), np.uint8))
    picture.view.resize((width, height), 1.0)
    return picture


def composed(picture: Picture, options: DisplayOptions) -> np.ndarray:
    picture.compose_base(picture.view.screen)
    picture.compose(picture.view.screen, options)
    return picture.buffer.copy()


@pytest.mark.parametrize("scale", [0.2, 0.77, 1.0, 2.3, 12.0])
@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize("overlay", list(OVERLAYS))
@pytest.mark.parametrize("flipped", [(False, False), (True, True)])
def test_that_a_box_composed_alone_equals_the_whole(
    picture: Picture, scale: float, outline: bool, overlay: str, flipped: tuple[bool, bool]
) -> None:
    picture.view.flipped = flipped
    picture.view.zoom_to(scale)
    options = DisplayOptions(outline=outline, overlay=overlay, show_removed=True)
    whole = composed(picture, options)
    for box in (Box(0, 0, 300, 7), Box(140, 90, 171, 113), Box(60, 20, 240, 190)):
        picture.base[box.slices] = 77
        picture.buffer[box.slices] = 77
        picture.compose_base(box)
        picture.compose(box, options)
    np.testing.assert_allclose(picture.buffer.astype(int), whole.astype(int), atol=2 if scale < 1 else 0)


@pytest.mark.parametrize("moved", [(13, 0), (0, -21), (-40, 17), (500, 0)])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_that_a_scrolled_picture_equals_one_composed_anew(picture: Picture, moved: tuple[int, int], scale: float) -> None:
    picture.view.zoom_to(scale)
    options = DisplayOptions(outline=True)
    composed(picture, options)
    picture.view.centre = (picture.view.centre[0] - moved[1] / scale, picture.view.centre[1] - moved[0] / scale)
    picture.scroll(*moved, options)
    scrolled = picture.buffer.copy()
    np.testing.assert_allclose(scrolled.astype(int), composed(picture, options).astype(int), atol=2 if scale < 1 else 0)


def test_that_each_voxel_is_crisp_when_zoomed_in(plain: Picture) -> None:
    plain.view.zoom_to(4.0)
    plain.view.centre = (30.5, 45.5)
    shown = composed(plain, OPAQUE)
    x, y = (round(n) for n in plain.view.device(19.5, 29.5))  # corner of the rectangle of class 1
    assert shown[y, x].tolist() == [0, 0, 255, 255]
    assert shown[y - 1, x].tolist() != [0, 0, 255, 255] and shown[y, x - 1].tolist() != [0, 0, 255, 255]
    assert (shown[y : y + 80, x : x + 120, 2] == 255).all()


def test_that_a_thin_stroke_is_seen_on_an_image_far_larger_than_the_screen() -> None:
    values = np.full((1, 3000, 4000), 255, np.uint8)
    values[0, 1500, 500:3500] = 1
    picture = Picture()
    picture.image, picture.labels = ImagePyramid(np.zeros((1, 1, 3000, 4000), np.uint8), Plane()), LabelPlane(values, Plane())
    picture.classes, picture.view = CLASSES, View((3000, 4000))
    shown = composed(sized(picture), OPAQUE)
    columns = np.flatnonzero((shown[..., 2] == 255).any(axis=0))
    left, right = picture.view.device(1500, 500)[0], picture.view.device(1500, 3500)[0]
    assert columns[0] == pytest.approx(left, abs=2) and columns[-1] == pytest.approx(right, abs=2)
    assert (np.diff(columns) == 1).all()


def test_that_zoomed_out_the_image_is_averaged_and_not_picked() -> None:
    checks = np.indices((600, 800)).sum(axis=0) % 2 * 255
    picture = Picture()
    picture.image, picture.view = ImagePyramid(checks[None, None].astype(np.uint8), Plane()), View((600, 800))
    shown = composed(sized(picture), OPTIONS)
    inside = picture.view.covered.grown(-2)
    assert np.abs(shown[inside.slices][..., 0].astype(int) - 127).max() < 12


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.0])
def test_that_a_flipped_plane_is_the_mirror_image(picture: Picture, scale: float) -> None:
    picture.view.zoom_to(scale)
    shown = composed(picture, OPTIONS)
    picture.view.flipped = (True, True)
    mirrored = composed(picture, OPTIONS)[::-1, ::-1]
    different = np.abs(shown.astype(int) - mirrored).max(axis=2) > 8
    assert different.mean() < (0.02 if scale >= 1 else 0.2)  # pixels half way between two voxels may show either


@pytest.mark.parametrize("outline", [False, True])
def test_that_a_class_made_invisible_is_not_drawn(plain: Picture, outline: bool) -> None:
    options = replace(OPAQUE, outline=outline)
    bare = composed(plain, replace(options, raw_held=True))
    plain.classes = ClassTable(tuple(CLASSES.changed(v, visible=False)[v] for v in CLASSES.values), 3)
    np.testing.assert_array_equal(composed(plain, options), bare)


def test_that_tab_shows_the_raw_image(picture: Picture) -> None:
    options = DisplayOptions(show_removed=True)
    raw = composed(picture, replace(options, raw_held=True))
    assert (composed(picture, options) != raw).any()
    np.testing.assert_array_equal(raw, picture.base)


def test_that_half_opacity_is_half_way_to_the_class_colour(plain: Picture) -> None:
    plain.view.zoom_to(1.0)
    shown = composed(plain, DisplayOptions(label_opacity=0.5))
    x, y = (int(n) for n in plain.view.device(30, 45))
    grey = int(plain.base[y, x, 0])
    assert shown[y, x, :3].tolist() == pytest.approx([grey / 2, grey / 2, grey / 2 + 127.5], abs=1.5)


@pytest.mark.parametrize("overlay", list(OVERLAYS))
def test_that_nothing_is_drawn_where_nothing_is_predicted(picture: Picture, overlay: str) -> None:
    shown = composed(picture, DisplayOptions(show_labels=False, overlay=overlay))
    covered = picture.view.covered
    edge = round(picture.view.device(61, 0)[1])
    above, below = (Box(covered.left, top, covered.right, bottom) for top, bottom in ((covered.top, edge - 9), (edge, covered.bottom)))
    np.testing.assert_array_equal(shown[below.slices], picture.base[below.slices])
    assert (shown[above.slices] != picture.base[above.slices]).any() == (overlay != "none")


@pytest.mark.parametrize("overlay", list(OVERLAYS))
def test_that_each_overlay_waits_for_the_first_prediction(plain: Picture, overlay: str) -> None:
    shown = composed(plain, DisplayOptions(show_labels=False, show_removed=True, overlay=overlay))
    np.testing.assert_array_equal(shown, plain.base)


def test_that_the_probability_of_a_class_that_the_network_does_not_know_is_not_drawn(picture: Picture) -> None:
    shown = composed(picture, DisplayOptions(show_labels=False, overlay="probability", probability_class=7))
    np.testing.assert_array_equal(shown, picture.base)


def test_that_an_overlay_shows_the_plane_that_is_looked_at(picture: Picture) -> None:
    segmentation = np.full((4, 90, 120), 255, np.uint8)
    segmentation[2] = 1
    picture.predicted = Predicted(segmentation=segmentation)
    options = DisplayOptions(show_labels=False)
    picture.plane = Plane(0, 1)
    np.testing.assert_array_equal(composed(picture, options), picture.base)
    picture.plane = Plane(0, 2)
    assert (composed(picture, options) != picture.base).any()


def test_that_outlines_leave_the_inside_clear(plain: Picture) -> None:
    plain.view.zoom_to(4.0)
    plain.view.centre = (30.0, 45.0)
    shown = composed(plain, replace(OPAQUE, outline=True))
    x, y = (round(n) for n in plain.view.device(19.5, 45))
    np.testing.assert_array_equal(shown[y + 10, x], plain.base[y + 10, x])
    assert shown[y, x].tolist() == shown[y + 1, x].tolist() == [0, 0, 255, 255]
    np.testing.assert_array_equal(shown[y - 1, x], plain.base[y - 1, x])


def test_that_outside_the_image_is_the_surround(picture: Picture) -> None:
    picture.surround = (1, 2, 3)
    assert composed(picture, OPTIONS)[0, 0].tolist() == [1, 2, 3, 255]


def test_that_edges_have_the_requested_width() -> None:
    plane = np.full((20, 20), 255, np.uint8)
    plane[4:16, 4:16] = 1
    assert (edges(plane, 2) == 1).sum() == 12 * 12 - 8 * 8
