"""Which tiles of an interrupted prediction are predicted again."""

from unetstudio.data.region import Region
from unetstudio.inference.resumption import Resumption


def cell(z: int, row: int) -> Region:
    """One of the tile cores of 8 x 8 voxels in a column of a stack."""
    return Region((z, 8 * row, 0), (z + 1, 8 * row + 8, 8))


STACK = [cell(z, row) for z in range(3) for row in range(4)]
PICTURE = [cell(0, row) for row in range(8)]


def test_that_a_fresh_prediction_skips_nothing_and_keeps_all() -> None:
    fresh = Resumption.of(frozenset(), PICTURE, (0, 4, 4), exact=False, volume=False)
    assert not any(map(fresh.skips, PICTURE)) and all(map(fresh.keeps, PICTURE))


def test_that_exact_tiles_are_predicted_once() -> None:
    again = Resumption.of(frozenset(PICTURE[:5]), PICTURE, (0, 4, 4), exact=True, volume=False)
    assert [again.skips(tile_core) for tile_core in PICTURE] == [True] * 5 + [False] * 3


def test_that_blended_tiles_beside_a_missing_one_are_made_anew_with_those_beside_them_for_help() -> None:
    again = Resumption.of(frozenset(PICTURE[:5]), PICTURE, (0, 4, 4), exact=False, volume=False)
    assert [again.keeps(tile_core) for tile_core in PICTURE] == [False] * 4 + [True] * 4
    assert [again.skips(tile_core) for tile_core in PICTURE] == [True] * 3 + [False] * 5


def test_that_slices_that_know_nothing_of_each_other_are_blended_within_themselves() -> None:
    again = Resumption.of(frozenset(STACK[:6]), STACK, (0, 4, 4), exact=False, volume=True)
    assert [again.skips(tile_core) for tile_core in STACK] == [True] * 4 + [False] * 8
    assert [again.keeps(tile_core) for tile_core in STACK] == [False] * 4 + [True] * 8


def test_that_a_finished_prediction_is_not_made_again() -> None:
    again = Resumption.of(frozenset(PICTURE), PICTURE, (0, 4, 4), exact=False, volume=False)
    assert all(map(again.skips, PICTURE))
