from __future__ import annotations

import numpy as np

from unetstudio.data.scan import Scan, extremes, pieces


def test_that_a_photograph_is_colour_and_no_volume() -> None:
    scan = Scan(np.zeros((3, 1, 4, 5), np.uint8))
    assert (scan.shape, scan.channels, scan.is_colour, scan.is_volume) == ((1, 4, 5), 3, True, False)


def test_that_a_grey_stack_is_a_volume_and_no_colour() -> None:
    scan = Scan(np.zeros((1, 6, 4, 5), np.uint16))
    assert (scan.shape, scan.channels, scan.is_colour, scan.is_volume) == ((6, 4, 5), 1, False, True)


def test_that_three_channels_of_16_bits_are_microscopy_and_no_photograph() -> None:
    assert not Scan(np.zeros((3, 1, 4, 5), np.uint16)).is_colour


def test_that_the_pieces_of_a_scan_are_all_of_it_and_hold_its_extremes() -> None:
    voxels = np.zeros((1, 2, 70, 2**20), np.int8)
    voxels[0, 0, 69, 7], voxels[0, 1, 0, 9] = -3, 4
    parts = list(pieces(voxels))
    assert all(part.nbytes <= 2**26 for part in parts)
    assert sum(part.size for part in parts) == voxels.size
    assert extremes(voxels) == (-3, 4)
