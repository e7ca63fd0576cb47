"""Images too large to be read whole, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

Command = Callable[..., Any]


def sparse(path: Path, edge: int) -> int:
    """Write a black picture that takes no room; returns where its pixels begin."""
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        offset, _ = file.write(shape=(edge, edge), dtype=np.uint8, photometric="minisblack", returnoffset=True)
    return int(offset)


def test_that_info_describes_an_image_without_loading_it(command: Command, tmp_path: Path) -> None:
    """400 MB, of which the file leaves all but a corner out."""
    path = tmp_path / "slide.tif"
    offset = sparse(path, 20_000)
    with path.open("r+b") as file:
        file.seek(offset + 19_999 * 20_000 + 7)
        file.write(bytes([200]))
    (report,) = command("info", path, "--json").events
    assert (report["shape"], report["channels"], report["type"], report["range"]) == ([1, 20_000, 20_000], 1, "uint8", [0.0, 200.0])


def test_that_what_cannot_be_painted_is_refused_with_a_way_out(command: Command, tmp_path: Path) -> None:
    """160 GB announced, of which the file takes nothing on the disk."""
    path = tmp_path / "slide.tif"
    sparse(path, 400_000)
    said = command("new", tmp_path / "p.unetstudio", path).sentence
    assert said.startswith("slide.tif: it needs ")
    assert said.endswith('use another computer, or run "unetstudio predict" on it, which reads it piece by piece.')
    assert not (tmp_path / "p.unetstudio").exists()
