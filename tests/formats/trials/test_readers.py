"""Every reader is put through the same trials, on files that other programs wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from formats.trials.samples import ELSEWHERE, MASK_READERS, READERS, WRITERS, Made, MaskReader, Reader, load

from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, files_of, read, read_by_region, read_mask, recognise, sha256_of
from unetstudio.formats.masks.mask_files import read_content

load()
SAMPLES = [pytest.param(name, one, id=one.make.__name__) for name, several in READERS.items() for one in several]
MASKS = [pytest.param(name, one, id=one.make.__name__) for name, several in MASK_READERS.items() for one in several]


def test_that_every_format_has_samples() -> None:
    images = {name for name, variant in FORMATS.items() if variant.images}
    masks = {name for name, variant in FORMATS.items() if not variant.images}
    written = {name for name, variant in FORMATS.items() if variant.writes}
    assert images - READERS.keys() - ELSEWHERE.keys() == set()
    assert masks - MASK_READERS.keys() - WRITERS.keys() - ELSEWHERE.keys() == set()
    assert written - WRITERS.keys() - ELSEWHERE.keys() == set()


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_that_all_values_are_those_that_another_program_has(tmp_path: Path, name: str, sample: Reader) -> None:
    made = sample.make(tmp_path)
    sources = discover([made.path])
    assert len(sources) == 1 + len(made.others)
    for source, voxels in zip(sources, (made.voxels, *made.others), strict=True):
        scan = read(source)
        assert np.array_equal(scan.array, voxels)
        assert np.array_equal(read_by_region(source, large=0).array, voxels)
        assert scan.kind and scan.name
    if made.path.is_file():
        recognised = recognise(made.path)
        assert recognised is not None and recognised[0] == name


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_that_the_place_and_size_of_voxels_are_those_that_another_program_has(tmp_path: Path, name: str, sample: Reader) -> None:
    made = sample.make(tmp_path)
    for large in (0, 10**9):
        geometry = read_by_region(discover([made.path])[0], large).geometry
        if made.spacing is not None:
            assert geometry.spacing == pytest.approx(made.spacing, rel=1e-4)
        if made.affine is not None:
            assert geometry.affine is not None
            np.testing.assert_allclose(geometry.matrix, made.affine, atol=1e-4)


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_that_the_folder_of_a_file_offers_the_same_images_and_nothing_more(tmp_path: Path, name: str, sample: Reader) -> None:
    made = sample.make(tmp_path)
    assert [(one.path.resolve(), one.part) for one in discover([tmp_path])] == [
        (one.path.resolve(), one.part) for one in discover([made.path])
    ]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_that_an_image_is_known_again_in_another_place_by_all_its_files(tmp_path: Path, name: str, sample: Reader) -> None:
    (tmp_path / "here").mkdir()
    made = sample.make(tmp_path / "here")
    sources = discover([made.path])
    before = [sha256_of(source) for source in sources]
    assert len(set(before)) == len(sources)
    assert {file.resolve() for source in sources for file in files_of(source)} == {file.resolve() for file in made.files}
    (tmp_path / "here").rename(tmp_path / "there")
    assert [sha256_of(source) for source in discover([tmp_path / "there" / made.path.relative_to(tmp_path / "here")])] == before


@pytest.mark.parametrize(("name", "sample"), [p for p in SAMPLES if FORMATS[p.values[0]].images])
def test_that_whole_numbers_of_one_channel_are_read_as_a_mask_with_the_same_values(tmp_path: Path, name: str, sample: Reader) -> None:
    made: Made = sample.make(tmp_path)
    if not made.exact or made.voxels.shape[0] != 1 or made.path.is_dir() or made.others:
        with_words(made)
        return
    assert np.array_equal(read_mask(made.path)[0], made.voxels[0])


def with_words(made: Made) -> None:
    """What is no plain mask is read all the same, or refused with words."""
    if made.path.is_file():
        try:
            assert read_content(made.path).values.ndim == 3
        except FormatError as error:
            assert str(error).startswith(f"{made.path.name}: ")


@pytest.mark.parametrize(("name", "sample"), MASKS)
def test_that_a_mask_is_what_another_program_means(tmp_path: Path, name: str, sample: MaskReader) -> None:
    made = sample.make(tmp_path)
    assert recognise(made.path) is not None
    content = read_content(made.path, made.grid)
    values = content.values.astype(np.int64)
    if content.unknown is not None:
        values[content.unknown] = 255
    assert np.array_equal(values, made.values)
    assert {value: content.names.get(value) for value in made.names} == made.names
