"""Videos (MP4, AVI, MOV ...), such as those of ultrasound and endoscopy: their frames are the slices of one volume; read only."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.array_format import ArrayFormat, FrameArray, FrameReader, StoredArray

if TYPE_CHECKING:
    import cv2

_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"3gp4", b"3gp5", b"mmp4", b"dash")
_ATOMS = (b"moov", b"mdat", b"wide", b"free")  # of QuickTime films without a brand
_BEGINNINGS = (b"\x1a\x45\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"FLV\1")  # Matroska, MPEG, Windows


class Video(ArrayFormat):
    """Videos in grey or colour; a video whose frames are grey has one channel."""

    title = "video"
    times = "frames"
    suffixes = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")

    def recognises(self, head: bytes) -> bool:
        """Look for the signature of one of the usual containers."""
        if head[4:8] == b"ftyp":
            return head[8:12] in _BRANDS
        return head.startswith(_BEGINNINGS) or head[4:8] in _ATOMS or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the one image, without decoding the video."""
        del path
        return (Part(),)

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return the frames, which are counted, since containers only estimate their number."""
        import cv2

        _require_whole_riff(path)
        with _capture(path) as capture:
            stated, count, grey = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0, True
            shape: tuple[int, ...] = ()
            while True:
                good, frame = capture.read()
                if not good:
                    break
                if shape and frame.shape != shape:
                    raise FormatError(path, "its frames differ in size; convert it to one size first.")
                shape, count = frame.shape, count + 1
                grey = grey and bool((frame == frame[..., :1]).all())
        if not count:
            raise FormatError(path, "no frame of this video can be decoded; convert it to MP4 (H.264) or to pictures.")
        channels = 1 if grey else 3
        array = FrameArray(Decoder(path, channels), 1, (count, *shape[:2], channels), np.dtype(np.uint8))
        missing = (f"Only {count} of {stated} frames can be decoded.",) if stated > count else ()
        return [StoredArray("TYXS", array, notes=missing)]


def _require_whole_riff(path: Path) -> None:
    """Raise FormatError for an AVI that is shorter than it says, of which the decoder would return the first frames."""
    with path.open("rb") as file:
        head = file.read(8)
    stated = int.from_bytes(head[4:], "little")
    if head[:4] == b"RIFF" and path.stat().st_size < stated + 8:
        raise FormatError(path, "it is cut short: part of its frames is missing; copy it again from its origin.")


@contextmanager
def _capture(path: Path) -> Iterator[cv2.VideoCapture]:
    import cv2

    capture = cv2.VideoCapture(str(path))
    try:
        yield capture
    finally:
        capture.release()


class Decoder:
    """Decodes the frames of a video one after another, since seeking is not exact in every container; going back starts again."""

    def __init__(self, path: Path, channels: int) -> None:
        self._path, self._channels = path, channels
        self._capture: cv2.VideoCapture | None = None
        self._next = 0
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[FrameReader]:
        """Give a function that decodes a frame; the video stays open for the frames after it."""
        self._path.stat()  # FileNotFoundError when it has gone
        with self._lock:
            yield self._frame

    def _frame(self, place: tuple[int, ...]) -> NDArray[Any]:
        import cv2

        if self._capture is None or place[0] < self._next:
            self._capture, self._next = cv2.VideoCapture(str(self._path)), 0
        while self._next < place[0] and self._capture.grab():
            self._next += 1
        good, pixels = self._capture.read()
        self._next += 1
        if not good:
            self._capture = None
            raise FormatError(self._path, "it is cut short: part of its frames is missing; copy it again from its origin.")
        return np.asarray(pixels)[..., :1] if self._channels == 1 else np.asarray(pixels)[..., ::-1]


FORMATS.register("video")(Video())
