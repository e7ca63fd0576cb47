"""The size of network, patch and batch that the time of a budget and the memory of the machine pay for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from unetstudio.networks.device import Precision, free_bytes, free_memory, is_out_of_memory
from unetstudio.networks.machine_cache import recall, remember
from unetstudio.networks.network import BYTES_PER_PARAMETER, Network, name_of, rebuild, round_up
from unetstudio.training.trial import cost_of

LONG = {2: 120.0, 3: 60.0}
"""Seconds from which a budget pays for a larger network in 2D and 3D, and for finding out how large ..."""

STEPS = {2: 250, 3: 150}
"""... and the steps that a larger network must still get. With as much time, 190 steps with 32 channels beat 700 with 16 on ISBI 2012, and
150 with 16 beat 500 with 8 on the hippocampus; 100 with 32 were behind 400 with 16 on the nuclei of DSB 2018."""

FULL = 0.6
"""Share of the free memory that a training step may take."""

OVERHEAD = 1.5
"""Factor of a step's activations: gradients of activations, and working space of convolutions."""

Size = tuple[int, int]
"""Depth and channels at full resolution."""


@dataclass(frozen=True)
class Machine:
    """`free` bytes for training; `half` whether activations take two bytes; `seconds` of a step of a network with patch and batch, or
    None where it could not be found out."""

    free: int
    half: bool
    seconds: Callable[[Network, tuple[int, ...], int], float | None]

    @classmethod
    def of(cls, precision: Precision) -> Machine:
        """Describe this machine. A step is tried once, for some seconds, and remembered."""

        def seconds(network: Network, patch: tuple[int, ...], batch: int) -> float | None:
            return _tried(network, patch, batch, precision)

        free_memory(precision.device)
        return cls(free_bytes(precision.device), precision.dtype != torch.float32, seconds)

    def bytes(self, network: Network, patch: tuple[int, ...], batch: int) -> int:
        """Estimate the memory of a step."""
        return network.parameters_count * BYTES_PER_PARAMETER + int(
            OVERHEAD * _activations(network, patch, batch) * (0.5 if self.half else 1.0)
        )

    def holds(self, network: Network, patch: tuple[int, ...], batch: int) -> bool:
        """Whether there is room for a step."""
        return self.bytes(network, patch, batch) <= FULL * self.free


def choose_network(
    sizes: Sequence[Size],
    build: Callable[[Size], Network],
    shape: Callable[[Network], tuple[tuple[int, ...], int]],
    seconds: float,
    machine: Machine | None,
) -> tuple[Network, str]:
    """Choose the largest of `sizes`, which grow, that still gets STEPS within `seconds`, and the reason; the first where nothing is known.

    Only the first is tried out; the others are reckoned by their operations, of which larger networks make more in the same time.
    """
    chosen = build(sizes[0])
    if machine is None or len(sizes) < 2:
        return chosen, ""
    taken = machine.seconds(chosen, *shape(chosen))
    if not taken:
        return chosen, ""
    first = operations(chosen, *shape(chosen))
    steps, reason = seconds / taken, ""
    for size in sizes[1:]:
        larger = build(size)
        if larger.config == chosen.config:  # a network that has no such choice
            break
        fewer = seconds / (taken * operations(larger, *shape(larger)) / first)
        if fewer < STEPS[chosen.config.dims]:
            reason = f"; a larger one would get only about {fewer:.0f}"
            break
        if not machine.holds(larger, *shape(larger)):
            reason = "; for a larger one memory is short"
            break
        chosen, steps = larger, fewer
    return chosen, f": the time is enough for about {steps:.0f} steps{reason}"


def fit_into_memory(
    network: Network, patch: tuple[int, ...], batch: int, machine: Machine, *, keep_patch: bool = False, keep_batch: bool = False
) -> tuple[tuple[int, ...], int]:
    """Halve patch and batch, the batch to no less than two, until there is room; but not those that are to be kept."""
    while not machine.holds(network, patch, batch):
        smaller = _halved(network, patch)
        if batch > 2 and not keep_batch:
            batch = max(2, batch // 2)
        elif math.prod(smaller) < math.prod(patch) and not keep_patch:
            patch = smaller
        else:
            break  # training finds out, and halves further
    return patch, batch


def grow_into_memory(network: Network, patches: Sequence[tuple[int, ...]], batch: int, machine: Machine) -> tuple[int, ...]:
    """Choose the last of `patches`, which grow, for which there is room; the first in any case."""
    chosen = patches[0]
    for patch in patches[1:]:
        if not machine.holds(network, patch, batch):
            break
        chosen = patch
    return chosen


def operations(network: Network, patch: tuple[int, ...], batch: int) -> float:
    """Count the floating-point operations of a step's convolutions without computing."""
    copy, image = _ghost(network, patch, batch)
    with FlopCounterMode(display=False) as counter:
        _total(copy(image)).backward()  # type: ignore[no-untyped-call]  # torch
    return float(counter.get_total_flops())


def _activations(network: Network, patch: tuple[int, ...], batch: int) -> int:
    """Count the bytes that are kept for the way back, in float32, without computing."""
    copy, image = _ghost(network, patch, batch)
    kept: dict[int, tuple[Any, int]] = {}  # by storage: each is counted once

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = (storage, storage.nbytes())
        return tensor

    try:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            _total(copy(image))
    except RuntimeError:  # a network of another package that looks at values on its way: it has to be tried
        return 0
    return sum(size for _, size in kept.values())


def _ghost(network: Network, patch: tuple[int, ...], batch: int) -> tuple[Network, Tensor]:
    """Make a copy without weights, and a batch without values."""
    with torch.device("meta"):
        return rebuild(name_of(network), network.config.to_json()).train(), torch.empty(batch, network.config.in_channels, *patch)


def _total(answer: Tensor | tuple[Tensor, ...]) -> Tensor:
    answers = (answer,) if isinstance(answer, Tensor) else answer
    return torch.stack([logits.sum() for logits in answers]).sum()


def _halved(network: Network, patch: tuple[int, ...]) -> tuple[int, ...]:
    return network.input_shape(tuple(round_up(max(2 * m, n // 2), m) for n, m in zip(patch, network.size_multiple, strict=True)))


def _tried(network: Network, patch: tuple[int, ...], batch: int, precision: Precision) -> float | None:
    """Return the seconds of a step on this machine; the network may be one without weights."""
    options = sorted(network.config.to_json().items())
    question = f"seconds of a step of {name_of(network)} {options}, {batch} of {patch}, {precision.dtype}, {precision.device}"
    question += f", {torch.get_num_threads()} threads"
    seconds = recall(question)
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        with torch.random.fork_rng(devices=[]):  # what is drawn afterwards is what would have been drawn
            try:
                real = rebuild(name_of(network), network.config.to_json())
                seconds = remember(question, round(cost_of(real, patch, batch, precision).seconds, 4))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                seconds = None
        free_memory(precision.device)
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None
