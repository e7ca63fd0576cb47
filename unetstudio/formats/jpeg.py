"""JPEG pictures, also of 12 bits, lossless, and JPEG-LS; read only, since lossy compression would blur the borders of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.pictures import Picture, channels_of, orientation_in, turned
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.voxels import tidy

_STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7}  # start-of-frame markers
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
_LS, _SCAN, _APP1 = 0xF7, 0xDA, 0xE1


@dataclass(frozen=True)
class JpegFrame:
    """What the start-of-frame segment says, and the EXIF data before it."""

    marker: int
    bits: int
    height: int
    width: int
    exif: bytes
    end: int  # of the segment, after which the pixels follow


class Jpeg(Picture):
    """JPEG pictures in grey, colour, or CMYK converted to colour."""

    title = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif", ".jls")
    decoder = "JPEG"
    lossy = "always"

    def recognises(self, head: bytes) -> bool:
        """Look for the start-of-image marker and the marker after it."""
        return head.startswith(b"\xff\xd8\xff")

    def read(self, source: Source) -> Scan:
        """Read (1 or 3, 1, Y, X) at full depth."""
        path = source.path
        if path.suffix.lower() == ".mrxs" or path.with_suffix("").joinpath("Slidedat.ini").is_file():
            raise FormatError(path, "it is only the preview of a MIRAX slide; convert the slide to OME-TIFF, with QuPath for example.")
        voxels = _special(path)
        return super().read(source) if voxels is None else Scan(tidy(voxels, path), kind=self.title)

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read the greys or colours."""
        voxels = _special(path)
        return super().read_values(path) if voxels is None else (tidy(voxels, path), Geometry())


def _special(path: Path) -> NDArray[Any] | None:
    """Read (C, 1, Y, X) of a picture that Pillow does not know; None for an ordinary one."""
    data = path.read_bytes()
    frame = frame_of(data)
    if frame is None or (frame.bits == 8 and frame.marker not in _LOSSLESS | {_LS}):
        return None
    import imagecodecs

    require_memory(path, frame.height * frame.width * 6, len(data))
    if data.find(b"\xff\xd9", frame.end) < 0:  # the decoder would make up what is missing
        raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
    pixels = imagecodecs.jpegls_decode(data) if frame.marker == _LS else imagecodecs.jpeg8_decode(data)
    return turned(channels_of(pixels), orientation_in(frame.exif) if frame.exif else 1)


def frame_of(data: bytes) -> JpegFrame | None:
    """Read the segments up to the start of the frame; None where there is none."""
    place, exif = 2, b""
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in _STANDALONE:
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        segment = data[place + 4 : place + 2 + length]
        if marker in _FRAMES and len(segment) >= 6:
            height, width = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
            return JpegFrame(marker, segment[0], height, width, exif, place + 2 + length)
        if marker == _SCAN:
            return None
        if marker == _APP1 and segment.startswith(b"Exif\0\0"):
            exif = segment
        place += 2 + length
    return None


FORMATS.register("jpeg")(Jpeg())
