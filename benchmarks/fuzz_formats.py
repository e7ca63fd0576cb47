"""Opens damaged files of every format: each must end in an image, a mask or an error with words, within 5 s, and never in a crash.

python benchmarks/fuzz_formats.py --mutants 20000 [--formats png tiff] [--seed 0] [--keep FOLDER]

The mutants are shared among the samples of tests/formats/trials and the masks that this program writes. They are tried in processes of
their own: one that crashes or hangs is counted and started again. Files that fail are kept with `--keep`. Exit status 1 if any failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
from formats.trials.mutants import LONGEST, attempt, mutant  # noqa: E402
from formats.trials.samples import MASK_READERS, READERS, WRITERS, MadeMask, load  # noqa: E402
from formats.trials.test_writers import document  # noqa: E402

from unetstudio.formats import FORMATS  # noqa: E402
from unetstudio.formats.masks.content import MaskGrid  # noqa: E402

PATIENCE = 4 * LONGEST
"""Seconds after which a process that does not answer is ended."""


@dataclass(frozen=True)
class Sample:
    """A file to damage: the path to open, the files that hold it, and the scan that a mask is for."""

    path: Path
    files: list[Path]
    grid: MaskGrid | None


def samples(only: list[str]) -> dict[str, Callable[[Path], Sample]]:
    """Return builders of all samples by a name such as "tiff tiff_stack"."""
    load()
    made: dict[str, Callable[[Path], Sample]] = {}

    def of(make: Callable[[Path], object]) -> Callable[[Path], Sample]:
        def build(folder: Path) -> Sample:
            one = make(folder)
            return Sample(one.path, one.files, one.grid if isinstance(one, MadeMask) else None)  # type: ignore[attr-defined]

        return build

    def mask(name: str) -> Callable[[Path], Sample]:
        def build(folder: Path) -> Sample:
            contents, grid = document(name, (1, 6, 9), folder)
            path = folder / f"mask{FORMATS[name].suffixes[0]}"
            FORMATS[name].write(path, contents)
            return Sample(path, [path], grid)

        return build

    for table in (READERS, MASK_READERS):
        for name, several in table.items():
            made |= {f"{name} {one.make.__name__}": of(one.make) for one in several}
    made |= {f"{name} mask": mask(name) for name in WRITERS}
    return {name: build for name, build in made.items() if not only or name.split()[0] in only}


def work(pipe: Connection, only: list[str], name: str) -> None:
    """Try the mutants whose seeds come through the pipe, and answer what each ended in."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - libraries write there
    with tempfile.TemporaryDirectory() as folder:
        sample = samples(only)[name](Path(folder))
        whole = {file: file.read_bytes() for file in sample.files}
        while (seed := pipe.recv()) is not None:
            rng = np.random.default_rng(seed)
            victim = sample.files[int(rng.integers(len(sample.files)))]
            victim.write_bytes(mutant(whole[victim], rng))
            pipe.send(attempt(sample.path, sample.grid))
            victim.write_bytes(whole[victim])


def tried(only: list[str], name: str, seeds: list[list[int]]) -> Iterator[tuple[list[int], str]]:
    """Yield what the mutant of each seed ended in; "" is right."""
    context = multiprocessing.get_context("spawn")
    process, pipe = None, None
    for seed in seeds:
        if process is None or pipe is None:
            pipe, other = context.Pipe()
            process = context.Process(target=work, args=(other, only, name), daemon=True)
            process.start()
            other.close()
        outcome = "the process did not answer"
        try:
            pipe.send(seed)
            if pipe.poll(PATIENCE + (30 if seed is seeds[0] else 0)):
                outcome = pipe.recv()
        except (EOFError, OSError):
            process.join()
            outcome = f"the process crashed ({process.exitcode})"
        if outcome.startswith("the process"):
            process.kill()
            process, pipe = None, None
        yield seed, outcome
    if process is not None and pipe is not None:
        pipe.send(None)
        process.join()


def keep(only: list[str], name: str, seed: list[int], folder: Path) -> None:
    """Write the damaged files of a seed into a folder."""
    target = folder / f"{name} {seed[-1]}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    sample, rng = samples(only)[name](target), np.random.default_rng(seed)
    victim = sample.files[int(rng.integers(len(sample.files)))]
    victim.write_bytes(mutant(victim.read_bytes(), rng))


def main() -> int:
    """Try the mutants, print a table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--formats", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    names = list(samples(options.formats))
    each = -(-options.mutants // max(1, len(names)))
    bad = 0
    print("| sample | mutants | failed |\n|---|---:|---:|")
    for number, name in enumerate(names):
        failures = [
            (seed, outcome)
            for seed, outcome in tried(options.formats, name, [[options.seed, number, one] for one in range(each)])
            if outcome
        ]
        print(f"| {name} | {each:,} | {len(failures)} |", flush=True)
        for seed, outcome in failures[:5]:
            print(f"  {seed}: {outcome[:200]}", file=sys.stderr)
        for seed, _ in failures if options.keep else []:
            keep(options.formats, name, seed, options.keep)
        bad += len(failures)
    print(f"\n{each * len(names):,} mutants, {bad} failed.")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
