"""Whatever the network, tiles fit as if the scan had been predicted at once: exactly where the field of view ends, else without seams."""

import numpy as np
import pytest
import torch
from networks.tiny import lively, tiny

from unetstudio.data.intensity import Intensity
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.overlap_tile import TileGrid
from unetstudio.networks.network import NETWORKS, Network

EXACT = [(name, dims) for name, kind in NETWORKS.items() for dims in kind.dims if tiny(name, dims).exact]
PICTURES = [((1, 61, 83), 1), ((1, 128, 40), 3), ((1, 5, 7), 1), ((2, 1, 50), 2)]
VOLUMES = [((9, 21, 34), 2), ((1, 12, 12), 1), ((2, 3, 40), 1)]
"""Shapes, odd and smaller than a tile among them, and how many steps of the grid a tile is wide."""

SOME = 4


def scan_of(shape: Index) -> Scan:
    return Scan(np.random.default_rng(3).integers(0, 255, (1, *shape), dtype=np.uint8))


def largest_difference(network: Network, scan: Scan, size: Index) -> float:
    """Between probabilities by some of the tiles, corners and middle, and those of one forward pass over the whole domain."""
    predictor = NetworkPredictor(network, Intensity.fit([scan], local=False), (0, 1, 2))
    grid = TileGrid.of(network, scan.shape)
    whole_core = Region(grid.domain.start, grid.domain.stop)
    whole, covered = probabilities(predictor, grid, scan, whole_core)
    worst = 0.0
    cores = grid.tile_cores(Region.whole(scan.shape), size, (0, 0, 0))
    for core in cores[:: -(-len(cores) // SOME)]:
        part, inside = probabilities(predictor, grid, scan, core)
        expected = whole[(slice(None), *inside.within(covered))]
        worst = max(worst, float((part - expected).abs().max()))
    return worst


def probabilities(predictor: NetworkPredictor, grid: TileGrid, scan: Scan, core: Region) -> tuple[torch.Tensor, Region]:
    """(K, Z, Y, X) of the part of a core that lies in the scan, and that part."""
    seen, inside = grid.input(core), core & Region.whole(scan.shape)
    rim = (*(0,) * (3 - predictor.tiles.dims), *predictor.network.valid_margin)
    answered = Region(*(tuple(n + sign * lost for n, lost in zip(at, rim, strict=True)) for at, sign in ((seen.start, 1), (seen.stop, -1))))  # type: ignore[arg-type]
    return predictor.tiles.predict_channels(predictor.tiles.channels(scan, seen), part=inside.within(answered)), inside


@pytest.mark.parametrize(("name", "dims"), EXACT)
def test_that_tiles_equal_the_whole_to_five_decimals(name: str, dims: int) -> None:
    network = lively(tiny(name, dims, inputs=1))
    for shape, steps in PICTURES if dims == 2 else VOLUMES:
        edge = steps * max(network.size_multiple)
        assert largest_difference(network, scan_of(shape), (1 if dims == 2 else edge, edge, edge)) <= 1e-5, shape


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_that_the_mirrored_overlap_tile_of_the_paper_is_exact(padding: str) -> None:
    network = lively(tiny("unet", 2, inputs=1, padding=padding))
    assert largest_difference(network, scan_of((1, 50, 71)), (1, 16, 16)) <= 1e-5


@pytest.mark.parametrize("name", ["unet", "unet3d", "residual_unet", "resenc_unet", "attention_unet"])
def test_that_anisotropic_poolings_are_exact_too(name: str) -> None:
    network = lively(tiny(name, 3, inputs=1, pool=((1, 2, 2), (2, 2, 2))))
    assert largest_difference(network, scan_of((7, 30, 22)), (4, 8, 8)) <= 1e-5


@pytest.mark.parametrize("name", ["unet", "residual_unet", "resenc_unet", "attention_unet"])
def test_that_deeper_networks_are_exact_too(name: str) -> None:
    network = lively(tiny(name, 2, inputs=1, depth=3, base=2))
    assert largest_difference(network, scan_of((1, 131, 90)), (1, 32, 32)) <= 1e-5
