"""Tiles cover what was asked for, lie on the grid, and mirror the scan at its borders only."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unetstudio.data.region import Index, Region
from unetstudio.inference.overlap_tile import TileGrid
from unetstudio.networks.network import create

FLAT = create("unet", 1, 2, depth=2, base=1)
SOLID = create("unet", 1, 2, 3, depth=1, base=1)
VALID = create("unet", 1, 2, depth=2, base=1, padding="valid")

extents = st.integers(1, 70)


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(1, 4), extents, extents), st.tuples(extents, extents, extents), st.sampled_from([FLAT, SOLID, VALID]))
def test_that_cores_cover_every_voxel_once(shape: Index, size: Index, network: object) -> None:
    grid = TileGrid.of(network, shape)  # type: ignore[arg-type]
    wanted = Region((0, shape[1] // 3, 0), (shape[0], shape[1], max(1, shape[2] // 2)))
    count = np.zeros(shape, int)
    for core in grid.tile_cores(wanted, size, (0, 0, 0)):
        count[(core & wanted).slices] += 1
        assert all((a - o) % s == 0 for a, o, s in zip(core.start, grid.domain.start, grid.step, strict=True))
    assert (count[wanted.slices] == 1).all()
    assert count.sum() == wanted.size


def test_that_the_core_under_the_focus_comes_first() -> None:
    grid = TileGrid.of(FLAT, (1, 100, 100))
    cores = grid.tile_cores(Region.whole((1, 100, 100)), (1, 16, 16), (0, 70, 30))
    assert not (cores[0] & Region((0, 70, 30), (1, 71, 31))).empty


def test_that_the_focused_slice_is_finished_before_its_neighbours() -> None:
    grid = TileGrid.of(FLAT, (5, 200, 200))
    cores = grid.tile_cores(Region.whole((5, 200, 200)), (1, 40, 40), (3, 0, 0))
    assert {core.start[0] for core in cores[: len(cores) // 5]} == {3}


def test_that_nothing_is_asked_for_an_empty_region() -> None:
    assert TileGrid.of(FLAT, (1, 8, 8)).tile_cores(Region((0, 4, 4), (0, 4, 4)), (1, 8, 8), (0, 0, 0)) == []


def test_that_halves_make_up_the_whole() -> None:
    grid = TileGrid.of(FLAT, (1, 64, 64))
    core = Region((0, -8, -8), (1, 16, 52))
    first, second = grid.halves(core)
    assert first.size + second.size == core.size
    assert first | second == core


def test_that_a_core_of_one_step_cannot_be_halved() -> None:
    assert TileGrid.of(FLAT, (1, 64, 64)).halves(Region((0, 0, 0), (1, 4, 4))) == []


def test_that_tiles_grow_with_the_speed_and_stay_below_the_limit() -> None:
    shape = (1, 4096, 4096)
    grid = TileGrid.of(FLAT, shape)
    inputs = [(y + 2 * grid.halo[1]) * (x + 2 * grid.halo[2]) for _, y, x in _sizes(grid, shape)]
    assert inputs == sorted(inputs)
    assert inputs[-1] <= 2**20


def _sizes(grid: TileGrid, shape: Index) -> list[Index]:
    return [grid.core_size(Region.whole(shape), voxels, 2**20) for voxels in (1e3, 1e5, 1e9)]


def test_that_slices_are_predicted_together_when_they_are_small() -> None:
    grid = TileGrid.of(FLAT, (64, 32, 32))
    assert grid.core_size(Region.whole((64, 32, 32)), 1e6, 2**22)[0] > 1


def test_that_a_thin_volume_does_not_cost_many_times_its_size() -> None:
    shape = (35, 51, 35)
    grid = TileGrid.of(create("unet", 1, 2, 3, depth=3, base=1), shape)
    assert grid.domain.size <= 4 * np.prod(shape)
