"""The table of figures: rows replace each other, stand in order, and none is lost when several tests write at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faults.table import BEGIN, END, Row, merge


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "reliability.md"
    path.write_text(f"before\n{BEGIN}\n{END}\nbehind\n")
    return path


def test_that_a_later_run_writes_over_the_row_of_an_earlier_one(document: Path):
    merge(document, Row("F2", "kill", "100 %", 104, 103))
    merge(document, Row("F2", "kill", "100 %", 208, 208, "a | b"))
    text = document.read_text()
    assert text.count("| F2 | kill |") == 1 and "| 208 | 208 |" in text and "a / b" in text
    assert text.startswith("before\n") and text.endswith("\nbehind\n")


def test_that_a_row_that_does_not_hold_stands_out(document: Path):
    merge(document, Row("F2", "kill", "100 %", 104, 103))
    assert "| 104 | **103** |" in document.read_text()


def test_that_many_writers_lose_no_row_and_that_f2_stands_before_f10(document: Path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: merge(document, Row(f"F{n}", "fault", "100 %", n, n)), range(1, 13)))
    numbers = [line.split("|")[1].strip() for line in document.read_text().splitlines() if line.startswith("| F")]
    assert numbers == [f"F{n}" for n in range(1, 13)]
