"""One large picture predicted by us and by what a user would install instead: the same network and weights, in one run.

    python benchmarks/prediction_peers.py [--size 4096] [--base 32] [--depth 4] [--threads 2] [--peers]

A U-Net that has learnt to find soft blobs for some seconds. Ours: exact tiles by PyTorch in float32, in the number format that the
program chooses, and by the quickest engine that gives the same masks. Peers: MONAI's sliding_window_inference (windows of 256, Gaussian
blending, overlap 0.5 and 0.25) and nnU-Net's predictor (windows of 512, step 0.5, Gaussian, without mirroring), float32 as they come.
Each row is a process of its own. "same" is the share of pixels with the class that one float32 pass over the middle of the picture gives;
"peak" the share of what a large matrix product reaches in the same number format.
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
"""Edge of the part of the picture that is compared with one pass."""

WAYS = ("ours, float32", "ours", "ours, fast engine", "monai, overlap 0.5", "monai, overlap 0.25", "nnunet, step 0.5")


def picture(size: int) -> np.ndarray:
    """(Y, X) uint8: soft blobs with noise; one part of them repeated, which makes no difference to the time."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((1024, 1024)), 6, mode="wrap")
    tile = 100 + 60 * (field > field.std()) + 15 * rng.standard_normal(field.shape)
    times = -(-size // 1024)
    return np.tile(tile, (times, times))[:size, :size].clip(0, 255).astype(np.uint8)


def train(folder: Path, base: int, depth: int, seconds: float) -> Path:
    """Some seconds on a part of such a picture: masks of an untrained network would flicker at every rounding."""
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
    """Seconds (the better of two where that is quick), MB beyond the start, the engine in words, and the share of equal pixels."""
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
        keep_freed_memory()  # as the program does when it chooses a format; peers run as they come
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
    found = predict()
    seconds = time.perf_counter() - start
    ended.set()
    watcher.join()
    same = float((found[half, half] == truth).mean())
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
    """Classes of the middle of the picture from one pass over it with all that it depends on."""
    from unetstudio.data.region import Region

    core = Region((0, half.start, half.start), (1, half.stop, half.stop))
    grid = predictor.tiles.grid(scan)
    (aligned,) = grid.tile_cores(core, (1, CHECKED + 16, CHECKED + 16), (0, half.start, half.start))
    shares = predictor.tiles.predict_core(scan, grid, aligned)[(slice(None), *core.within(aligned))]
    return (shares[1] > shares[0])[0].astype(np.uint8)


def _ours(predictor: Any, scan: Any) -> np.ndarray:
    """What `unetstudio predict` does with a picture, up to the classes."""
    from unetstudio.inference.events import TilePredicted
    from unetstudio.inference.request import FINAL_SECONDS, PredictionRequest

    found = np.zeros(scan.shape[1:], np.uint8)
    for event in predictor.predict(scan, PredictionRequest("benchmark", row_order=True, tile_seconds=FINAL_SECONDS)):
        if isinstance(event, TilePredicted):
            found[event.region.slices[1:]] = event.probabilities[1, 0] > event.probabilities[0, 0]
    return found


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
    """Multiplications and additions of the convolutions for each pixel of a picture."""
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
    """Operations a second of a large matrix product, the best of some."""
    kind, edge, best = getattr(torch, dtype), 2048, float("inf")
    a, b = (torch.randn(edge, edge, dtype=kind) for _ in range(2))
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2.0 * edge**3 / best


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--size", type=int, default=4096)
    ask.add_argument("--base", type=int, default=32)
    ask.add_argument("--depth", type=int, default=4)
    ask.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    ask.add_argument("--seconds", type=float, default=40, help="of training")
    ask.add_argument("--ways", nargs="+", default=list(WAYS))
    ask.add_argument("--row", nargs=2, metavar=("WAY", "CHECKPOINT"), help=argparse.SUPPRESS)
    chosen = ask.parse_args()
    if chosen.row:
        try:
            print(json.dumps(run(chosen.row[0], Path(chosen.row[1]), chosen.size, chosen.threads)))
        except ImportError as error:
            print(json.dumps({"way": chosen.row[0], "missing": error.name}))
        return
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = train(Path(folder), chosen.base, chosen.depth, chosen.seconds)
        rows = []
        for way in chosen.ways:
            command = [
                sys.executable,
                __file__,
                "--size",
                str(chosen.size),
                "--threads",
                str(chosen.threads),
                "--row",
                way,
                str(checkpoint),
            ]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(rows[-1], file=sys.stderr, flush=True)
    known = {row["way"]: row["seconds"] for row in rows if "seconds" in row}
    print("| way | seconds | times ours, float32 | times ours | times ours, fast engine | MB | same | of the matrix peak |\n|" + "---|" * 8)
    for row in rows:
        if "missing" in row:
            print(f"| {row['way']} | {row['missing']} is not installed | | | | | | |")
            continue
        ratios = [f"{row['seconds'] / known[way]:.2f}" if way in known else "" for way in WAYS[:3]]
        print(f"| {row['way']} | {row['seconds']:.1f} | {' | '.join(ratios)} | {row['mb']:.0f} | {row['same']:.4%} | {row['peak']:.0%} |")
    print("\n" + "\n".join(f"{row['way']}: {row['words']}" for row in rows if "words" in row))


if __name__ == "__main__":
    main()
