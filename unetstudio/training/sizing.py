"""The size of network, patch and batch that the time budget and the memory of the machine allow."""

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
"""Seconds of a budget, by dimensions, from which a larger network is considered and a step is timed."""

STEPS = {2: 250, 3: 150}
"""Steps within the budget that a larger network must still get, by dimensions. In the same time, 190 steps with 32 channels beat 700 with
16 on ISBI 2012, and 150 with 16 beat 500 with 8 on the hippocampus; 100 with 32 were behind 400 with 16 on the nuclei of DSB 2018."""

FULL = 0.6
"""Largest share of the free memory for a training step."""

OVERHEAD = 1.5
"""Factor of a step's activations: gradients of activations, and working space of convolutions."""

Size = tuple[int, int]
"""Depth and channels at full resolution."""


@dataclass(frozen=True)
class Machine:
    """A machine's capacity: `free` bytes for training; `half` whether activations take two bytes; `seconds` the function that times a step
    of a network with patch and batch, None where it cannot be timed."""

    free: int
    half: bool
    seconds: Callable[[Network, tuple[int, ...], int], float | None]

    @classmethod
    def of(cls, precision: Precision) -> Machine:
        """Describe this machine. A step is timed once, for some seconds, and cached."""

        def seconds(network: Network, patch: tuple[int, ...], batch: int) -> float | None:
            return _timed(network, patch, batch, precision)

        free_memory(precision.device)
        return cls(free_bytes(precision.device), precision.dtype != torch.float32, seconds)

    def bytes(self, network: Network, patch: tuple[int, ...], batch: int) -> int:
        """Estimate the memory of a step."""
        return network.parameters_count * BYTES_PER_PARAMETER + int(
            OVERHEAD * _activations(network, patch, batch) * (0.5 if self.half else 1.0)
        )

    def holds(self, network: Network, patch: tuple[int, ...], batch: int) -> bool:
        """Whether a step fits into memory."""
        return self.bytes(network, patch, batch) <= FULL * self.free


def choose_network(
    sizes: Sequence[Size],
    build: Callable[[Size], Network],
    shape: Callable[[Network], tuple[tuple[int, ...], int]],
    seconds: float,
    machine: Machine | None,
) -> tuple[Network, str]:
    """Choose the largest of the growing `sizes` that still gets STEPS within `seconds`, and the reason; the first where nothing is known.

    Only the first is timed; the others are estimated by their operations, of which larger networks make more in the same time.
    """
    network = build(sizes[0])
    if machine is None or len(sizes) < 2:
        return network, ""
    step_seconds = machine.seconds(network, *shape(network))
    if not step_seconds:
        return network, ""
    first = operations(network, *shape(network))
    steps, reason = seconds / step_seconds, ""
    for size in sizes[1:]:
        larger = build(size)
        if larger.config == network.config:  # a network of fixed size
            break
        fewer = seconds / (step_seconds * operations(larger, *shape(larger)) / first)
        if fewer < STEPS[network.config.dims]:
            reason = f"; a larger one would get only about {fewer:.0f}"
            break
        if not machine.holds(larger, *shape(larger)):
            reason = "; for a larger one memory is short"
            break
        network, steps = larger, fewer
    return network, f": the time is enough for about {steps:.0f} steps{reason}"


def fit_into_memory(
    network: Network, patch: tuple[int, ...], batch: int, machine: Machine, *, keep_patch: bool = False, keep_batch: bool = False
) -> tuple[tuple[int, ...], int]:
    """Halve the batch, down to two, then the patch until a step fits; except those that are to be kept."""
    while not machine.holds(network, patch, batch):
        smaller = _halved(network, patch)
        if batch > 2 and not keep_batch:
            batch = max(2, batch // 2)
        elif math.prod(smaller) < math.prod(patch) and not keep_patch:
            patch = smaller
        else:
            break  # training halves further if needed
    return patch, batch


def grow_into_memory(network: Network, patches: Sequence[tuple[int, ...]], batch: int, machine: Machine) -> tuple[int, ...]:
    """Choose the largest of the growing `patches` that fits; the first in any case."""
    largest = patches[0]
    for patch in patches[1:]:
        if not machine.holds(network, patch, batch):
            break
        largest = patch
    return largest


def operations(network: Network, patch: tuple[int, ...], batch: int) -> float:
    """Count the floating-point operations of a step without computing it."""
    copy, image = _ghost(network, patch, batch)
    with FlopCounterMode(display=False) as counter:
        _total(copy(image)).backward()  # type: ignore[no-untyped-call]  # torch
    return float(counter.get_total_flops())


def _activations(network: Network, patch: tuple[int, ...], batch: int) -> int:
    """Count the bytes kept for the backward pass, in float32, without computing it."""
    copy, image = _ghost(network, patch, batch)
    storages: dict[int, tuple[Any, int]] = {}  # by address: each is counted once

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage._cdata] = (storage, storage.nbytes())
        return tensor

    try:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            _total(copy(image))
    except RuntimeError:  # a network of another package that reads values, which meta tensors lack
        return 0
    return sum(size for _, size in storages.values())


def _ghost(network: Network, patch: tuple[int, ...], batch: int) -> tuple[Network, Tensor]:
    """Make a copy of the network and a batch on the meta device, without values."""
    with torch.device("meta"):
        return rebuild(name_of(network), network.config.to_json()).train(), torch.empty(batch, network.config.in_channels, *patch)


def _total(answer: Tensor | tuple[Tensor, ...]) -> Tensor:
    answers = (answer,) if isinstance(answer, Tensor) else answer
    return torch.stack([logits.sum() for logits in answers]).sum()


def _halved(network: Network, patch: tuple[int, ...]) -> tuple[int, ...]:
    return network.input_shape(tuple(round_up(max(2 * m, n // 2), m) for n, m in zip(patch, network.size_multiple, strict=True)))


def _timed(network: Network, patch: tuple[int, ...], batch: int, precision: Precision) -> float | None:
    """Return the seconds of a step on this machine, cached; the network may be on the meta device."""
    options = sorted(network.config.to_json().items())
    question = f"seconds of a step of {name_of(network)} {options}, {batch} of {patch}, {precision.dtype}, {precision.device}"
    question += f", {torch.get_num_threads()} threads"
    seconds = recall(question)
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        with torch.random.fork_rng(devices=[]):  # leaves the sequence of random numbers unchanged
            try:
                real = rebuild(name_of(network), network.config.to_json())
                seconds = remember(question, round(cost_of(real, patch, batch, precision).seconds, 4))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                seconds = None
        free_memory(precision.device)
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None
