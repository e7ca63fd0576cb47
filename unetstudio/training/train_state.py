"""The state of a training: network, moving average and optimiser, advanced one step at a time."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any

import torch
from torch import Tensor

from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, name_of, rebuild
from unetstudio.training.ema import Ema
from unetstudio.training.losses import supervise, teach
from unetstudio.training.samples import Batch

CLIP = 5.0
"""Largest norm of a step's gradient."""

DECAY = 1e-4
"""Weight decay."""

HEADS = ("head.", "side_heads.")
"""Prefixes of the names of weights that have a channel per class."""

RECENT = 3
"""Number of batches on which the averaged network's norm statistics are measured."""


class TrainState:
    """Everything that a step changes: `network` is trained, and `ema_network()` predicts."""

    def __init__(self, network: Network, precision: Precision) -> None:
        self.precision = precision
        self.network: Network = precision.place(network.requires_grad_()).train()
        self.ema = Ema(self.network)
        self.optimizer = _optimizer(self.network)
        self.steps = 0
        self._recent: deque[Tensor] = deque(maxlen=RECENT)
        self._measured = 0  # number of steps when the averaged network's norm statistics were measured
        self._scaler = torch.amp.GradScaler(enabled=precision.needs_scaler)

    def step(self, batch: Batch, rate: float, class_weight: Tensor, dice: float, teaching: float = 0.0) -> Tensor:
        """Make an optimiser step at learning rate `rate` and return the loss as a tensor, without waiting for a GPU.

        `teaching` is the weight of the batch's quick guess, of which only the finest output learns.
        The loss is NaN when it or a gradient was not finite: the weights are unusable then.
        """
        device = self.precision.device
        image = self.precision.place(batch.image)
        target, weight = batch.target.to(device, non_blocking=True), batch.weight.to(device, non_blocking=True)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with self.precision.autocast():
            logits = self.network(image)
        value = supervise(logits, target, weight, class_weight.to(device), dice)
        if teaching and batch.guess is not None and batch.guess.shape[1] == self.network.config.n_classes:
            finest = logits if isinstance(logits, Tensor) else logits[0]
            value = value + teaching * teach(finest, batch.guess.to(device, non_blocking=True))
        self.optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(value).backward()  # type: ignore[no-untyped-call]  # torch
        self._scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.ema.update(self.network, self.steps)
        self.steps += 1
        self._recent.append(image)
        if not self._scaler.is_enabled():  # a scaler skips such steps itself
            value = torch.where(norm.isfinite(), value, torch.nan)
        return value.detach()

    def recover(self) -> None:
        """Free everything that a step allocated before memory ran out, so that a smaller one fits."""
        self.optimizer.zero_grad(set_to_none=True)
        self._recent.clear()
        for parameter in [p for p, memory in self.optimizer.state.items() if "exp_avg_sq" not in memory]:
            del self.optimizer.state[parameter]  # partly allocated when memory ran out
        old_scaler, self._scaler = self._scaler, torch.amp.GradScaler(enabled=self._scaler.is_enabled())
        self._scaler.load_state_dict(old_scaler.state_dict())

    def finite(self) -> bool:
        """Whether the weights and statistics of both networks and the optimiser's state are finite; waits for a GPU."""
        tensors = [*self.network.state_dict().values(), *self.ema.network.state_dict().values()]
        tensors += [value for memory in self.optimizer.state.values() for value in memory.values()]
        floats = [value for value in tensors if value.is_floating_point() and value.device.type == self.precision.device.type]
        return bool(torch.stack([value.isfinite().all() for value in floats]).all())

    def ema_network(self) -> Network:
        """Return the averaged network in evaluation mode, with current norm statistics; the next step changes it."""
        if self._measured != self.steps and self._recent:
            self.ema.measure_norms(self._recent, self.precision)
            self._measured = self.steps
        return self.ema.network

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of everything that the next step depends on, as saved in checkpoints."""
        return copy.deepcopy(
            {
                "network": dict(self.network.state_dict()),
                "average": dict(self.ema.network.state_dict()),
                "optimizer": self.optimizer.state_dict(),
                "steps": self.steps,
                "scaler": self._scaler.state_dict(),
                "random": torch.get_rng_state(),
            }
        )

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        state = copy.deepcopy(state)
        self.network.load_state_dict(state["network"])
        self.ema.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        for parameter, memory in self.optimizer.state.items():  # the fused step needs the same memory layout
            for name, value in memory.items():
                if value.shape == parameter.shape:
                    memory[name] = torch.empty_like(parameter).copy_(value)
        self._scaler.load_state_dict(state["scaler"])
        self.steps = state["steps"]
        self._recent.clear()  # may have made the averaged network's statistics bad
        torch.set_rng_state(state["random"].cpu())

    def change_classes(self, old: tuple[int, ...], new: tuple[int, ...]) -> None:
        """Give the network a channel for each class value of `new` instead of `old`. Classes in both keep theirs; all other weights stay.

        The optimiser's state of the output layer is lost; the rest stays.
        """
        fresh = rebuild(name_of(self.network), self.network.config.to_json(), n_classes=len(new))
        channels = [(channel, old.index(value)) for channel, value in enumerate(new) if value in old]
        networks = []
        for source in (self.network, self.ema.network):
            target = copy.deepcopy(fresh)
            state = target.state_dict()
            for name, values in source.state_dict().items():
                if state[name].shape == values.shape:
                    state[name].copy_(values)
                if name.startswith(HEADS) and state[name].shape[1:] == values.shape[1:]:
                    for to, at in channels:
                        state[name][to] = values[at].to(state[name].device)
            networks.append(self.precision.place(target))
        memory = self.optimizer.state
        by_name = dict(self.network.named_parameters())
        self.network, averaged = networks[0].train(), networks[1]
        self.optimizer = _optimizer(self.network)
        for name, parameter in self.network.named_parameters():
            before = by_name[name]
            if before in memory and before.shape == parameter.shape and not name.startswith(HEADS):
                self.optimizer.state[parameter] = memory[before]
        self.ema = Ema(averaged)
        self._measured = 0


def _optimizer(network: Network) -> torch.optim.AdamW:
    fused = next(network.parameters()).device.type in ("cpu", "cuda")
    return torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=DECAY, fused=fused)
