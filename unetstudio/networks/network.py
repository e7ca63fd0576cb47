"""What every network is to the rest of the program: a configuration, a sentence for the clinician, and what tiling must know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar

import psutil
import torch
from torch import Tensor, nn

from unetstudio.errors import UserError
from unetstudio.networks.output_window import Cut, Window, part_of
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

    A subclass fills the class attributes: `title`; `description`, a sentence for a clinician; `source`, the paper; `dims` it is made for;
    `suits_cpu`, whether a processor trains it in minutes; `presets`, options by name. "default" is what we recommend, "published" what
    the paper has, "small" what a processor trains; a preset with "dims": (2,) or (3,) is for these alone, and {2: ..., 3: ...} is a value
    that differs.

    It calls its last layer `head`, and with deep supervision others with a channel per class `side_heads`. It sets in __init__, per axis:
    `receptive_margin`, how many input voxels round an output voxel can influence it when tile origins are multiples of `size_multiple`;
    `size_multiple`, the coarsest sampling step; `lost`, voxels missing on each side of the output (0 with same padding).
    `exact` says whether a tile with that margin gives what the whole image would: not so where a norm looks at the whole tile, or where
    every voxel attends to every other; such tiles overlap and are blended, with the margin as the width of the blend.

    `forward` of a network whose `cuts` are not None takes these too and then answers only what lies in their window; `spared` is about the
    share of its work that is then done for the window alone.

    In training a network may answer with a tuple of logits, the finest first, each coarser by a whole factor: deep supervision. In
    evaluation it answers with the finest alone.
    """

    title: ClassVar[str]
    description: ClassVar[str]
    source: ClassVar[str] = ""
    dims: ClassVar[tuple[int, ...]]
    suits_cpu: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({"default": MappingProxyType({})})
    Config: ClassVar[type[NetworkConfig]]

    config: NetworkConfig
    head: nn.Module
    receptive_margin: tuple[int, ...]
    size_multiple: tuple[int, ...]
    lost: tuple[int, ...]
    exact: bool
    spared: float = 0.0

    def cuts(self, shape: tuple[int, ...], window: Window) -> list[Cut] | None:
        """How to answer only a window (start and stop of each axis) of an image; None for a network that answers all or nothing."""
        del shape, window
        return None

    def input_shape(self, at_least: tuple[int, ...]) -> tuple[int, ...]:
        """The smallest spatial input shape the network accepts that is `at_least` so large on every axis."""
        return tuple(round_up(size, step) for size, step in zip(at_least, self.size_multiple, strict=True))

    @property
    def parameters_count(self) -> int:
        """Number of trainable values."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    @classmethod
    def presets_for(cls, dims: int) -> tuple[str, ...]:
        """Names of the presets that can be had in 2 or 3 dimensions."""
        return tuple(name for name, options in cls.presets.items() if dims in options.get("dims", cls.dims))

    @classmethod
    def preset_options(cls, preset: str, dims: int) -> dict[str, Any]:
        """What a preset sets; UserError with the known ones."""
        known = cls.presets_for(dims)
        check(preset in known, f"{cls.title} has no preset {preset!r} in {dims} dimensions. Known: {', '.join(known)}.")
        options = {option: value for option, value in cls.presets[preset].items() if option != "dims"}
        return {option: value[dims] if isinstance(value, Mapping) else value for option, value in options.items()}

    @classmethod
    def options(cls) -> frozenset[str]:
        """What can be chosen about it, apart from channels, classes and dimensions."""
        return frozenset(f.name for f in fields(cls.Config)) - {f.name for f in fields(NetworkConfig)}


BYTES = 20
"""Memory for a parameter in training: itself, its gradient, the optimiser's two moments and the moving average, in float32."""

NETWORKS: Registry[type[Network]] = Registry("unetstudio.networks", "network")


def create(name: str, in_channels: int, n_classes: int, dims: int = 2, preset: str = "default", **options: Any) -> Network:
    """A network by its registered name, freshly initialised from torch's random state; `options` go before those of the preset.

    UserError for a name, preset or option that there is not, and for a network too large for this computer.
    """
    kind = NETWORKS[name]
    known = kind.options()
    for option in options:
        check(option in known, f"The network {name!r} has no option {option!r}. Known: {', '.join(sorted(known))}.")
    check(dims in kind.dims, f"The network {name!r} is made for {' or '.join(map(str, kind.dims))} dimensions, not {dims}.")
    chosen = kind.preset_options(preset, dims) | options
    config = kind.Config(in_channels, n_classes, dims, **{k: _frozen(v) for k, v in chosen.items()})
    if not torch.empty(0).is_meta:
        _check_memory(kind, config)
    return kind(config)


def rebuild(name: str, config: Mapping[str, Any], **changes: Any) -> Network:
    """A network from a configuration as `to_json` gave it, with `changes`; what it does not mention is as the configuration's defaults
    have it, whatever the presets of today say."""
    values = {**config, **changes}
    kind = NETWORKS[name]
    known = {f.name for f in fields(kind.Config)}
    for option in values:
        check(option in known, f"The network {name!r} has no option {option!r}; a newer version of the program may know it.")
    check(values.get("dims", 2) in kind.dims, f"The network {name!r} does not come in {values.get('dims')} dimensions.")
    built = kind.Config(**{k: _frozen(v) for k, v in values.items()})
    if not torch.empty(0).is_meta:
        _check_memory(kind, built)
    return kind(built)


def offered() -> list[tuple[str, type[Network]]]:
    """All networks in the order in which people are shown them: the U-Net first, then what a processor can train, then the rest."""
    return sorted(NETWORKS.items(), key=lambda item: (item[0] != "unet", not item[1].suits_cpu))


def answer(network: Network, batch: Tensor, window: Window, compute: Callable[..., Tensor] | None = None) -> Tensor:
    """Logits (N, K, ...) of a window of what a network answers to (N, C, ...); `compute` does it in the place of the network itself."""
    compute = compute or network
    cuts = network.cuts(tuple(batch.shape[2:]), window)
    return part_of(compute(batch), window) if cuts is None else compute(batch, cuts)


def name_of(network: Network) -> str:
    """The registered name of a network's kind."""
    return next(name for name, kind in NETWORKS.items() if kind is type(network))


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
