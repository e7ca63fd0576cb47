"""A mask is made again when something that it depends on has changed, and only then."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.case import Source
from unetstudio.inference.prediction_options import PredictionOptions
from unetstudio.inference.provenance import Provenance
from unetstudio.postprocess.threshold import Threshold

VALUES = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
MADE = Provenance("c0ffee", (), PredictionOptions(objects=True), ("/data/cell.png  1234 5678",), (VALUES, VALUES > 2), "0.1.0")


def test_that_masks_of_earlier_versions_are_known_again_by_their_key() -> None:
    """The key as folders of masks hold it: a change of how it is made lets every folder be predicted anew."""
    assert MADE.key == "ddb8381f9d5dd14f3174d6b5de879d688496ee48157befe7a35c471273532e93"


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": "f00d"},
        {"steps": (Threshold(),)},
        {"options": PredictionOptions("on", objects=True)},
        {"options": PredictionOptions()},
        {"options": PredictionOptions(objects=True, probabilities=True)},
        {"files": ("/data/cell.png  1234 5679",)},
        {"painted": None},
        {"painted": (VALUES, VALUES > 3)},
        {"painted": (VALUES + np.uint8(1), VALUES > 2)},
        {"program": "0.2.0"},
    ],
)
def test_that_whatever_a_mask_depends_on_changes_the_key(change: dict[str, object]) -> None:
    assert replace(MADE, **change).key != MADE.key  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [PredictionOptions(objects=True, again=True), PredictionOptions(objects=True, engine="torch")])
def test_that_what_computes_a_mask_does_not_change_the_key(options: PredictionOptions) -> None:
    assert replace(MADE, options=options).key == MADE.key


def test_that_an_image_counts_as_it_was_when_its_provenance_was_made(tmp_path: Path) -> None:
    image = tmp_path / "cell.png"
    image.write_bytes(b"before")
    before = Provenance.of(Source(image), None, "c0ffee", (), PredictionOptions())
    image.write_bytes(b"behind")
    os.utime(image, ns=(0, 0))
    after = Provenance.of(Source(image), None, "c0ffee", (), PredictionOptions())
    assert before.key != after.key
