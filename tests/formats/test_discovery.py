from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetstudio.errors import FormatError
from unetstudio.formats import discover


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(path)
    return path


def names(paths: list[Path]) -> list[str]:
    return [source.path.name for source in discover(paths)]


def test_that_two_comes_before_ten(tmp_path: Path) -> None:
    for n in (10, 2, 1):
        picture(tmp_path / f"cell{n}.png")
    assert names([tmp_path]) == ["cell1.png", "cell2.png", "cell10.png"]


def test_that_what_is_no_image_is_passed_over(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / ".hidden.png")
    (tmp_path / "notes.txt").write_text("about the images")
    assert names([tmp_path]) == ["a.png"]


def test_that_masks_in_a_folder_beside_the_images_stay_out(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "masks" / "a.png")
    assert len(discover([tmp_path])) == 1


def test_that_folders_of_folders_are_looked_into(tmp_path: Path) -> None:
    picture(tmp_path / "study 10" / "b.png")
    picture(tmp_path / "study 2" / "series" / "a.png")
    picture(tmp_path / "my.unetstudio" / "cache" / "c.png")
    assert names([tmp_path]) == ["a.png", "b.png"]


def test_that_files_keep_the_order_they_were_given_in(tmp_path: Path) -> None:
    assert names([picture(tmp_path / "b.png"), picture(tmp_path / "a.png")]) == ["b.png", "a.png"]


def test_that_a_folder_without_images_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(FormatError, match="nothing here can be opened"):
        discover([tmp_path])


def test_that_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.png: there is no such file"):
        discover([picture(tmp_path / "a.png"), tmp_path / "gone.png"])
