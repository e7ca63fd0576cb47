"""Every writer is put through the same trials: what is exported comes back, and other programs read the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.trials.samples import VOLUME, WRITERS, load, oblique
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.formats import FORMATS, MaskDocument, MaskGrid, read
from unetstudio.formats.masks.content import MaskContent
from unetstudio.formats.masks.mask_files import read_content, read_content_onto

load()
CLASSES = ClassTable.named(["background", "nerve", "vessel"], [(0, 0, 0), (230, 159, 0), (0, 158, 115)])
SHAPES = [(1, 6, 9), (4, 6, 9)]
DOCUMENTS = [(name, shape) for name in WRITERS for shape in SHAPES if shape[0] == 1 or FORMATS[name].volumes]


def document(name: str, shape: tuple[int, int, int], folder: Path) -> tuple[MaskDocument, MaskGrid]:
    """Make a document, with the scan that it is about where the format needs one, and the scan's grid."""
    sample = WRITERS[name]
    geometry = oblique() if FORMATS[name].volumes else Geometry()
    if sample.scan is not None:
        (folder / "scan").mkdir()
        source = sample.scan(folder / "scan")
        scan = read(source)
        grid = MaskGrid(scan.shape, scan.geometry, source, source.path.name)
        return MaskDocument(sample.labels(scan.shape), scan.geometry, CLASSES, source, source.path.name), grid
    return MaskDocument(sample.labels(shape), geometry, CLASSES, name="a.png"), MaskGrid(shape, geometry, name="a.png")


def classes_of(content: MaskContent) -> NDArray[np.integer[Any]]:
    """Return class values: by the names in the file where it has names, and 255 where it holds no value."""
    values = content.values.astype(np.int64)
    if content.names:
        numbers = {entry.name: entry.value for entry in CLASSES}
        for value, name in content.names.items():
            values[content.values == value] = numbers[name]
    if content.unknown is not None:
        values[content.unknown] = UNLABELLED
    return values


@pytest.mark.parametrize(("name", "shape"), DOCUMENTS)
def test_that_a_mask_comes_back_voxel_for_voxel_where_it_was(tmp_path: Path, name: str, shape: tuple[int, int, int]) -> None:
    made, grid = document(name, shape, tmp_path)
    path = tmp_path / f"mask{FORMATS[name].suffixes[0]}"
    FORMATS[name].write(path, made)
    assert np.array_equal(classes_of(read_content(path, grid)), made.labels)
    assert np.array_equal(classes_of(read_content_onto(path, grid)), made.labels)


@pytest.mark.parametrize(("name", "shape"), DOCUMENTS)
def test_that_another_program_reads_the_same(tmp_path: Path, name: str, shape: tuple[int, int, int]) -> None:
    made, _ = document(name, shape, tmp_path)
    path = tmp_path / f"mask{FORMATS[name].suffixes[0]}"
    FORMATS[name].write(path, made)
    assert np.array_equal(WRITERS[name].reread(path), made.labels)


@pytest.mark.parametrize("name", [name for name in WRITERS if FORMATS[name].volumes])
def test_that_a_volume_keeps_the_size_of_its_voxels(tmp_path: Path, name: str) -> None:
    made, grid = document(name, SHAPES[1], tmp_path)
    path = tmp_path / f"mask{FORMATS[name].suffixes[0]}"
    FORMATS[name].write(path, made)
    geometry = read_content(path, grid).geometry
    assert geometry.spacing == pytest.approx(made.geometry.spacing, rel=1e-4)
    if geometry.affine is not None:
        np.testing.assert_allclose(geometry.matrix, made.geometry.matrix, atol=1e-3)


@pytest.mark.parametrize("name", list(WRITERS))
def test_that_a_written_mask_is_recognised_and_read_without_its_scan_or_refused_with_words(tmp_path: Path, name: str) -> None:
    made, grid = document(name, (1, *VOLUME.shape[1:]), tmp_path)
    path = tmp_path / "mask"  # the name says nothing
    FORMATS[name].write(path, made)
    assert np.array_equal(classes_of(read_content(path, grid)), made.labels)
