"""Benchmark of exact tiles against one pass over the whole image, and against half-overlapping windows with Gaussian blending.

python benchmarks/prediction.py [--size 1024] [--base 16] [--depth 3]

The network is the same, untrained, which exaggerates seams, and so is the number format. "differs" is the largest difference to the whole
image's probabilities, in 1/255. Memory is the peak beyond the start, each way in a separate process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.inference.collect import collect
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.tile_network import as_bytes
from unetstudio.networks.device import choose_device, use_threads
from unetstudio.networks.network import create
from unetstudio.networks.precision_choice import choose_precision

WINDOW = 256
Probabilities = NDArray[np.uint8]


def exact_tiles(predictor: NetworkPredictor, scan: Scan) -> Probabilities:
    """Predict as the program does."""
    prediction = Prediction(scan.shape, predictor.values)
    for _ in collect(predictor.predict(scan, PredictionRequest("benchmark")), prediction):
        pass
    return prediction.probabilities


def whole_image(predictor: NetworkPredictor, scan: Scan) -> Probabilities:
    """Predict in one pass over the mirrored image."""
    domain = predictor.tiles.grid(scan).domain
    spread = predictor.tiles.predict_channels(predictor.tiles.channels(scan, domain))
    return as_bytes(spread[(slice(None), *Region.whole(scan.shape).within(domain))]).cpu().numpy()


def blended_windows(predictor: NetworkPredictor, scan: Scan) -> Probabilities:
    """Average windows that overlap by half, with Gaussian weights of an eighth of the window, as other programs do."""
    _, y, x = scan.shape
    axis = torch.arange(WINDOW) - (WINDOW - 1) / 2
    bell = torch.exp(-0.5 * (axis / (WINDOW / 8)) ** 2)
    weight = bell[:, None] * bell[None, :]
    channels = predictor.tiles.channels(scan, Region.whole(scan.shape))
    total, count = torch.zeros(len(predictor.values), 1, y, x), torch.zeros(y, x)
    starts = [sorted({*range(0, n - WINDOW, WINDOW // 2), n - WINDOW}) for n in (y, x)]
    for top in starts[0]:
        for left in starts[1]:
            rows, columns = slice(top, top + WINDOW), slice(left, left + WINDOW)
            total[..., rows, columns] += predictor.tiles.predict_channels(channels[..., rows, columns]).cpu() * weight
            count[rows, columns] += weight
    return as_bytes(total / count).numpy()


WAYS: dict[str, Callable[[NetworkPredictor, Scan], Probabilities]] = {
    "whole image": whole_image,
    "exact tiles": exact_tiles,
    "blended windows": blended_windows,
}


def run(way: str, size: int, base: int, depth: int) -> tuple[Probabilities, float, float]:
    """Return probabilities, seconds (the better of two) and MB of a way, on an image of soft random blobs."""
    use_threads()
    torch.manual_seed(0)
    random = torch.rand(1, 1, size // 16, size // 16)
    blobs = torch.nn.functional.interpolate(random, (size, size), mode="bicubic")
    scan = Scan(blobs.mul(255).clamp(0, 255).to(torch.uint8).numpy())
    intensity = Intensity.fit([scan])
    network = create("unet", intensity.channels_out(1), 2, base=base, depth=depth)
    predictor = NetworkPredictor(network, intensity, (0, 1), precision=choose_precision(choose_device()))
    predictor.tiles.measure_speed()
    process, seconds = psutil.Process(), float("inf")
    before = process.memory_info().rss
    for _ in range(2):
        start = time.perf_counter()
        probabilities = WAYS[way](predictor, scan)
        seconds = min(seconds, time.perf_counter() - start)
    peak = getattr(process.memory_info(), "peak_wset", 0) or _peak()
    return probabilities, seconds, (peak - before) / 2**20


def _peak() -> int:
    """Return the peak memory of this process in bytes (Linux reports KB, macOS bytes)."""
    import resource
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--base", type=int, default=16)
    parser.add_argument("--depth", type=int, default=3)
    options = vars(parser.parse_args())
    print(f"{'way':<16} {'seconds':>8} {'MB':>6} {'differs':>8}")
    reference = None
    for way in WAYS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            probabilities, seconds, memory = pool.apply(run, (way,), options)
        reference = probabilities if reference is None else reference
        differs = np.abs(probabilities.astype(int) - reference.astype(int)).max()
        print(f"{way:<16} {seconds:8.2f} {memory:6.0f} {differs:8d}")


if __name__ == "__main__":
    main()
