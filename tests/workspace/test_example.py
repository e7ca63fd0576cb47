"""The example image: copied once, never over the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from unetstudio.errors import FormatError
from unetstudio.formats import read
from unetstudio.workspace.example import example_images


def test_that_the_example_is_copied_and_can_be_opened(tmp_path: Path) -> None:
    (copy,) = example_images(tmp_path)
    scan = read(copy)
    assert copy.parent.parent == tmp_path
    assert scan.is_colour
    assert scan.shape == (1, 512, 512)


def test_that_an_existing_copy_is_not_replaced(tmp_path: Path) -> None:
    (copy,) = example_images(tmp_path)
    copy.write_bytes(b"mine")
    assert example_images(tmp_path) == [copy]
    assert copy.read_bytes() == b"mine"


def test_that_documents_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("a file")
    with pytest.raises(FormatError, match="cannot be copied there"):
        example_images(tmp_path / "documents")
