"""Sizes read as a person would write them."""

from unetstudio.data.quantity import area_text, count_text, length_text, volume_text


def test_that_lengths_take_the_unit_that_suits_them() -> None:
    assert [length_text(x) for x in (25.0, 2.0, 0.05, 0.00002, 0)] == ["2.5 cm", "2 mm", "50 µm", "20 nm", "0 mm"]


def test_that_areas_take_the_unit_that_suits_them() -> None:
    assert [area_text(x) for x in (250.0, 0.30001, 0.0012, 0)] == ["2.5 cm²", "0.3 mm²", "1,200 µm²", "0 mm²"]


def test_that_volumes_take_the_unit_that_suits_them() -> None:
    assert [volume_text(x) for x in (12440.0, 4.0, 1e-6)] == ["12.4 cm³", "4 mm³", "1,000 µm³"]


def test_that_one_is_not_plural() -> None:
    assert [count_text(1, "island"), count_text(1204, "island"), count_text(2, "voxel")] == ["1 island", "1,204 islands", "2 voxels"]
