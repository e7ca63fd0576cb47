"""The cost of a training step on this computer: its seconds, and the memory it keeps for the backward pass."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from unetstudio.networks.device import Precision
from unetstudio.networks.network import BYTES_PER_PARAMETER, Network
from unetstudio.training.samples import Batch
from unetstudio.training.train_state import TrainState

PATIENCE = 4.0
"""Seconds of the first step above which no second one is timed; otherwise the first, which includes set-up, is discarded."""


@dataclass(frozen=True)
class Cost:
    """The cost of a step with `patch` and `batch`; `bytes` are those of weights, gradients, optimiser, average and activations."""

    parameters: int
    patch: tuple[int, ...]
    batch: int
    seconds: float
    bytes: int


def cost_of(network: Network, patch: tuple[int, ...], batch: int, precision: Precision) -> Cost:
    """Time steps on noise; `patch` is enlarged to a shape that the network accepts. RuntimeError or MemoryError when memory runs out."""
    state = TrainState(network, precision)
    count = network.parameters_count
    shape = network.input_shape(tuple(n + 2 * margin for n, margin in zip(patch, network.valid_margin, strict=True)))
    image = torch.randn(batch, network.config.in_channels, *shape)
    target = torch.randint(0, network.config.n_classes, (batch, *shape))
    noise = Batch(image, target, torch.ones(target.shape))
    weights = torch.ones(network.config.n_classes)
    storages: dict[int, int] = {}  # those that autograd holds, by address: each is counted once

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    def step() -> float:
        start = time.perf_counter()
        state.step(noise, 1e-4, weights, 0.5).item()  # waits for a GPU
        return time.perf_counter() - start

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        seconds = step()
    seconds = seconds if seconds > PATIENCE else step()
    return Cost(count, shape, batch, seconds, count * BYTES_PER_PARAMETER + sum(storages.values()))
