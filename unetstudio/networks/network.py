"""What every network is to the rest of the program: a configuration, a sentence for the clinician, and what tiling must know of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, TypeVar

import psutil
import torch
from torch import nn

from unetstudio.errors import UserError
from unetstudio.registry import Registry


@dataclass(frozen=True)
class NetworkConfig:
    """All that is needed to build a network again, but its weights; each network adds fields of its own."""

    in_channels: int
    n_classes: int
    dims: int = 2

    def __post_init__(self) -> None:
        check(1 <= self.in_channels <= 1024, f"A network takes 1 to 1024 input channels, not {self.in_channels}.")
        check(1 <= self.n_classes <= 255, f"A network tells 1 to 255 classes apart, not {self.n_classes}.")
        check(self.dims in (2, 3), f"A network has 2 or 3 dimensions, not {self.dims}.")

    def to_json(self) -> dict[str, Any]:
        """As plain values for a checkpoint, tuples turned into lists."""
        return {name: _plain(value) for name, value in asdict(self).items()}


class Network(nn.Module):
    """(N, C, Y, X) or (N, C, Z, Y, X) float32 in, logits with `n_classes` channels out.

    A subclass fills the class attributes, calls its last layer `head`, and sets in __init__, per spatial axis:
    `receptive_margin`, how many input voxels round an output voxel can influence it when tile origins are multiples of `size_multiple`;
    `size_multiple`, the coarsest sampling step; `lost`, voxels missing on each side of the output (0 with same padding).
    `exact` says whether a tile with that margin gives what the whole image would: not so where a norm looks at the whole tile.
    """

    title: ClassVar[str]
    description: ClassVar[str]
    dims: ClassVar[tuple[int, ...]]
    Config: ClassVar[type[NetworkConfig]]

    config: NetworkConfig
    head: nn.Module
    receptive_margin: tuple[int, ...]
    size_multiple: tuple[int, ...]
    lost: tuple[int, ...]
    exact: bool

    def input_shape(self, at_least: tuple[int, ...]) -> tuple[int, ...]:
        """The smallest spatial input shape the network accepts that is `at_least` so large on every axis."""
        return tuple(round_up(size, step) for size, step in zip(at_least, self.size_multiple, strict=True))

    @property
    def parameters_count(self) -> int:
        """Number of trainable values."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)


AnyNetwork = TypeVar("AnyNetwork", bound=type[Network])

BYTES = 20
"""Memory for a parameter in training: itself, its gradient, the optimiser's two moments and the moving average, in float32."""

NETWORKS: Registry[type[Network]] = Registry("unetstudio.networks", "network")


def create(name: str, in_channels: int, n_classes: int, dims: int = 2, **options: Any) -> Network:
    """A network by its registered name, freshly initialised from torch's random state; an option it does not know is a UserError."""
    kind = NETWORKS[name]
    known = {f.name for f in fields(kind.Config)}
    for option in options:
        check(option in known, f"The network {name!r} has no option {option!r}. Known: {', '.join(sorted(known))}.")
    check(dims in kind.dims, f"The network {name!r} is made for {' or '.join(map(str, kind.dims))} dimensions, not {dims}.")
    config = kind.Config(in_channels, n_classes, dims, **{k: _frozen(v) for k, v in options.items()})
    if not torch.empty(0).is_meta:
        _check_memory(kind, config)
    return kind(config)


def _check_memory(kind: type[Network], config: NetworkConfig) -> None:
    """UserError for a network that this computer could not train, before anything is allocated for it."""
    with torch.device("meta"):
        count = kind(config).parameters_count
    room = psutil.virtual_memory().total // BYTES
    check(count <= room, f"This network has {count:,} parameters, more than this computer has memory for; lower its depth or its channels.")


def check(allowed: bool, problem: str) -> None:
    """UserError with the sentence unless allowed."""
    if not allowed:
        raise UserError(problem)


def round_up(size: int, step: int) -> int:
    """The smallest multiple of `step` that is not below `size`."""
    return -(-size // step) * step


def _frozen(value: Any) -> Any:
    """Lists, as JSON gives them back, turned into the tuples that a frozen configuration holds."""
    return tuple(_frozen(v) for v in value) if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    """The inverse of `_frozen`."""
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
