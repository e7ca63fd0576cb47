"""What of the session stands before the eye: the slice, its view, its labels and predictions, handed to the picture. No Qt objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unetstudio.data.display_window import automatic_window
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.tools.plane import extents
from unetstudio.tools.tool import Pointer
from unetstudio.ui.canvas.layers import Picture
from unetstudio.ui.canvas.marks import Marks
from unetstudio.ui.canvas.planes import ImagePlane, LabelPlane, span_of
from unetstudio.ui.canvas.scale_bar import scale_bar
from unetstudio.ui.canvas.under import index_of
from unetstudio.ui.canvas.view import Box, View

if TYPE_CHECKING:
    from unetstudio.ui.session import Session

CLICKED = 8.0
"""Logical pixels within which a click counts as on a polygon's corner."""

LOW = ("R", "A", "S")
"""Patient directions that radiologists expect at the top or at the left; planes that begin elsewhere are shown flipped."""


class Scene:
    """Keeps `picture` fed from the session's open case; each axis of a volume has a view of its own."""

    def __init__(self, session: Session, picture: Picture) -> None:
        self._session = session
        self._picture = picture
        self._automatic = (0.0, 255.0)
        self._views: dict[int, View] = {}

    # --------------------------------------------------------------------------------------------------- what is shown

    def open(self) -> dict[str, Any]:
        """Another case; returns where one was in it last, for `Canvas.restore`."""
        project, case = self._session.project, self._session.case
        self._views.clear()
        if project is None or case is None:
            self.close()
            return {}
        self._automatic = automatic_window(case.scan)
        self.show_plane()
        return dict(project.view.get("views", {}).get(case.id, {}))

    def close(self) -> None:
        """Nothing is open."""
        picture = self._picture
        picture.image = picture.labels = picture.prediction = picture.segmentation = picture.removed = picture.attention = None

    def show_plane(self) -> None:
        """The slice that the display names."""
        scan, labels, display, picture = self._session.scan, self._session.labels, self._session.display, self._picture
        if scan is None or not 0 <= display.index < scan.shape[display.axis]:
            return
        picture.image = ImagePlane(scan.voxels, display.axis, display.index)
        picture.labels = None if labels is None else LabelPlane(labels.values, display.axis, display.index)
        if display.axis not in self._views:
            self._views[display.axis] = _view(scan, display.axis)
        size, ratio = picture.view.size, picture.view.ratio
        picture.view = self._views[display.axis]
        picture.view.resize(size, ratio)
        self.show_classes()
        self.show_intensities()
        self.show_prediction()

    def show_classes(self) -> None:
        """Names, colours or visibility changed."""
        self._picture.classes = self._session.classes

    def show_intensities(self) -> None:
        """The window changed."""
        scan = self._session.scan
        self._picture.window = self.window
        self._picture.inverted = scan is not None and scan.inverted != self._session.display.inverted

    def show_prediction(self) -> None:
        """The review side holds other arrays."""
        picture, review = self._picture, self._session.review
        picture.prediction, picture.segmentation, picture.removed = review.prediction, review.segmentation, review.removed
        picture.attention = self._session.attention.values

    def seen(self, region: Region) -> Box | None:
        """The pixels on which a change of these labels may show; brings the reduced labels up to date on the way."""
        span = span_of(region, self._session.display.axis, self._session.display.index)
        if span is not None and self._picture.labels is not None:
            self._picture.labels.changed(span)
        return self.box(region)

    def box(self, region: Region) -> Box | None:
        """The pixels on which these voxels may show; None when they are in other slices."""
        display, picture = self._session.display, self._picture
        span = span_of(region, display.axis, display.index)
        if span is None or picture.image is None:
            return None
        margin = (2 if picture.view.scale < 1 else 0) + (picture.line + 1 if display.outline else 0)
        return picture.view.touched(*span).grown(margin) & picture.view.screen

    # ------------------------------------------------------------------------------------------------ questions to it

    @property
    def slices(self) -> int:
        """Number of slices along the present axis; 1 for a 2D image."""
        scan = self._session.scan
        return scan.shape[self._session.display.axis] if scan is not None and scan.is_volume else 1

    @property
    def window(self) -> tuple[float, float]:
        """Low and high voxel values shown, chosen or automatic."""
        return self._session.display.window or self._automatic

    def pointer(self, x: float, y: float, *, pressed: bool) -> Pointer:
        """A logical position as the tools want it."""
        view, display = self._picture.view, self._session.display
        row, column = view.voxel_under(x, y)
        return Pointer(row, column, display.axis, display.index, view.spacing, pressed, reach=CLICKED * view.ratio / view.scale)

    def index_under(self, x: float, y: float) -> Index | None:
        """The voxel (z, y, x) at a logical position; None outside the image."""
        scan, display = self._session.scan, self._session.display
        if scan is None:
            return None
        return index_of(*self._picture.view.voxel_under(x, y), display.axis, display.index, scan.shape)

    def in_sight(self) -> tuple[Region, Index]:
        """The voxels on the screen, one slice thick, and the one in their middle."""
        display = self._session.display
        top, left, bottom, right = self._picture.view.visible()
        start, stop, focus = [top, left], [bottom, right], [(top + bottom) // 2, (left + right) // 2]
        for corner, place in ((start, display.index), (stop, display.index + 1), (focus, display.index)):
            corner.insert(display.axis, place)
        return Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])), (focus[0], focus[1], focus[2])

    def marks(self, note: str) -> Marks:
        """What stands over the image: scale, patient directions, slice."""
        scan, display = self._session.scan, self._session.display
        if scan is None:
            return Marks()
        rows, columns = (scan.geometry.letters(a) for a in range(3) if a != display.axis)
        flipped = self._picture.view.flipped
        letters = (*(rows[::-1] if flipped[0] else rows), *(columns[::-1] if flipped[1] else columns))
        bar = scale_bar(self._picture.view, scan.geometry.spacing is not None)
        return Marks(bar, letters, display.index, self.slices, note)


def _view(scan: Scan, axis: int) -> View:
    """A new view of the planes across an axis: head up, front up or left, the patient's right at the left."""
    others = [a for a in range(3) if a != axis]
    rows, columns = (scan.geometry.spacing_or_one[a] for a in others)
    up, left = (scan.geometry.letters(a)[0] not in ("", *LOW) for a in others)
    return View(extents(scan.shape, axis), (rows, columns), (up, left))
