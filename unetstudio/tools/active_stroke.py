"""A stroke in progress: the tool is fed pointer positions from the press on, and the stroke ends as an Edit or is rolled back."""

from __future__ import annotations

from unetstudio.data.edit import Edit
from unetstudio.data.region import Region
from unetstudio.tools.tool import Pointer, Tool, ToolContext, Touched

NOTHING = Touched()


class ActiveStroke:
    """The stroke of `context` while `tool` paints it; `first` is the tool's answer to the press."""

    def __init__(self, tool: Tool, context: ToolContext) -> None:
        self.clicks = tool.clicks
        self._stroke = context.stroke
        self._drag = tool.drag(context)
        self._done = False
        self.first = self._noted(next(self._drag))

    def move(self, at: Pointer) -> Touched:
        """Send the next position; the result is `done` once the tool has finished by itself."""
        try:
            return self._noted(self._drag.send(at))
        except StopIteration:
            return self._noted(Touched(done=True))

    def close(self) -> Touched:
        """End the drag; a tool of several clicks that is not done yet fills its outline first."""
        touched = NOTHING
        if self.clicks and not self._done:
            try:
                touched = self._drag.send(None)
            except StopIteration:
                self._done = True
        self._drag.close()
        return touched

    def commit(self) -> Edit | None:
        """Return the closed stroke as one Edit; None when it changed nothing."""
        return self._stroke.commit()

    def roll_back(self) -> Region:
        """End the drag and undo the whole stroke; returns the region to repaint."""
        self._drag.close()
        return self._stroke.rollback()

    def part(self) -> Edit | None:
        """Return the changes since the last part, for the disk; see `Stroke.part`."""
        return self._stroke.part()

    def _noted(self, touched: Touched) -> Touched:
        self._done = self._done or touched.done
        return touched
