"""Several images in one file: found, named, read, hashed and chosen each for itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stacks import Stack

from unetstudio.data.case import Case, Source
from unetstudio.errors import UserError
from unetstudio.formats import FORMATS, discover, read, recognise, sha256_of
from unetstudio.formats.finding.discovery import find_images
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_choice import MOST_TAKEN, chosen, proposed, sentences
from unetstudio.formats.finding.part_names import image_name
from unetstudio.formats.masks.output_record import LONGEST, output_stem, stems
from unetstudio.registry import Entry

StackOf = Callable[..., Path]


def times(images: list[FoundImage]) -> list[str]:
    return [image.source.part for image in images]


def test_that_each_image_of_a_file_is_found_and_read_under_its_own_name(stack_of: StackOf, tmp_path: Path) -> None:
    path = stack_of(tmp_path / "cell.stack", 3)
    sources = discover([path])
    assert sources == [Source(path, f"t={time}") for time in range(3)]
    scans = [read(source) for source in sources]
    assert [scan.name for scan in scans] == ["cell, time 1", "cell, time 2", "cell, time 3"]
    assert not np.array_equal(scans[0].array, scans[1].array)


def test_that_each_image_of_a_file_has_a_hash_that_does_not_depend_on_where_it_lies(stack_of: StackOf, tmp_path: Path) -> None:
    sources = discover([stack_of(tmp_path / "cell.stack", 3)])
    hashes = {sha256_of(source) for source in sources}
    assert len(hashes) == 3
    assert {sha256_of(source) for source in discover([sources[0].path.rename(tmp_path / "other.stack")])} == hashes


def test_that_a_file_of_many_images_is_hashed_once(stack_of: StackOf, tmp_path: Path) -> None:
    first, second = discover([stack_of(tmp_path / "cell.stack", 2)])
    plain = sha256_of(second)
    known: dict[Path, str] = {}
    sha256_of(first, known)
    first.path.write_bytes(b"")
    assert sha256_of(second, known) == plain


def test_that_an_image_that_a_file_no_longer_has_keeps_a_name(stack_of: StackOf, tmp_path: Path) -> None:
    path = stack_of(tmp_path / "cell.stack", 2)
    assert image_name(Source(path, "t=7")) == "cell, t 7"
    assert image_name(Source(tmp_path / "gone.stack", "t=7")) == "gone, t 7"


def test_that_masks_are_named_after_file_and_place(stack_of: StackOf, tmp_path: Path) -> None:
    path = stack_of(tmp_path / "cell.stack", 3)
    assert [output_stem(source) for source in discover([path])] == ["cell_t0", "cell_t1", "cell_t2"]
    assert output_stem(Source(path, "series=1,t=0")) == "cell_series1_t0"
    assert output_stem(Source(tmp_path, "0123456789ab"), "ct 2") == "ct 2"
    case = Case("1" * 16, "cell, time 2", Source(path, "t=1"), "0" * 64, (1, 8, 8), 1)
    assert stems([case, case]) == ["cell_t1", "cell_t1-2"]


def test_that_a_long_name_keeps_its_place(tmp_path: Path) -> None:
    names = [output_stem(Source(tmp_path / f"{'細胞' * 40}.png", f"t={time}")) for time in range(2)]
    assert [name[-3:] for name in names] == ["_t0", "_t1"]
    assert all(LONGEST - 3 < len(name.encode()) <= LONGEST for name in names)


def test_that_places_choose_among_the_images_of_each_file_of_several(stack_of: StackOf, tmp_path: Path) -> None:
    images = find_images([stack_of(tmp_path / "a.stack", 5), stack_of(tmp_path / "one.stack", 1)]).images
    assert times(chosen(images, "all")) == ["t=0", "t=1", "t=2", "t=3", "t=4", "t=0"]
    assert times(chosen(images, "first")) == ["t=0", "t=0"]
    assert times(chosen(images, "1-2, 5")) == ["t=0", "t=1", "t=4", "t=0"]


@pytest.mark.parametrize("choice", ["0", "3-2", "one", "", "1,,2", "6", "2-6"])
def test_that_a_choice_that_cannot_be_is_refused(stack_of: StackOf, tmp_path: Path, choice: str) -> None:
    images = find_images([stack_of(tmp_path / "a.stack", 5)]).images
    with pytest.raises(UserError, match="--parts"):
        chosen(images, choice)


def test_that_a_file_of_several_images_is_said_to_be_one(stack_of: StackOf, tmp_path: Path) -> None:
    images = find_images([stack_of(tmp_path / "a.stack", 12), stack_of(tmp_path / "one.stack", 1)]).images
    expected = "a.stack holds 12 images (time 1 … time 12); all are taken; choose with --parts 1-3,5 or --parts first."
    assert sentences(images, "all") == [expected]


def test_that_of_very_many_images_only_the_first_is_proposed(stack_of: StackOf, tmp_path: Path) -> None:
    few, many = stack_of(tmp_path / "few.stack", MOST_TAKEN), stack_of(tmp_path / "many.stack", MOST_TAKEN + 1)
    images = proposed(find_images([few, many]).images)
    assert [image.source for image in images if image.source.path == many] == [Source(many, "t=0")]
    assert len(images) == MOST_TAKEN + 1


class Fragile(Stack):
    """A format that fails to look into a file."""

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Fail as a decompressor does."""
        raise ValueError("invalid distance too far back")


def test_that_a_file_that_one_format_cannot_look_into_is_recognised_by_another(stack_of: StackOf, tmp_path: Path) -> None:
    FORMATS._entries = {"fragile": Entry(Fragile(), "a test"), **FORMATS._entries}  # the fixture takes it back
    recognised = recognise(stack_of(tmp_path / "cell.stack"))
    assert recognised is not None and recognised[0] == "stack"


def test_that_an_image_is_named_outside_its_file_by_both(tmp_path: Path) -> None:
    assert FoundImage(Source(tmp_path / "cell.png")).title == "cell"
    assert FoundImage(Source(tmp_path / "cell.png", "t=2"), "time 3").title == "cell, time 3"
    assert FoundImage(Source(tmp_path, "0123456789ab"), f"{tmp_path.name} 2").title == f"{tmp_path.name} 2"


def test_that_a_series_in_a_folder_is_named_as_the_folder(tmp_path: Path, phantom: np.ndarray, write_series: Callable[..., Path]) -> None:
    (image,) = find_images([write_series(tmp_path / "ct", phantom)]).images
    assert output_stem(image.source, image.title) == image_name(image.source) == "ct"
