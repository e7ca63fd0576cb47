"""The open case as shown by the canvas: the plane and its view, labels and predictions, passed to the picture. No Qt objects."""

from __future__ import annotations

from typing import Any

from unetstudio.data.display_window import automatic_window
from unetstudio.data.plane import Plane
from unetstudio.data.prediction import is_guess
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.ui.canvas.image_pyramid import ImagePyramid
from unetstudio.ui.canvas.label_plane import LabelPlane
from unetstudio.ui.canvas.marks import Marks
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Predicted
from unetstudio.ui.canvas.picture import Picture
from unetstudio.ui.canvas.scale_bar import scale_bar
from unetstudio.ui.canvas.under import voxel_at
from unetstudio.ui.canvas.view import View
from unetstudio.ui.learning_sentences import QUICK_GUESS
from unetstudio.ui.session import Session

LOW = ("R", "A", "S")
"""Patient directions that radiologists expect at the top or at the left; planes that begin elsewhere are shown flipped."""


class Scene:
    """Updates `picture` from the session's open case; each axis of a volume has its own view."""

    def __init__(self, session: Session, picture: Picture) -> None:
        self._session = session
        self._picture = picture
        self._automatic = (0.0, 255.0)
        self._views: dict[int, View] = {}

    # --------------------------------------------------------------------------------------------------- what is shown

    def open(self) -> None:
        """Show another case, at its last view."""
        project, case = self._session.project, self._session.case
        self._views.clear()
        if project is None or case is None:
            self.close()
            return
        self._automatic = case.scan.window or automatic_window(case.scan)  # a loaded case has its automatic window already
        self.show_plane()
        self._restore(project.view.get("views", {}).get(case.id, {}))

    def view_state(self) -> dict[str, Any]:
        """Return the view of the open case, as plain values."""
        view, plane = self._picture.view, self._session.cursor.plane
        place = {} if view.fitted else {"scale": view.scale / view.ratio, "centre": list(view.centre)}
        return {"axis": plane.axis, "index": plane.index, **place}

    def _restore(self, state: dict[str, Any]) -> None:
        """Restore a view saved by `view_state`."""
        cursor, axis = self._session.cursor, int(state.get("axis", 0))
        cursor.look_along(axis if axis in (0, 1, 2) else 0)
        cursor.go_to(int(state.get("index", cursor.plane.index)))
        view = self._picture.view
        if "scale" in state and "centre" in state:
            row, column = state["centre"]
            view.centre = (float(row), float(column))
            view.zoom_to(float(state["scale"]) * view.ratio)
        else:
            view.fit()

    def close(self) -> None:
        """Show nothing: no case is open."""
        self._picture.image = self._picture.labels = None
        self._picture.predicted = Predicted()

    def show_plane(self) -> None:
        """Show the slice at the cursor."""
        scan, labels, plane, picture = self._session.scan, self._session.labels, self._session.cursor.plane, self._picture
        if scan is None or not plane.lies_in(scan.shape):
            return
        picture.plane = plane
        picture.image = ImagePyramid(scan.voxels, plane)
        picture.labels = None if labels is None else LabelPlane(labels.values, plane)
        if plane.axis not in self._views:
            self._views[plane.axis] = _view(scan, plane)
        size, ratio = picture.view.size, picture.view.ratio
        picture.view = self._views[plane.axis]
        picture.view.resize(size, ratio)
        self.show_classes()
        self.show_intensities()
        self.show_prediction()

    def show_classes(self) -> None:
        """Follow a change of names, colours or visibility."""
        self._picture.classes = self._session.classes

    def show_intensities(self) -> None:
        """Follow a change of the window."""
        scan = self._session.scan
        self._picture.window = self.window
        self._picture.inverted = scan is not None and scan.inverted != self._session.display.options.inverted

    def show_prediction(self) -> None:
        """Show the arrays that were predicted last."""
        review, attention = self._session.review, self._session.attention
        self._picture.predicted = Predicted(review.prediction, review.segmentation, review.removed, attention.values, attention.limits)

    # ------------------------------------------------------------------------------------------------ questions to it

    @property
    def slices(self) -> int:
        """Number of slices along the present axis; 1 for a 2D image."""
        scan = self._session.scan
        return scan.shape[self._session.cursor.plane.axis] if scan is not None and scan.is_volume else 1

    @property
    def window(self) -> tuple[float, float]:
        """Low and high voxel values shown, chosen or automatic."""
        return self._session.display.options.window or self._automatic

    def voxel_under(self, x: float, y: float) -> Index | None:
        """Return the voxel (z, y, x) at a logical position; None outside the image."""
        scan = self._session.scan
        if scan is None:
            return None
        return voxel_at(*self._picture.view.voxel_under(x, y), self._session.cursor.plane, scan.shape)

    def in_sight(self) -> tuple[Region, Index]:
        """Return the voxels on the screen, one slice thick, and the one in their middle."""
        plane = self._session.cursor.plane
        top, left, bottom, right = self._picture.view.visible()
        return plane.region((top, left, bottom, right)), plane.voxel((top + bottom) // 2, (left + right) // 2)

    def marks(self, note: str) -> Marks:
        """Return the marks over the image: scale, patient directions, slice."""
        scan, plane = self._session.scan, self._session.cursor.plane
        if scan is None:
            return Marks()
        rows, columns = (scan.geometry.letters(axis) for axis in plane.axes)
        flipped = self._picture.view.flipped
        letters = (*(rows[::-1] if flipped[0] else rows), *(columns[::-1] if flipped[1] else columns))
        bar = scale_bar(self._picture.view, scan.geometry.spacing is not None)
        return Marks(bar, letters, plane.index, self.slices, note, self.caption)

    @property
    def caption(self) -> str:
        """What the overlay is, where a network has no say in it yet; "" where it has, or where no prediction is shown."""
        prediction, options = self._session.review.prediction, self._session.display.options
        if prediction is None or options.raw_held or not OVERLAYS[options.overlay].shows_prediction:
            return ""
        return QUICK_GUESS if is_guess(prediction.checkpoint) or self._session.learning.guesses else ""


def _view(scan: Scan, plane: Plane) -> View:
    """Return a new view of the planes across an axis: head up, front up or left, the patient's right at the left."""
    up, left = (scan.geometry.letters(axis)[0] not in ("", *LOW) for axis in plane.axes)
    return View(plane.shape(scan.shape), plane.spacing(scan.geometry.spacing_or_one), (up, left))
