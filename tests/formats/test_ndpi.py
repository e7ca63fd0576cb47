"""Hamamatsu slides, whose one JPEG strip is read tile by tile between its restart markers."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from unetstudio.formats import discover, read, read_by_region
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels


def pictures() -> list[NDArray[np.uint8]]:
    rows, columns = np.mgrid[:96, :128]
    large = np.stack([rows * 2, columns, 255 - rows - columns], -1).astype(np.uint8)
    return [large, large[:40, 60:90]]


def ndpi(path: Path) -> Path:
    """Write a slide and the macro picture of the glass, with the tags and 64-bit offsets of such files."""
    data, ifds = bytearray(b"II*\0" + bytes(8)), []
    for picture, magnification in zip(pictures(), (20.0, -1.0), strict=True):
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "JPEG", quality=95, subsampling=0, restart_marker_blocks=8)  # 8 blocks: 64 pixels
        jpeg = stream.getvalue()
        scan = jpeg.index(b"\xff\xda")
        first = scan + 2 + int.from_bytes(jpeg[scan + 2 : scan + 4], "big")
        starts = [first, *(first + match.end() for match in re.finditer(rb"\xff[\xd0-\xd7]", jpeg[first:]))]
        offset = len(data)
        data += jpeg
        where = len(data)
        data += struct.pack(f"<{len(starts)}I", *starts)
        bits = len(data)
        data += struct.pack("<3H", 8, 8, 8)
        make = len(data)
        data += b"Hamamatsu\0"
        resolution = len(data)
        data += struct.pack("<2I", 40_000, 1)
        height, width = picture.shape[:2]
        tags = [
            (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, bits), (259, 3, 1, 7), (262, 3, 1, 6), (271, 2, 10, make),
            (273, 4, 1, offset), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(jpeg)),
            (282, 5, 1, resolution), (283, 5, 1, resolution),
            (284, 3, 1, 1), (296, 3, 1, 3), (65420, 4, 1, 1), (65421, 11, 1, struct.unpack("<I", struct.pack("<f", magnification))[0]),
            (65426, 4, len(starts), where),
        ]  # fmt: skip
        ifds.append(tags)
    link = 4
    for tags in ifds:
        struct.pack_into("<Q", data, link, len(data))
        data += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
        link = len(data)
        data += bytes(8 + 4 * len(tags))  # place of the next page, and the high halves of all offsets
    path.write_bytes(data)
    return path


def test_that_a_slide_is_read_by_region_without_its_macro_picture(tmp_path: Path) -> None:
    path = ndpi(tmp_path / "a.ndpi")
    (source,) = discover([path])
    whole, parts = read(source), read_by_region(source, large=0)
    assert np.abs(whole.array[:, 0].astype(int) - np.moveaxis(pictures()[0], -1, 0)).max() < 12
    assert whole.notes == parts.notes == ("Its macro (30 x 40 pixels) is left out.",)
    assert whole.geometry.spacing == pytest.approx((1.0, 2.5e-4, 2.5e-4))
    assert isinstance(parts.voxels, LazyVoxels)
    assert np.array_equal(np.asarray(parts.voxels), whole.voxels)
    assert np.array_equal(parts.voxels[:, :, 50:73, 60:70], whole.voxels[:, :, 50:73, 60:70])
