"""A readout in closed form: ridge regression of stroke pixels, through which the features are trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Ridge(nn.Module):
    """Regress one-hot classes on features with weights of classes; strength and temperature are learnt with the features."""

    def __init__(self) -> None:
        super().__init__()
        self.log_strength = nn.Parameter(torch.tensor(-4.0))
        self.log_temperature = nn.Parameter(torch.tensor(1.5))

    def fit(self, x: Tensor, y: Tensor, number: int) -> Tensor:
        """Return weights (F + 1, K) for stroke pixels x (n, F) of classes y (n,)."""
        x = _with_one(x)
        sizes = torch.bincount(y, minlength=number).clamp(min=1)
        weight = sizes.float().pow(-0.25)[y]
        weight = weight / weight.sum()
        target = nn.functional.one_hot(y, number).float() - 1 / number
        gram = x.T @ (weight[:, None] * x)
        damped = gram + self.log_strength.exp() * torch.eye(gram.shape[0])
        return torch.linalg.solve(damped, x.T @ (weight[:, None] * target))

    def logits(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return (n, K) for pixels x (n, F)."""
        return self.log_temperature.exp() * (_with_one(x) @ weights)


def _with_one(x: Tensor) -> Tensor:
    return torch.cat([x, torch.ones(len(x), 1)], 1)
