"""The loss: cross-entropy, and Dice where masks are dense, over labelled voxels only.

Unlabelled voxels enter no sum at all: not the mean, and neither side of the Dice quotient.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, avg_pool3d, cross_entropy

from unetstudio.data.labels import UNLABELLED

POWER = 0.25
"""Class weights are voxel counts to minus this power: full balancing (1) over-paints thin structures."""

RARE_POWER = 0.5
"""The power where full masks contain a class RARE times as rare as another: a lower one finds it too late."""


RARE = 10.0
"""Ratio of voxel counts from which a class is rare."""


def class_weights(counts: list[int], *, dense: bool = False, used: float = 0.0) -> Tensor:
    """Return weights (K,) float32 from training voxels per channel; mean 1 over the classes that have any.

    `dense`: the counts are of full masks; then the weights approach 1 with the share `used` of a budget. They help to find a rare class
    early, and at the end would make it too large: on vessels of DRIVE Dice was best above a threshold of 0.75, by 0.013.
    """
    n = torch.tensor(counts, dtype=torch.float32)
    rare = dense and bool((n > 0).any()) and bool(n.max() > RARE * n[n > 0].min())
    power = (RARE_POWER if rare else POWER) * (1 - min(1.0, used) if dense else 1.0)
    weights = n.clamp(min=1).pow(-power)
    return weights / weights[n > 0].mean() if bool((n > 0).any()) else torch.ones_like(n)


def supervise(answer: Tensor | tuple[Tensor, ...], target: Tensor, weight: Tensor, class_weight: Tensor, dice: float) -> Tensor:
    """Compute the loss of a network's training output, arguments as in `loss`; targets include the margin that valid padding removes.

    Deep supervision (Lee et al. 2015) answers with several resolutions, finest first: they count 1, 1/2, 1/4 ... over their sum.
    """
    answers = (answer,) if isinstance(answer, Tensor) else answer
    finest = tuple(answers[0].shape[2:])
    target, weight = _middle(target, finest), _middle(weight, finest)
    total = loss(answers[0], target, weight, class_weight, dice)
    for level, logits in enumerate(answers[1:], start=1):
        factors = tuple(a // b for a, b in zip(finest, logits.shape[2:], strict=True))
        total = total + loss(logits, *coarsen(target, weight, factors, logits.shape[1]), class_weight, dice) / 2**level
    return total / (2 - 2.0 ** (1 - len(answers)))


def teach(logits: Tensor, guess: Tensor) -> Tensor:
    """Compute the cross-entropy, scalar float32, of logits (N, K, ...) to the quick guess's log probabilities (N, K, larger ...)."""
    for axis, size in enumerate(logits.shape[2:], start=2):
        guess = guess.narrow(axis, (guess.shape[axis] - size) // 2, size)
    return -(guess.softmax(1) * logits.float().log_softmax(1)).sum(1).mean()


def coarsen(target: Tensor, weight: Tensor, factors: tuple[int, ...], classes: int) -> tuple[Tensor, Tensor]:
    """Coarsen to blocks of `factors` voxels: each gets the class with the largest weight among its labelled voxels, the first on a tie.

    A block without labelled voxels is unlabelled. The weight of a block is the mean over its labelled voxels.
    """
    pool = avg_pool2d if len(factors) == 2 else avg_pool3d

    def mean(values: Tensor) -> Tensor:
        return pool(values.unsqueeze(1).float(), factors, factors).squeeze(1)

    labelled = target != UNLABELLED
    most = mean(torch.zeros_like(weight))
    coarse = torch.full(most.shape, UNLABELLED, dtype=target.dtype, device=target.device)
    for channel in range(classes):  # one class at a time: no full-size volume for each
        share = mean(weight * (target == channel))
        coarse = torch.where(share > most, channel, coarse)
        most = torch.maximum(share, most)
    return coarse, mean(weight * labelled) / mean(labelled).clamp(min=1e-6)


def _middle(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Cut the middle (N, *shape) out of (N, ...)."""
    for axis, size in enumerate(shape, start=1):
        values = values.narrow(axis, (values.shape[axis] - size) // 2, size)
    return values


def loss(logits: Tensor, target: Tensor, weight: Tensor, class_weight: Tensor, dice: float) -> Tensor:
    """Compute the loss, scalar float32, from logits (N, K, ...), target (N, ...) int64 channels or UNLABELLED, weight (N, ...) float32.

    `dice` is the share of the Dice term, 0 for strokes. A batch without labels has loss 0.
    """
    logits = logits.float()
    labelled = target != UNLABELLED
    each = cross_entropy(logits, target, weight=class_weight, ignore_index=UNLABELLED, reduction="none")
    channel = torch.where(labelled, target, 0)
    share = weight * class_weight[channel] * labelled
    entropy = (each * weight).sum() / share.sum().clamp(min=1e-6)
    if not dice:
        return entropy
    return (1 - dice) * entropy + dice * dice_loss(logits, channel, weight * labelled)


def dice_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Compute 1 - mean Dice over the structures present, sums over the whole batch (Drozdzal et al. 2016), voxels weighted by `weight`.

    The first class, conventionally background, is left out: its Dice is always high and would hide the rest.
    """
    probabilities = logits.softmax(1)
    at = probabilities.gather(1, target.unsqueeze(1)).squeeze(1)  # of the true class, without a volume for each class
    both, true = (_by_class(values, target, logits.shape[1]) for values in (at * weight, weight))
    predicted = torch.einsum("nc...,n...->c", probabilities, weight)
    present = true > 0
    present[0] = False
    missed = 1 - (2 * both + 1) / (predicted + true + 1)
    return (missed * present).sum() / present.sum().clamp(min=1)


def _by_class(values: Tensor, target: Tensor, classes: int) -> Tensor:
    """Sum values (N, ...) over the voxels of each class to (K,); row by row, so that float32 stays accurate."""
    rows = target.flatten(0, -2)
    return values.new_zeros(len(rows), classes).scatter_add(1, rows, values.flatten(0, -2)).sum(0)
