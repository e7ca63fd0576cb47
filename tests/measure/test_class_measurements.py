"""Areas, volumes and counts of each class."""

import csv

import numpy as np

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.measure.class_measurements import COLUMNS, measure_classes, row, table

CLASSES = ClassTable.named(["background", "cell", "scar"], [(9, 9, 9), (200, 0, 0), (0, 0, 200)])


def picture() -> np.ndarray:
    labels = np.zeros((1, 10, 10), np.uint8)
    labels[0, 1:3, 1:3] = 1
    labels[0, 6:8, 6:8] = 1
    labels[0, 9] = 255
    return labels


def test_that_a_picture_is_measured_in_square_millimetres() -> None:
    background, cell, scar = measure_classes(picture(), CLASSES, Geometry((1.0, 0.5, 0.5)))
    assert (cell.voxels, cell.objects, cell.area_mm2, cell.volume_mm3) == (8, 2, 2.0, None)
    assert (cell.mean_object_voxels, cell.mean_object_mm) == (4.0, 1.0)
    assert (background.voxels, background.share) == (82, 82 / 90)
    assert (scar.voxels, scar.objects, scar.mean_object_voxels) == (0, 0, None)


def test_that_a_volume_is_measured_in_cubic_millimetres_and_three_dimensions() -> None:
    labels = np.zeros((4, 6, 6), np.uint8)
    labels[:, 2, 2] = 1
    cell = measure_classes(labels, CLASSES, Geometry((5.0, 0.7, 0.7)))[1]
    assert (cell.voxels, cell.objects, cell.area_mm2) == (4, 1, None)
    assert cell.volume_mm3 is not None
    assert abs(cell.volume_mm3 - 4 * 5 * 0.49) < 1e-9


def test_that_unknown_spacing_gives_no_millimetres() -> None:
    cell = measure_classes(picture(), CLASSES, Geometry())[1]
    assert (cell.area_mm2, cell.volume_mm3, cell.mean_object_mm) == (None, None, None)


def test_that_the_table_counts_voxels_by_origin() -> None:
    origin = np.zeros((1, 10, 10), np.uint8)
    origin[0, 1, 1:3] = Origin.PAINTED
    origin[0, 2, 1] = Origin.PAINTED | HELD_OUT
    origin[0, 2, 2] = Origin.IMPORTED
    origin[0, 6, 6] = Origin.ACCEPTED
    cell = measure_classes(picture(), CLASSES, Geometry(), origin)[1]
    assert (cell.painted, cell.imported, cell.accepted, cell.predicted) == (3, 1, 1, 3)


def test_that_the_table_reads_back_as_written() -> None:
    measurements = measure_classes(picture(), CLASSES, Geometry((1.0, 0.5, 0.5)))
    text = table([row('a, "b"', entry, "accepted") for entry in measurements], "words")
    comment, *lines = text.split("\r\n")
    rows = list(csv.DictReader(lines))
    assert comment == "# words"
    assert tuple(rows[0]) == COLUMNS
    assert (rows[1]["case"], rows[1]["class"], rows[1]["area_mm2"], rows[1]["review"]) == ('a, "b"', "cell", "2", "accepted")


def test_that_a_name_cannot_become_a_formula_in_a_spreadsheet() -> None:
    cells = row("=1+1", measure_classes(picture(), CLASSES, Geometry())[1])
    assert "'=1+1," in table([cells], "words")
