"""Benchmark of saving the labels of a large image after painting on ten blocks, against packing them whole and against plain h5py.

The limit is 0.5 s for 50,000 x 50,000 pixels, written, flushed and read back. Needs about 14 GB of memory at that size.
Run: python benchmarks/label_saving.py --edge 50000 --folder /somewhere/on/a/real/disk
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.project import durable, labels_file
from unetstudio.project.record import Kind
from unetstudio.project.store import LabelStore

DIRTY = 10


def tissue(edge: int) -> LabelMap:
    """Make a label map of cells of three classes everywhere."""
    labels = LabelMap.unlabelled((1, edge, edge))
    rng = np.random.default_rng(0)
    tile = 2000
    y, x = np.ogrid[:tile, :tile]
    patterns = []
    for _ in range(4):
        pattern = np.zeros((tile, tile), np.uint8)
        for _ in range(900):
            row, column, radius = rng.integers(tile), rng.integers(tile), rng.integers(8, 40)
            pattern[(y - row) ** 2 + (x - column) ** 2 < radius**2] = rng.integers(1, 4)
        patterns.append(pattern)
    for row in range(0, edge, tile):
        for column in range(0, edge, tile):
            place = (0, slice(row, row + tile), slice(column, column + tile))
            pattern = patterns[rng.integers(4)]
            labels.values[place] = pattern[: edge - row, : edge - column]
            labels.origin[place] = 1
    return LabelMap(labels.values, labels.origin)


def stroke(store: LabelStore, labels: LabelMap, number: int) -> None:
    """Append a dab of 60 pixels, each in another block."""
    edge = labels.shape[1]
    place = number * (edge // DIRTY) + 200
    painting = Stroke(labels, 2, tool="brush")
    painting.paint(Region((0, place, place), (1, place + 60, place + 60)), np.ones((1, 60, 60), np.bool_))
    edit = painting.commit()
    assert edit is not None
    store.append(Kind.EDIT, edit)


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of wall-clock and of CPU time."""
    begin, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin, time.process_time() - used


def plain(path: Path, labels: LabelMap) -> None:
    """Save as most programs do: the whole file with h5py's usual compression, then flush it."""
    with h5py.File(path, "w") as file:
        for name, array in (("values", labels.values), ("origin", labels.origin)):
            file.create_dataset(name, data=array, compression="gzip", compression_opts=4)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name) / "study" / "cases" / "0123456789abcdef"
        folder.parent.parent.mkdir(parents=True)
        store = LabelStore(folder)
        labels = LabelMap.unlabelled((1, options.edge, options.edge))
        print(f"{options.edge:,} x {options.edge:,} pixels                     on the clock   processor   file")
        store.load(labels.shape)

        def row(words: str, took: tuple[float, float], path: Path) -> None:
            print(f"  {words:42} {took[0]:8.2f} s {took[1]:9.2f} s {path.stat().st_size / 2**20:8.2f} MB", flush=True)

        stroke(store, labels, 0)
        row("one stroke on an empty map, first save", seconds(lambda: store.checkpoint(labels)), folder / "labels-1.h5")
        labels = tissue(options.edge)
        whole = folder / "labels-2.h5"
        row("all annotated, packed whole", seconds(lambda: durable.write_bytes(whole, labels_file.encode(labels, 1))), whole)
        del labels
        again = LabelStore(folder)
        loaded: list[LabelMap] = []
        row("read back and verified", seconds(lambda: loaded.append(again.load((1, options.edge, options.edge)).labels)), whole)
        labels = loaded.pop()
        for number in range(DIRTY):
            stroke(again, labels, number)
        row(f"{DIRTY} blocks painted on, saved", seconds(lambda: again.checkpoint(labels)), folder / "labels-3.h5")
        row("h5py, gzip-4, the whole file anew", seconds(lambda: plain(folder / "peer.h5", labels)), folder / "peer.h5")


if __name__ == "__main__":
    main()
