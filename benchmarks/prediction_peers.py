"""Benchmark of predicting a large picture against other packages, with the same network and weights, in one run.

    python benchmarks/prediction_peers.py [--size 4096] [--base 32] [--depth 4] [--threads 2] [--peers]

The network is a U-Net trained on soft blobs for some seconds. Ours: exact tiles by PyTorch in float32, in the number format that the
program chooses, and by the fastest engine that gives the same masks. Peers: MONAI's sliding_window_inference (windows of 256, Gaussian
blending, overlap 0.5 and 0.25) and nnU-Net's predictor (windows of 512, step 0.5, Gaussian, without mirroring), float32 by default.
Each row is a separate process. "same" is the share of pixels with the class that a single float32 pass over the middle of the picture
gives; "peak" is the share of the speed of a large matrix product in the same number format.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import psutil
import torch
from torch import nn

CHECKED = 1024
"""Edge of the part of the picture that is compared with a single pass."""

WAYS = ("ours, float32", "ours", "ours, fast engine", "monai, overlap 0.5", "monai, overlap 0.25", "nnunet, step 0.5")


def picture(size: int) -> np.ndarray:
    """Make (Y, X) uint8, soft blobs with noise; one part is repeated, which does not affect the time."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((1024, 1024)), 6, mode="wrap")
    tile = 100 + 60 * (field > field.std()) + 15 * rng.standard_normal(field.shape)
    times = -(-size // 1024)
    return np.tile(tile, (times, times))[:size, :size].clip(0, 255).astype(np.uint8)


def train(folder: Path, base: int, depth: int, seconds: float) -> Path:
    """Train for some seconds on a part of such a picture: masks of an untrained network would change with every rounding."""
    from unetstudio.data.case import Case, Source
    from unetstudio.data.classes import ClassTable
    from unetstudio.data.labels import LabelMap
    from unetstudio.data.scan import Scan
    from unetstudio.data.study import Study, StudyCase
    from unetstudio.settings import TrainingSettings
    from unetstudio.training.fit import Trainer

    part = picture(512)[None, None]
    scan = Scan(part)
    from scipy.ndimage import gaussian_filter

    labels = (gaussian_filter(part[0, 0].astype(np.float32), 2) > 130).astype(np.uint8)[None]
    case = Case("a", "a", Source(Path("a.png")), "", scan.shape, 1)
    study = Study(ClassTable.named(["ground", "blob"], [(0, 0, 0), (255, 0, 0)]), [StudyCase(case, lambda: scan, LabelMap(labels))])
    trainer = Trainer(study, TrainingSettings(seconds=seconds, base=base, depth=depth, border_weight="off"), checkpoints=folder)
    for _ in trainer.run():
        pass
    assert trainer.saved is not None
    return Path(trainer.saved.path)


def run(way: str, checkpoint: Path, size: int, threads: int) -> dict[str, Any]:
    """Measure seconds, MB beyond the start, the engine in words, the share of equal pixels, and the share of the peak speed."""
    from unetstudio.data.scan import Scan
    from unetstudio.inference.network_predictor import NetworkPredictor
    from unetstudio.networks.allocator import keep_freed_memory
    from unetstudio.networks.device import Precision, use_threads

    use_threads(threads)
    scan = Scan(picture(size)[None, None])
    exact = NetworkPredictor.load(checkpoint, precision=Precision(torch.device("cpu"), channels_last=True))
    middle = (size - CHECKED) // 2
    half = slice(middle, middle + CHECKED)
    truth = _one_pass(exact, scan, half)
    predict: Callable[[], np.ndarray]
    words, dtype = "PyTorch, float32", "float32"
    if way.startswith("ours"):
        keep_freed_memory()  # as the program does when it chooses a format; peers run unchanged
        predictor = exact if way == "ours, float32" else NetworkPredictor.load(checkpoint)
        dtype = str(predictor.tiles.precision.dtype).removeprefix("torch.")
        words = f"PyTorch, {dtype}"
        if way == "ours, fast engine":
            words = predictor.tiles.select_engine(scan, 1e12).words
        predictor.tiles.measure_speed()
        predict = lambda: _ours(predictor, scan)  # noqa: E731
    else:
        network = exact.network.to(memory_format=torch.contiguous_format).eval()
        channels = torch.from_numpy(exact.tiles.channels(scan, _whole(scan)))[:, 0]  # (C, Y, X), made before the clock starts
        predict = _monai(network, channels, float(way.rsplit(maxsplit=1)[-1])) if way.startswith("monai") else _nnunet(network, channels)
    process, most, ended = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not ended.wait(0.02):
            most[0] = max(most[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    classes = predict()
    seconds = time.perf_counter() - start
    ended.set()
    watcher.join()
    same = float((classes[half, half] == truth).mean())
    flops = _flops(exact.network, exact.network.config.in_channels) * size * size
    return {
        "way": way,
        "seconds": seconds,
        "mb": (most[0] - before) / 2**20,
        "same": same,
        "words": words,
        "peak": flops / seconds / matrix_peak(dtype),
    }


def _whole(scan: Any) -> Any:
    from unetstudio.data.region import Region

    return Region.whole(scan.shape)


def _one_pass(predictor: Any, scan: Any, half: slice) -> np.ndarray:
    """Return the classes of the middle of the picture from one pass with its full receptive field."""
    from unetstudio.data.region import Region

    core = Region((0, half.start, half.start), (1, half.stop, half.stop))
    grid = predictor.tiles.grid(scan)
    (aligned,) = grid.tile_cores(core, (1, CHECKED + 16, CHECKED + 16), (0, half.start, half.start))
    shares = predictor.tiles.predict_core(scan, grid, aligned)[(slice(None), *core.within(aligned))]
    return (shares[1] > shares[0])[0].astype(np.uint8)


def _ours(predictor: Any, scan: Any) -> np.ndarray:
    """Predict the classes of a picture as `unetstudio predict` does."""
    from unetstudio.inference.events import TilePredicted
    from unetstudio.inference.request import FINAL_SECONDS, PredictionRequest

    classes = np.zeros(scan.shape[1:], np.uint8)
    for event in predictor.predict(scan, PredictionRequest("benchmark", row_order=True, tile_seconds=FINAL_SECONDS)):
        if isinstance(event, TilePredicted):
            classes[event.region.slices[1:]] = event.probabilities[1, 0] > event.probabilities[0, 0]
    return classes


def _monai(network: nn.Module, channels: torch.Tensor, overlap: float) -> Callable[[], np.ndarray]:
    from monai.inferers import sliding_window_inference

    @torch.no_grad()
    def predict() -> np.ndarray:
        logits = sliding_window_inference(channels[None], (256, 256), 4, network, overlap=overlap, mode="gaussian")
        return np.asarray(logits[0].argmax(0).numpy(), np.uint8)

    return predict


def _nnunet(network: nn.Module, channels: torch.Tensor) -> Callable[[], np.ndarray]:
    from types import SimpleNamespace

    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(
        tile_step_size=0.5,
        use_gaussian=True,
        use_mirroring=False,
        perform_everything_on_device=False,
        device=torch.device("cpu"),
        allow_tqdm=False,
    )
    predictor.network, predictor.allowed_mirroring_axes, predictor.list_of_parameters = network, None, []
    predictor.configuration_manager = SimpleNamespace(patch_size=(512, 512))
    predictor.label_manager = SimpleNamespace(num_segmentation_heads=2)

    def predict() -> np.ndarray:
        logits = predictor.predict_sliding_window_return_logits(channels[:, None])
        return np.asarray(logits[:, 0].float().argmax(0).numpy(), np.uint8)

    return predict


def _flops(network: nn.Module, channels: int) -> float:
    """Count the multiplications and additions of the convolutions per pixel."""
    edge, total = 256, [0.0]

    def count(layer: Any, _: Any, out: torch.Tensor) -> None:
        per_voxel = layer.weight[0].numel() if isinstance(layer, nn.Conv2d) else layer.in_channels
        total[0] += 2.0 * per_voxel * out.numel()

    hooks = [layer.register_forward_hook(count) for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))]
    with torch.no_grad():
        network(torch.zeros(1, channels, edge, edge))
    for hook in hooks:
        hook.remove()
    return total[0] / edge**2


def matrix_peak(dtype: str) -> float:
    """Return the operations per second of a large matrix product, the best of several."""
    kind, edge, best = getattr(torch, dtype), 2048, float("inf")
    a, b = (torch.randn(edge, edge, dtype=kind) for _ in range(2))
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2.0 * edge**3 / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--base", type=int, default=32)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=40, help="of training")
    parser.add_argument("--ways", nargs="+", default=list(WAYS))
    parser.add_argument("--row", nargs=2, metavar=("WAY", "CHECKPOINT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        try:
            print(json.dumps(run(arguments.row[0], Path(arguments.row[1]), arguments.size, arguments.threads)))
        except ImportError as error:
            print(json.dumps({"way": arguments.row[0], "missing": error.name}))
        return
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = train(Path(folder), arguments.base, arguments.depth, arguments.seconds)
        rows = []
        for way in arguments.ways:
            command = [
                sys.executable,
                __file__,
                "--size",
                str(arguments.size),
                "--threads",
                str(arguments.threads),
                "--row",
                way,
                str(checkpoint),
            ]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(rows[-1], file=sys.stderr, flush=True)
    times = {row["way"]: row["seconds"] for row in rows if "seconds" in row}
    print("| way | seconds | times ours, float32 | times ours | times ours, fast engine | MB | same | of the matrix peak |\n|" + "---|" * 8)
    for row in rows:
        if "missing" in row:
            print(f"| {row['way']} | {row['missing']} is not installed | | | | | | |")
            continue
        ratios = [f"{row['seconds'] / times[way]:.2f}" if way in times else "" for way in WAYS[:3]]
        print(f"| {row['way']} | {row['seconds']:.1f} | {' | '.join(ratios)} | {row['mb']:.0f} | {row['same']:.4%} | {row['peak']:.0%} |")
    print("\n" + "\n".join(f"{row['way']}: {row['words']}" for row in rows if "words" in row))


if __name__ == "__main__":
    main()
