"""docs/formats.md says what the program does."""

from __future__ import annotations

import pytest
from formats.trials import table


def test_that_the_table_of_formats_is_that_of_the_program(request: pytest.FixtureRequest) -> None:
    document = request.config.rootpath / "docs" / "formats.md"
    if request.config.getoption("figures"):
        table.write(document)
    text = document.read_text("utf-8")
    assert table.inserted(text) == text, "write it: python -m pytest tests/formats/trials/test_table.py --figures"
