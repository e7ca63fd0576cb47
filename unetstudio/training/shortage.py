"""Reactions of a training to a shortage of memory: smaller batches and patches, and smaller scored windows."""

from __future__ import annotations

import math
from collections.abc import Generator

from unetstudio.errors import OutOfMemory
from unetstudio.inference.events import Notice
from unetstudio.networks.device import free_memory
from unetstudio.training.scoring import EDGE
from unetstudio.training.training_run import TrainingRun

SMALLEST = 32
"""Smallest edge of a scored window in voxels."""


def shrink_step(run: TrainingRun) -> Generator[Notice, None, None]:
    """Halve the batch, then the patch; raise OutOfMemory when neither can be halved."""
    run.samples.close()
    _make_room(run)
    network = run.state.network
    smaller = network.input_shape(tuple(max(min(n, 2 * m), n // 2) for n, m in zip(run.patch, network.size_multiple, strict=True)))
    if run.batch > 1:
        run.batch //= 2
    elif math.prod(smaller) < math.prod(run.patch):
        run.patch = smaller
    else:
        raise OutOfMemory("Memory did not suffice even for one small patch. Choose a smaller network, or close other programs.")
    run.restart_samples()
    size = " x ".join(map(str, run.patch))
    yield Notice(f"Memory ran short: training goes on with {run.batch} patches of {size} a step.")


def shrink_score(run: TrainingRun) -> Notice:
    """Halve the edge of the scored windows; raise OutOfMemory when they are small already."""
    _make_room(run)
    edge = (run.score_edge or EDGE[run.plan.dims]) // 2
    if edge < SMALLEST:
        raise OutOfMemory("Memory did not suffice to score even a small window. Choose a smaller network, or close other programs.")
    run.score_edge = edge
    return Notice("Memory ran short: scores now come from smaller parts of the images.")


def _make_room(run: TrainingRun) -> None:
    """Free all memory whose content can be made again."""
    run.state.recover()
    if run.device.type == "cpu":
        run.material.save_memory()
    free_memory(run.device)
