"""Damaged files of every format end in an error with words, or in an image: never in another error, in a hang or in a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from formats.trials.mutants import PLACES, attempt, mutant
from formats.trials.samples import MASK_READERS, READERS, WRITERS, Made, MadeMask, load
from formats.trials.test_writers import document

from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, read
from unetstudio.formats.masks.content import MaskGrid

load()
MUTANTS = 60
"""Number of mutants of each sample; `benchmarks/fuzz_formats.py` tries more."""

SAMPLES: dict[str, Callable[[Path], Made | MadeMask]] = {
    one.make.__name__: one.make for table in (READERS, MASK_READERS) for several in table.values() for one in several
}


def restored(files: dict[Path, bytes]) -> None:
    """Write files as they were."""
    for path, data in files.items():
        path.write_bytes(data)


@pytest.mark.parametrize("name", [one.make.__name__ for several in READERS.values() for one in several])
def test_that_a_file_cut_short_is_refused_or_shows_only_what_is_right(tmp_path: Path, name: str) -> None:
    made = SAMPLES[name](tmp_path)
    assert isinstance(made, Made)
    path = max(made.files, key=lambda file: file.stat().st_size)
    data = path.read_bytes()
    for place in range(PLACES):
        path.write_bytes(data[: len(data) * place // PLACES])
        try:
            scans = [read(source) for source in discover([made.path])]
        except FormatError as error:
            assert ": " in str(error)
            continue
        if made.path.is_file() and made.exact:
            right = [*(voxels for voxels in (made.voxels, *made.others))]
            assert [scan.shape for scan in scans] == [voxels.shape[1:] for voxels in right]
            assert all(np.array_equal(scan.array, voxels) for scan, voxels in zip(scans, right, strict=True)), "voxels were filled in"


@pytest.mark.parametrize("name", list(SAMPLES))
def test_that_mutants_end_in_an_image_or_in_words(tmp_path: Path, name: str) -> None:
    made = SAMPLES[name](tmp_path)
    grid = made.grid if isinstance(made, MadeMask) else None
    try_mutants(made.path, made.files, grid, name)


@pytest.mark.parametrize("name", list(WRITERS))
def test_that_mutants_of_our_masks_end_in_a_mask_or_in_words(tmp_path: Path, name: str) -> None:
    made, grid = document(name, (1, 6, 9), tmp_path)
    path = tmp_path / f"mask{FORMATS[name].suffixes[0]}"
    FORMATS[name].write(path, made)
    try_mutants(path, [path], grid, name)


def try_mutants(path: Path, files: list[Path], grid: MaskGrid | None, name: str) -> None:
    rng = np.random.default_rng(crc32(name.encode()))
    whole = {file: file.read_bytes() for file in files}
    for number in range(MUTANTS):
        victim = files[int(rng.integers(len(files)))]
        victim.write_bytes(mutant(whole[victim], rng))
        assert attempt(path, grid) == "", f"mutant {number}"
        restored({victim: whole[victim]})
