"""Cases as the project lists them."""

import json
from pathlib import Path

import numpy as np

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.geometry import Geometry


def test_that_a_case_comes_back_from_json_text(tmp_path: Path):
    geometry = Geometry.from_affine(np.array([[0.7, 0, 0, -10], [0, 0, 0.7, 3], [0, 5, 0, 1], [0, 0, 0, 1.0]]))
    case = Case(
        "ab", "Scan 1", Source(tmp_path / "ct" / "series", "0123"), "f" * 64, (12, 34, 56), 1, "DICOM CT", geometry, ReviewState.CORRECTED
    )
    text = json.dumps(case.to_json(tmp_path / "p.unetstudio"))
    assert Case.from_json(json.loads(text), tmp_path / "p.unetstudio") == case
    assert '"../ct/series"' in text and case.is_volume


def test_that_a_case_moves_with_its_project(tmp_path: Path):
    case = Case("ab", "one", Source(tmp_path / "a" / "one.png"), "", (1, 2, 3), 3)
    moved = Case.from_json(case.to_json(tmp_path / "a" / "p"), tmp_path / "b" / "p")
    assert moved.source.path == tmp_path / "b" / "one.png" and not moved.is_volume
