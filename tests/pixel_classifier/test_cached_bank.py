"""Features are computed once, and are those of the whole scan wherever they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from pixel_classifier.banks import PlainBank

from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.pixel_classifier.cached_bank import CachedBank, blocks


def noise(shape: tuple[int, int, int] = (2, 40, 35)) -> Scan:
    return Scan(np.random.default_rng(0).integers(0, 256, (1, *shape)).astype(np.uint8))


@pytest.mark.parametrize("region", [Region((0, 0, 0), (2, 40, 35)), Region((1, 3, 15), (2, 33, 17)), Region((0, 39, 34), (1, 40, 35))])
def test_that_a_part_has_the_features_of_the_whole(region: Region) -> None:
    scan = noise()
    whole = PlainBank().features(scan, Region.whole(scan.shape)).astype(np.float16).astype(np.float32)
    assert (CachedBank(PlainBank()).features(scan, region) == whole[(slice(None), *region.slices)]).all()


def test_that_a_block_is_computed_once() -> None:
    bank, scan = PlainBank(), noise()
    cached = CachedBank(bank)
    for _ in range(3):
        cached.features(scan, Region((0, 0, 0), (1, 20, 10)))
    assert bank.asked == [Region((0, 0, 0), (1, 16, 16)), Region((0, 16, 0), (1, 32, 16))]


def test_that_another_scan_has_features_of_its_own() -> None:
    cached, region = CachedBank(PlainBank()), Region((0, 0, 0), (1, 8, 8))
    dark, bright = (Scan(np.full((1, 1, 8, 8), value, np.uint8)) for value in (0, 255))
    assert cached.features(dark, region).max() == 0
    assert cached.features(bright, region).min() == 1


def test_that_old_blocks_make_room_for_new_ones() -> None:
    bank, scan = PlainBank(), noise((1, 64, 16))
    cached = CachedBank(bank, bytes=2 * 2 * 2 * 16 * 16)  # two blocks of two features in float16
    for row in (0, 16, 32, 0):
        cached.features(scan, Region((0, row, 0), (1, row + 16, 16)))
    assert [region.start[1] for region in bank.asked] == [0, 16, 32, 0]


def test_that_blocks_cover_a_region_and_stay_inside_the_array() -> None:
    shape = (3, 40, 35)
    covered = np.zeros(shape, int)
    for block in blocks(Region((1, 17, 0), (3, 40, 35)), shape, (2, 16, 16)):
        covered[block.slices] += 1
        assert block == block.clipped(shape)
    assert (covered[1:, 17:] == 1).all()
    assert not covered[:, :16].any()
