"""Small perceptrons, fitted to painted voxels and to what a teacher says of others, in a fraction of a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

Floats = NDArray[np.float32]
Layers = tuple[tuple[Tensor, Tensor], ...]
"""Weight (out, in) and bias (out,) of each layer."""

BATCH = 512
"""Number of voxels of either kind in a step."""

RATE = 16e-3
"""Largest learning rate; it rises for a tenth of the steps and falls to nothing."""


@dataclass(frozen=True)
class Effort:
    """How much is spent on a perceptron: `width` of both hidden layers, `steps` and those added for `each` class up to `most`, and the
    `trust` in the teacher against the strokes."""

    width: int
    steps: int
    each: int
    most: int
    trust: float


IN_PICTURES = Effort(width=32, steps=110, each=20, most=300, trust=2.0)
IN_VOLUMES = Effort(width=64, steps=400, each=0, most=400, trust=4.0)
"""Where a voxel lies matters in volumes, which takes more: with the effort of pictures Dice of five organs is .62, not .71."""


def fit_perceptrons(
    painted: Floats,
    y: NDArray[np.integer[Any]],
    weights: Floats,
    others: Floats,
    soft: Floats,
    views: Sequence[tuple[int, int]],
    seed: int,
    effort: Effort = IN_PICTURES,
) -> tuple[Layers, ...]:
    """Fit one perceptron for each view (start, stop) to standardised features (N, F) and (M, F).

    `weights` (K,) are those of the classes `y` (N,); `soft` (M, K) is what the teacher says of `others`. One thread does it: the steps are
    so small that two would wait for one another longer than they work.
    """
    generator = torch.Generator().manual_seed(seed)
    networks = [_perceptron((stop - start, effort.width, effort.width, soft.shape[1]), generator) for start, stop in views]
    parameters = [parameter for network in networks for parameter in network.parameters()]
    steps = min(effort.most, effort.steps + effort.each * soft.shape[1])
    optimizer = torch.optim.AdamW(parameters, RATE, weight_decay=1e-3, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.1)
    x, target, unlabelled, words = (torch.from_numpy(np.ascontiguousarray(a)) for a in (painted, y.astype(np.int64), others, soft))
    balance = torch.from_numpy(weights) / float(np.average(weights, weights=np.bincount(y, minlength=len(weights))))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(steps):
            chosen = torch.randint(len(x), (BATCH,), generator=generator)
            asked = torch.randint(len(unlabelled), (BATCH,), generator=generator) if len(unlabelled) else torch.empty(0, dtype=torch.int64)
            batch = torch.cat([x[chosen], unlabelled[asked]])
            loss = torch.zeros(())
            for (start, stop), network in zip(views, networks, strict=True):
                logits = network(batch[:, start:stop])
                loss = loss + cross_entropy(logits[:BATCH], target[chosen], weight=balance)
                if len(asked):
                    loss = loss + effort.trust * cross_entropy(logits[BATCH:], words[asked])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    finally:
        torch.set_num_threads(threads)
    return tuple(_layers(network) for network in networks)


def _perceptron(widths: tuple[int, ...], generator: torch.Generator) -> nn.Sequential:
    """Build a perceptron with weights drawn as by He (2015), and biases of 0."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layer = nn.Linear(inputs, outputs)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _layers(network: nn.Sequential) -> Layers:
    """Return the weights and biases of a perceptron."""
    return tuple((layer.weight.detach(), layer.bias.detach()) for layer in network if isinstance(layer, nn.Linear))
