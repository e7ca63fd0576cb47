"""The network, patch and batch of a plan: options that the settings and the preset leave open, chosen for the device."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import torch

from unetstudio.networks.network import NETWORKS, Network, create, round_up
from unetstudio.networks.unet import pools_for_spacing
from unetstudio.settings import TrainingSettings
from unetstudio.training.sizing import LONG, Size


def usual_network(name: str, dims: int, device: torch.device) -> tuple[Network, tuple[int, ...], int]:
    """Make the network, patch and batch that a plan would choose for large pictures or volumes with one channel and two classes."""
    kind, quick = NETWORKS[name], device.type == "cpu"
    size = sizes(dims, TrainingSettings(), quick)[0]
    preset, options = choose_options(kind, dims, TrainingSettings(), quick, size, (1.0, 1.0, 1.0), (512, 512, 512))
    network = create(name, 1, 2, dims, preset, **options)
    patch = network.input_shape((patch_edge(dims, quick, dense=True),) * dims)
    return network, patch, batch_size(patch, dims, quick)


def sizes(dims: int, settings: TrainingSettings, quick: bool) -> list[Size]:
    """Return the depths and widths to choose from, the default first; more than one only for a long budget."""
    if not quick:
        return [(3 if dims == 3 else 4, 32)]
    long = settings.seconds >= LONG[dims]
    if not long or settings.preset or settings.depth or settings.base:
        return [(3, 8) if dims == 3 else (4 if long else 3, 16)]
    return [(3, 8), (3, 16)] if dims == 3 else [(4, 16), (4, 32)]


def patch_edge(dims: int, quick: bool, dense: bool) -> int:
    """Return the edge of a patch in voxels."""
    if dims == 3:
        return 48 if quick else 96
    return (192 if dense else 128) if quick else 256


def patch_shape(network: Network, edge: int, extent: tuple[int, ...]) -> tuple[int, ...]:
    """Return a patch shape of about `edge` that the network accepts, no larger than a scan needs."""
    output = (max(2 * m, min(round_up(edge, m), round_up(n, m))) for n, m in zip(extent, network.size_multiple, strict=True))
    return network.input_shape(tuple(n + 2 * margin for n, margin in zip(output, network.valid_margin, strict=True)))


def batch_size(patch: tuple[int, ...], dims: int, quick: bool) -> int:
    """Return the number of patches of a step, which takes about a third of a second on a CPU; at least two."""
    voxels = (110_000 if dims == 3 else 8 * 128 * 128) if quick else (2 * 96**3 if dims == 3 else 8 * 256 * 256)
    return int(np.clip(round(voxels / np.prod(patch)), 2, 16))


def choose_options(
    kind: type[Network],
    dims: int,
    settings: TrainingSettings,
    quick: bool,
    size: Size,
    spacing: tuple[float, float, float],
    extent: tuple[int, int, int],
) -> tuple[str, dict[str, Any]]:
    """Return preset and options of the network: settings take precedence over the preset, and the preset over the choices made here.

    Presets other than "default" and "small" are taken as they are, except that poolings follow the spacing where they leave it open.
    """
    small = quick and "small" in kind.presets_for(dims)
    preset = settings.preset or ("small" if small else "default")
    options: dict[str, Any] = {}
    if preset in ("default", "small"):
        options["depth"], options["base"] = size
    options |= kind.preset_options(preset, dims)
    options |= settings.network_options()
    accepted = kind.options()
    if dims == 3 and {"pool", "depth"} <= accepted and "pool" not in options:
        default = next(f.default for f in fields(kind.Config) if f.name == "depth")
        options["pool"] = pools_for_spacing(spacing, options.get("depth", default), extent)
    return preset, {option: value for option, value in options.items() if option in accepted}


def describe(network: Network) -> str:
    """Describe the network by its configuration."""
    config = network.config.to_json()
    words = [f"{type(network).title} in {config['dims']}D"]
    if "depth" in config:
        words.append(f"depth {config['depth']}")
    if "base" in config:
        words.append(f"{config['base']} channels at full resolution")
    if "norm" in config:
        words.append("no norm" if config["norm"] == "none" else f"{config['norm']} norm")
    return ", ".join(words)


def reason_for(settings: TrainingSettings, kind: type[Network], quick: bool) -> str:
    """Give the reason for the size of the network, as the end of a sentence."""
    if settings.preset:
        return f": the preset {settings.preset}, as you chose"
    if settings.depth or settings.base:
        return ", as you chose"
    if not quick:
        return ": the GPU has room for it"
    return ": small enough to learn while you paint" if kind.suits_cpu else ": slow to learn without a GPU"
