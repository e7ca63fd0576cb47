"""What the values of DICOM images mean: units, and inverted ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from unetstudio.data.value_mapping import ValueMapping, upright
from unetstudio.formats import read

Write = Callable[..., Path]


def transformation(kind: str) -> list[Dataset]:
    """Make the functional groups of an enhanced file whose values are rescaled to a type."""
    item, group = Dataset(), Dataset()
    item.RescaleIntercept, item.RescaleSlope, item.RescaleType = -1024, 1, kind
    group.PixelValueTransformationSequence = [item]
    return [group]


@pytest.mark.parametrize(
    ("tags", "unit"),
    [
        ({"RescaleIntercept": -1024, "RescaleSlope": 1, "RescaleType": "HU"}, "HU"),
        ({"RescaleIntercept": -1024, "RescaleSlope": 1}, "HU"),
        ({"RescaleIntercept": -1024, "RescaleSlope": 1, "RescaleType": "US"}, "HU"),
        ({"SharedFunctionalGroupsSequence": transformation("HU")}, "HU"),
        ({"RescaleIntercept": 0, "RescaleSlope": 1}, ""),  # unsigned values without an intercept cannot be those of air
        ({}, ""),
        ({"RescaleIntercept": 0, "RescaleSlope": 1, "RescaleType": "MGML"}, "mg/ml"),
        ({"Modality": "PT", "Units": "BQML"}, "Bq/ml"),
        ({"Modality": "PT", "Units": "GML"}, "SUV (g/ml)"),
        ({"Modality": "PT", "Units": "NONE"}, ""),
        ({"Modality": "RTDOSE", "DoseUnits": "GY"}, "Gy"),
        ({"Modality": "MR", "RescaleIntercept": 0, "RescaleSlope": 2, "RescaleType": "US"}, ""),
        ({"Modality": "MR", "RescaleType": "Doe^Canary"}, ""),
    ],
)
def test_that_the_unit_of_the_values_is_known(
    tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write, tags: dict[str, Any], unit: str
) -> None:
    assert read(write_slice(tmp_path / "a.dcm", phantom[1].astype(np.uint16), **tags)).unit == unit


@pytest.mark.parametrize(
    ("dtype", "tags", "inversion"),
    [
        (np.uint16, {"BitsStored": 12, "HighBit": 11}, 4095.0),
        (np.int16, {"BitsStored": 12, "HighBit": 11}, -1.0),
        (np.uint16, {"BitsStored": 10, "HighBit": 9, "RescaleSlope": 2, "RescaleIntercept": -100}, 2 * 1023 - 200.0),
    ],
)
def test_that_inverted_values_turn_within_the_bits_that_are_stored(
    tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write, dtype: type, tags: dict[str, Any], inversion: float
) -> None:
    scan = read(write_slice(tmp_path / "a.dcm", phantom[1].astype(dtype), PhotometricInterpretation="MONOCHROME1", **tags))
    assert upright(scan) == ValueMapping(-1.0, inversion)


def test_that_a_reported_inverted_radiograph_equals_its_upright_twin(shared_data: Path) -> None:
    folder = shared_data / "reports" / "cases" / "15b_monochrome1" / "pred"
    if not folder.is_dir():
        pytest.skip("the reported files are not here")
    inverted, plain = (read(folder / f"x3_mono{n}.dcm") for n in (1, 2))
    np.testing.assert_array_equal(upright(inverted).apply(inverted.array), plain.array)
