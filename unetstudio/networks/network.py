"""The interface of a network: its configuration, its description for the clinician, and the geometry that tiled prediction relies on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar

import psutil
import torch
from torch import Tensor, nn

from unetstudio.errors import UserError
from unetstudio.networks.output_window import Crop, Window, crop_to
from unetstudio.registry import Registry


@dataclass(frozen=True)
class NetworkConfig:
    """Everything needed to build a network except its weights; each network adds fields of its own."""

    in_channels: int
    n_classes: int
    dims: int = 2

    def __post_init__(self) -> None:
        check(1 <= self.in_channels <= 1024, f"A network takes 1 to 1024 input channels, not {self.in_channels}.")
        check(1 <= self.n_classes <= 255, f"A network tells 1 to 255 classes apart, not {self.n_classes}.")
        check(self.dims in (2, 3), f"A network has 2 or 3 dimensions, not {self.dims}.")

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a checkpoint, with tuples turned into lists."""
        return {name: _to_lists(value) for name, value in asdict(self).items()}


class Network(nn.Module):
    """A network: (N, C, Y, X) or (N, C, Z, Y, X) float32 in, logits with `n_classes` channels out.

    A subclass sets the class attributes: `title`; `description`, a sentence for a clinician; `source`, the paper; `dims`, the numbers of
    dimensions it supports; `suits_cpu`, whether a CPU trains it in minutes; `presets`, options by name. "default" is the recommended
    preset, "published" the paper's, "small" one that a CPU can train. A preset with "dims": (2,) or (3,) exists only for these, and a value
    {2: ..., 3: ...} depends on the number of dimensions.

    The last layer is called `head`; with deep supervision, further layers with a channel per class are called `side_heads`. `__init__` sets
    per axis: `receptive_margin`, the number of input voxels on each side of an output voxel that can influence it when tile origins are
    multiples of `size_multiple`; `size_multiple`, the coarsest sampling step; `valid_margin`, the voxels that valid padding removes from
    each side of the output (0 with same padding). `exact` says whether a tile with that receptive margin gives the same result as the whole
    image. It does not where a norm looks at the whole tile or every voxel attends to every other; then tiles overlap and are blended over
    the width of the margin.

    If `crops` does not return None, `forward` also accepts these crops and computes only their window; `window_share` is the approximate
    share of the work that then depends on the size of the window.

    In training a network may return a tuple of logits for deep supervision, the finest first and each coarser by a whole factor. In
    evaluation it returns only the finest.
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
    valid_margin: tuple[int, ...]
    exact: bool
    window_share: float = 0.0

    def crops(self, shape: tuple[int, ...], window: Window) -> list[Crop] | None:
        """Return crops with which `forward` computes only a window (start and stop of each axis); None if it always computes the image."""
        del shape, window
        return None

    def input_shape(self, at_least: tuple[int, ...]) -> tuple[int, ...]:
        """Return the smallest spatial input shape that the network accepts and that is `at_least` as large on every axis."""
        return tuple(round_up(size, step) for size, step in zip(at_least, self.size_multiple, strict=True))

    @property
    def parameters_count(self) -> int:
        """Number of trainable values."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    @classmethod
    def presets_for(cls, dims: int) -> tuple[str, ...]:
        """Return the names of the presets that exist in 2 or 3 dimensions."""
        return tuple(name for name, options in cls.presets.items() if dims in options.get("dims", cls.dims))

    @classmethod
    def preset_options(cls, preset: str, dims: int) -> dict[str, Any]:
        """Return the options that a preset sets; raise UserError for an unknown preset."""
        names = cls.presets_for(dims)
        check(preset in names, f"{cls.title} has no preset {preset!r} in {dims} dimensions. Known: {', '.join(names)}.")
        options = {option: value for option, value in cls.presets[preset].items() if option != "dims"}
        return {option: value[dims] if isinstance(value, Mapping) else value for option, value in options.items()}

    @classmethod
    def options(cls) -> frozenset[str]:
        """Return the names of the options besides channels, classes and dimensions."""
        return frozenset(f.name for f in fields(cls.Config)) - {f.name for f in fields(NetworkConfig)}


BYTES_PER_PARAMETER = 20
"""Bytes of memory per parameter in training: its value, gradient, two moments of the optimiser and moving average, in float32."""

NETWORKS: Registry[type[Network]] = Registry("unetstudio.networks", "network")


def create(name: str, in_channels: int, n_classes: int, dims: int = 2, preset: str = "default", **options: Any) -> Network:
    """Create a network by its registered name, initialised from torch's random state; `options` take precedence over the preset's.

    Raise UserError for an unknown name, preset or option, and for a network too large for this computer.
    """
    kind = NETWORKS[name]
    available = kind.options()
    for option in options:
        check(option in available, f"The network {name!r} has no option {option!r}. Known: {', '.join(sorted(available))}.")
    check(dims in kind.dims, f"The network {name!r} is made for {' or '.join(map(str, kind.dims))} dimensions, not {dims}.")
    values = kind.preset_options(preset, dims) | options
    config = kind.Config(in_channels, n_classes, dims, **{k: _to_tuples(v) for k, v in values.items()})
    if not torch.empty(0).is_meta:
        _check_memory(kind, config)
    return kind(config)


def rebuild(name: str, config: Mapping[str, Any], **changes: Any) -> Network:
    """Build a network from the result of `to_json`, with `changes`.

    Fields that it lacks take the configuration's defaults, regardless of today's presets.
    """
    values = {**config, **changes}
    kind = NETWORKS[name]
    available = {f.name for f in fields(kind.Config)}
    for option in values:
        check(option in available, f"The network {name!r} has no option {option!r}; a newer version of the program may know it.")
    check(values.get("dims", 2) in kind.dims, f"The network {name!r} does not come in {values.get('dims')} dimensions.")
    rebuilt = kind.Config(**{k: _to_tuples(v) for k, v in values.items()})
    if not torch.empty(0).is_meta:
        _check_memory(kind, rebuilt)
    return kind(rebuilt)


def ordered_networks() -> list[tuple[str, type[Network]]]:
    """Return all networks in display order: the U-Net first, then those that a CPU can train, then the rest."""
    return sorted(NETWORKS.items(), key=lambda item: (item[0] != "unet", not item[1].suits_cpu))


def compute_window(network: Network, batch: Tensor, window: Window, compute: Callable[..., Tensor] | None = None) -> Tensor:
    """Compute logits (N, K, ...) of a window of the output for a batch (N, C, ...); `compute` replaces the network's own forward pass."""
    compute = compute or network
    crops = network.crops(tuple(batch.shape[2:]), window)
    return crop_to(compute(batch), window) if crops is None else compute(batch, crops)


def name_of(network: Network) -> str:
    """Return the registered name of a network's class."""
    return next(name for name, kind in NETWORKS.items() if kind is type(network))


def _check_memory(kind: type[Network], config: NetworkConfig) -> None:
    """Raise a UserError for a network that this computer could not train, before memory is allocated for it."""
    with torch.device("meta"):
        count = kind(config).parameters_count
    limit = psutil.virtual_memory().total // BYTES_PER_PARAMETER
    check(
        count <= limit, f"This network has {count:,} parameters, more than this computer has memory for; lower its depth or its channels."
    )


def check(allowed: bool, problem: str) -> None:
    """Raise a UserError with this sentence unless `allowed`."""
    if not allowed:
        raise UserError(problem)


def round_up(size: int, step: int) -> int:
    """Return the smallest multiple of `step` that is not below `size`."""
    return -(-size // step) * step


def _to_tuples(value: Any) -> Any:
    """Turn the lists that JSON gives into the tuples that a frozen configuration holds."""
    return tuple(_to_tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def _to_lists(value: Any) -> Any:
    """Turn tuples into lists, the inverse of `_to_tuples`."""
    return [_to_lists(v) for v in value] if isinstance(value, tuple) else value
