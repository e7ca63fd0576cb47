"""The pages of a TIFF: none is missing unsaid, and a circle has an end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from unetstudio.errors import FormatError
from unetstudio.formats import read, read_by_region

VOLUME = np.random.default_rng(0).integers(0, 999, (4, 6, 9)).astype(np.uint16)


@pytest.fixture(params=[False, True], ids=["classic", "big"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A stack of four pages, each described before its pixels."""
    tifffile.imwrite(tmp_path / "a.tif", VOLUME, photometric="minisblack", metadata=None, bigtiff=request.param, byteorder=">")
    return tmp_path / "a.tif"


def next_pages(path: Path) -> list[tuple[int, int, int]]:
    """Return for each page where it stands, where the place of the next is written, and how many bytes that takes."""
    with tifffile.TiffFile(path) as tif:
        order = tif.tiff
        return [(page.offset, page.offset + order.tagnosize + len(page.tags) * order.tagsize, order.offsetsize) for page in tif.pages]


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_that_a_stack_that_ends_between_two_pages_is_not_shown_as_a_shorter_one(stack: Path, pages: int) -> None:
    whole, place = stack.read_bytes(), next_pages(stack)[pages][0]
    for cut in (place, place + 1):
        stack.write_bytes(whole[:cut])
        for reading in (read, lambda path: read_by_region(path, large=0)):
            with pytest.raises(FormatError, match="cut short"):
                reading(stack)
    stack.write_bytes(whole)
    assert np.array_equal(read(stack).array[0], VOLUME)


@pytest.mark.timeout(20)
def test_that_pages_in_a_circle_are_refused(stack: Path) -> None:
    data, places = bytearray(stack.read_bytes()), next_pages(stack)
    _, at, size = places[3]
    data[at : at + size] = places[1][0].to_bytes(size, "big")
    stack.write_bytes(data)
    with pytest.raises(FormatError, match="without end"):
        read(stack)
