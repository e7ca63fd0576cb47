"""A file format of several images in one file, one for each time, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import Format
from unetstudio.formats.part import Part, key_of, places_in

MAGIC = b"STACK"
EDGE = 8


class Stack(Format):
    """A magic word and images of 8 x 8 bytes. The first image has a note."""

    title = "Stack"
    suffixes = (".stack",)

    def recognises(self, head: bytes) -> bool:
        """Look for the magic word."""
        return head.startswith(MAGIC)

    def parts(self, path: Path) -> Sequence[Part]:
        """Return an image for each time."""
        count = (path.stat().st_size - len(MAGIC)) // EDGE**2
        return [Part(key_of(t=time), f"time {time + 1}") for time in range(count)]

    def read(self, source: Source) -> Scan:
        """Read the image of the time that the part names."""
        images = np.frombuffer(source.path.read_bytes()[len(MAGIC) :], np.uint8).reshape(-1, 1, 1, EDGE, EDGE)
        time = int(places_in(source.part).get("t", 0))
        if time >= len(images):
            raise FormatError(source.path, f"it has no time {time + 1}.")
        return Scan(images[time], kind=self.title, notes=("It was made by a test.",) if time == 0 else ())


def write_stack(path: Path, images: int = 3) -> Path:
    """Write a stack whose images hold random values around their number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(images)
    values = np.stack([rng.integers(0, 99, (EDGE, EDGE)) + time for time in range(images)]).astype(np.uint8)
    path.write_bytes(MAGIC + values.tobytes())
    return path
