"""A benchmark of number formats and memory layouts on this processor: a few training steps, run once and cached."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch

from unetstudio.networks.device import Precision
from unetstudio.networks.machine_cache import recall, remember
from unetstudio.networks.network import Network, create

GAIN = 1.15
"""Speed relative to the first candidate that another one must reach to be chosen."""

ENOUGH = 0.8
"""Seconds after which no further round of steps is started."""


def quickest(candidates: Mapping[str, Precision], dims: int) -> tuple[str, float]:
    """Return the fastest candidate, the first unless another gains enough, and the speed of the best other one relative to the first."""
    question = f"quickest of {', '.join(candidates)} in {dims}D"
    answer = recall(question)
    if not _is_answer(answer, candidates):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            seconds = _seconds(candidates, dims)
        finally:
            torch.set_num_threads(threads)
        first, *others = candidates
        best = min(others, key=lambda name: seconds[name])
        gain = seconds[first] / seconds[best]
        answer = remember(question, {"chosen": best if gain > GAIN else first, "gain": round(gain, 2)})
        if not _is_answer(answer, candidates):  # another process's entry may be invalid
            answer = {"chosen": first, "gain": 1.0}
    return str(answer["chosen"]), float(answer["gain"])


def _is_answer(answer: object, candidates: Mapping[str, Precision]) -> bool:
    return isinstance(answer, dict) and answer.get("chosen") in candidates and isinstance(answer.get("gain"), int | float)


def _seconds(candidates: Mapping[str, Precision], dims: int) -> dict[str, float]:
    """Time the shortest of a few training steps of a U-Net, alternating, so that a busy moment of the machine affects all candidates.

    It runs on one thread: where other programs keep a core busy, several threads wait for one another, and the trial would measure that.
    Convolutions must be large enough to dominate: with 16 channels instead of 32 the trial gained 1.2 where the real step gained 1.8.
    The batch has two volumes, because torch computes small batches of one in float32 by a slow path that training rarely takes.
    """
    random = torch.random.get_rng_state()
    x = torch.randn(2, 2, 64, 64) if dims == 2 else torch.randn(2, 2, 16, 32, 32)
    networks: dict[str, Network] = {}
    for name, precision in candidates.items():
        networks[name] = precision.place(create("unet", 2, 2, dims, depth=2, base=32 if dims == 2 else 16))
    torch.random.set_rng_state(random)
    seconds = dict.fromkeys(candidates, float("inf"))
    begun = time.perf_counter()
    for turn in range(6):
        for name, network in networks.items():
            start = time.perf_counter()
            with candidates[name].autocast():
                logits = network(candidates[name].place(x))
            logits.float().square().mean().backward()
            if turn:  # the first turn includes set-up
                seconds[name] = min(seconds[name], time.perf_counter() - start)
        if turn and time.perf_counter() - begun > ENOUGH:
            break
    return seconds
