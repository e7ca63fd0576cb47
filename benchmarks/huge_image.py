"""Benchmark of the memory, and the time per pixel, of predicting ever larger pictures.

python benchmarks/huge_image.py [--sizes 4096 8192 16384 30000] [--blank 0.25] [--base 4] [--depth 2] [--storage raw]
                                [--post NAME=VALUE ...] [--engine torch] [--folder FOLDER]

It makes square pictures of soft blobs, with a blank share as on a slide, and runs `unetstudio predict` on each in a separate process with
an untrained network. The memory of that process is sampled ten times a second: its unique set size (psutil's `uss`), that is its resident
memory without the pages shared with other processes or files, which the system can reclaim. "start" is the time when the network is loaded
and no tile begun; everything else is counted beyond it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import psutil
import tifffile
import torch
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity
from unetstudio.data.scan import Scan
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.networks.network import create
from unetstudio.project.project import Project

BLOCK = 1024
GROUND = 230  # value of blank parts
STORAGE = {"raw": {}, "tiles": {"tile": (256, 256), "compression": "zlib"}, "strips": {"rowsperstrip": 64, "compression": "zlib"}}
CLASSES, CHANNELS = 2, 1


@dataclass
class Watched:
    """The record of a process: its memory in bytes, its events and its words, each with the time in seconds."""

    memory: list[tuple[float, int]] = field(default_factory=list)
    events: list[tuple[float, dict[str, object]]] = field(default_factory=list)
    words: list[tuple[float, str]] = field(default_factory=list)


def texture(edge: int = 4 * BLOCK) -> NDArray[np.uint8]:
    """Make soft dark blobs on a bright background, with a little noise."""
    torch.manual_seed(0)
    coarse = torch.rand(1, 1, edge // 16, edge // 16)
    blobs = torch.nn.functional.interpolate(coarse, (edge, edge), mode="bicubic")[0, 0]
    return (GROUND - blobs.clamp(0, 1) * 180 + torch.randn(edge, edge) * 4).clamp(0, 255).to(torch.uint8).numpy()


def picture(path: Path, size: int, blank: float, storage: str) -> None:
    """Write a picture of `size` squared, by rows of blocks."""
    rng, pattern = np.random.default_rng(0), texture()

    def rows() -> NDArray[np.uint8]:
        row = np.full((BLOCK, size), GROUND, np.uint8)
        for left in range(0, size, BLOCK):
            if rng.random() >= blank:
                y, x = rng.integers(0, len(pattern) - BLOCK, 2)
                width = min(BLOCK, size - left)
                row[:, left : left + width] = pattern[y : y + BLOCK, x : x + width]
        return row

    if storage == "raw":
        pixels = tifffile.memmap(path, shape=(size, size), dtype=np.uint8, photometric="minisblack", bigtiff=True)
        for top in range(0, size, BLOCK):
            pixels[top : top + BLOCK] = rows()[: size - top]
        pixels.flush()
        return
    parts = (rows()[: size - top] for top in range(0, size, BLOCK))
    whole = np.concatenate(list(parts))
    tifffile.imwrite(path, whole, photometric="minisblack", bigtiff=True, **STORAGE[storage])


def project(folder: Path, base: int, depth: int) -> None:
    """Make a project without images, with an untrained checkpoint."""
    torch.manual_seed(0)
    intensity = Intensity.fit([Scan(texture()[None, None])])
    network = create("unet", intensity.channels_out(CHANNELS), CLASSES, base=base, depth=depth)
    classes = ClassTable.named(["background", "structure"], [(0, 0, 0), (255, 255, 0)])
    with Project.create(folder, classes) as study:
        save(study.checkpoints_folder, Checkpoint("unet", network.config.to_json(), classes, intensity.to_json()), network.state_dict())


def watch(words: list[str]) -> Watched:
    """Run a command to its end and record it."""
    record, start = Watched(), time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def listen(stream: IO[str], json_lines: bool) -> None:
        for line in stream:
            now = time.perf_counter() - start
            if json_lines:
                record.events.append((now, json.loads(line)))
            else:
                record.words.append((now, line.strip()))

    assert process.stdout is not None
    assert process.stderr is not None
    threads = [threading.Thread(target=listen, args=arguments) for arguments in ((process.stdout, True), (process.stderr, False))]
    for thread in threads:
        thread.start()
    child = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            record.memory.append((time.perf_counter() - start, child.memory_full_info().uss))
        except psutil.Error:
            break
        time.sleep(0.1)
    process.wait()
    for thread in threads:
        thread.join()
    if process.returncode:
        sys.exit("\n".join(line for _, line in record.words))
    return record


def report(size: int, record: Watched) -> str:
    """Format a row of the table."""
    begin = next(at for at, line in record.words if line.startswith("Computed by"))
    end = next(at for at, event in record.events if event["event"] == "mask")
    before = [held for at, held in record.memory if at <= begin][-1]
    during = [(at, held - before) for at, held in record.memory if begin < at <= end]
    half = (begin + end) / 2
    early, late = (max((held for at, held in during if (at > half) is later), default=0) for later in (False, True))
    writing = next((at for at, event in record.events if event.get("what") == "writing"), end)
    pixels = size * size
    monai = pixels * (4 * CLASSES + 4 + 8 * CHANNELS)  # output and count map, picture and its padded copy, all in 32 bits
    nnunet = pixels * (2 * CLASSES + 2 + 4 * CHANNELS)  # logits and count map in 16 bits, picture in 32
    seconds = f"{(end - begin) / pixels * 1e6:9.4f} {(writing - begin):9.1f} {(end - writing):8.1f}"
    return (
        f"{size:6d} {before / 2**20:9.0f} {max(early, late) / 2**20:9.0f} {early / 2**20:10.0f} {late / 2**20:10.0f} "
        f"{seconds} {monai / 2**20:11,.0f} {nnunet / 2**20:11,.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096, 8192, 16384, 30000])
    parser.add_argument("--blank", type=float, default=0.25, help="share of the picture that is blank")
    parser.add_argument("--base", type=int, default=4)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--storage", choices=STORAGE, default="raw", help="of the picture; others than raw are made in memory")
    parser.add_argument("--post", nargs="*", default=[], metavar="NAME=VALUE", help="clean-up steps, as of the command")
    parser.add_argument("--engine", default="torch")
    parser.add_argument("--folder", type=Path, help="where pictures and masks are made, and removed again")
    arguments = parser.parse_args()
    clean_up = " ".join(arguments.post) or "no clean-up"
    print(f"blank {arguments.blank:.0%}, {arguments.storage}, base {arguments.base}, depth {arguments.depth}, {clean_up}")
    print(
        f"{'size':>6} {'start MB':>9} {'peak MB':>9} {'1st half':>10} {'2nd half':>10} {'s/Mpixel':>9} {'predict s':>9} {'write s':>8} "
        f"{'MONAI MB *':>11} {'nnU-Net MB *':>11}"
    )
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        project(folder / "p.unetstudio", arguments.base, arguments.depth)
        for size in arguments.sizes:
            image, out = folder / f"{size}.tif", folder / "masks"
            picture(image, size, arguments.blank, arguments.storage)
            words = [sys.executable, "-m", "unetstudio", "predict", str(folder / "p.unetstudio"), str(image), "--out", str(out), "--json"]
            posts = [word for post in arguments.post for word in ("--post", post)]
            print(report(size, watch([*words, "--device", "cpu", "--engine", arguments.engine, *posts])), flush=True)
            image.unlink()
            shutil.rmtree(out)
    print("* computed from what they allocate, not measured; peak MB is beyond start MB")


if __name__ == "__main__":
    main()
