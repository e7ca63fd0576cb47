"""The plan of a training: every choice that the settings leave open, made from the study and the machine, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from unetstudio.data.case import Case
from unetstudio.data.geometry import Spacing
from unetstudio.data.study import Study
from unetstudio.errors import TrainingError, UserError
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.networks.network import NETWORKS, Network, create, rebuild
from unetstudio.settings import TrainingSettings
from unetstudio.training.network_plan import batch_size, choose_options, describe, patch_edge, patch_shape, reason_for, sizes
from unetstudio.training.schedule import QUICK_WARM_UP, WARM_UP
from unetstudio.training.sizing import LONG, Machine, Size, choose_network, fit_into_memory, grow_into_memory
from unetstudio.training.spacing import choose_spacing, extent_at, kept_spacing

THIN = 8
"""Number of slices below which a volume is learnt slice by slice."""

ANISOTROPIC = 4.0
"""Slice distance in pixels above which slices are learnt one by one."""

VOLUME_RATE = 4.0
"""Factor of the learning rate for volumes, whose networks are small and whose steps are few."""

LIVE_SLICE = 160 * 160
"""Pixels of the largest slice that a 3D network on a CPU can predict anew after each round of live painting."""

LARGER = {2: (384, 512), 3: (128, 160)}
"""Larger patch edges, by dimensions, for a GPU with enough memory and a long budget."""


@dataclass(frozen=True)
class Plan:
    """The choices of a training. `patch` is (Y, X) or (Z, Y, X); `rate` the full learning rate, reached after `warm_up` steps; `dice` the
    share of the Dice term; `windows` the number of patches scored; `filters` whether filter responses are input channels; `bias` that of
    the crops, see `samples.draw_patch`; `spacing` the mm (z, y, x) to which images are resampled, if any; `words` the choices in words."""

    network: str
    dims: int
    options: dict[str, Any]  # the network's whole configuration, but for its channels and classes
    patch: tuple[int, ...]
    batch: int
    rate: float
    warm_up: int
    dice: float
    windows: int
    filters: bool
    bias: float | None
    spacing: Spacing | None = None
    words: dict[str, str] = field(default_factory=dict)


def make_plan(
    study: Study, settings: TrainingSettings, device: torch.device, checkpoint: Checkpoint | None = None, machine: Machine | None = None
) -> Plan:
    """Plan for the labelled cases of a study that is ready to train; `checkpoint` is the one to continue from, whose network is kept.

    `machine` measures the cost of a step; without it, or without a budget, nothing is tried out.
    """
    cases = [study.cases[id].case for id in study.labelled()]
    quick = device.type == "cpu"  # a CPU needs a small network to learn quickly
    words: dict[str, str] = {}
    name = settings.network if checkpoint is None else checkpoint.network
    kind = NETWORKS[name]
    live = quick and not (settings.seconds or settings.steps)
    dims = checkpoint.dims if checkpoint is not None else settings.dims or _dims(cases, kind, words, live)
    target, words["Voxel size"] = kept_spacing(checkpoint) if checkpoint is not None else choose_spacing(cases, dims, settings.resample)
    dense, extent = is_dense(study), extent_at(cases, target, dims)
    edge, batch = settings.patch or patch_edge(dims, quick, dense), settings.batch

    def build(size: Size) -> Network:
        preset, options = choose_options(kind, dims, settings, quick, size, target or _spacing(cases), extent)
        with torch.device("meta"):
            return create(name, _inputs(cases), len(study.classes), dims, preset, **options)

    def shape(network: Network) -> tuple[tuple[int, ...], int]:
        patch = patch_shape(network, edge, extent[-dims:])
        return patch, batch or batch_size(patch, dims, quick)

    if checkpoint is not None:
        with torch.device("meta"):
            network, reason = rebuild(checkpoint.network, checkpoint.config), ": as it was trained before"
    else:
        network, reason = choose_network(sizes(dims, settings, quick), build, shape, settings.seconds, machine)
        reason = reason or reason_for(settings, kind, quick)
    options = {option: value for option, value in network.config.to_json().items() if option in kind.options()}
    patch, patches = shape(network)
    memory = ""
    if machine is not None:
        if not quick and settings.seconds >= LONG[dims] and not settings.patch:  # spend a GPU's memory on context
            larger = [patch_shape(network, n, extent[-dims:]) for n in LARGER[dims]]
            patch = grow_into_memory(network, [patch, *larger], patches, machine)
        fixed = {"keep_patch": settings.patch > 0, "keep_batch": settings.batch > 0}
        patch, patches = fit_into_memory(network, patch, patches, machine, **fixed)
        memory = (
            f"a step takes about {machine.bytes(network, patch, patches) / 1e9:.1f} GB of the {machine.free / 1e9:.0f} GB that are free"
        )
    bias = _bias(settings.crop)
    rate = settings.learning_rate * (VOLUME_RATE if dims == 3 else 1.0)
    falling = "falling over the budget" if settings.seconds or settings.steps else "constant"
    words |= {
        "Network": describe(network) + reason,
        "Patches": f"{patches} of {' x '.join(map(str, patch))} a step, {_cropped(bias, dense)}",
        "Loss": "cross-entropy and Dice: most of the voxels are labelled" if dense else "cross-entropy over the strokes",
        "Learning rate": f"{rate:g}, {falling}",
    }
    if memory:
        words["Memory"] = memory
    unused = (
        []
        if checkpoint is not None
        else [option.replace("_", " ") for option in settings.network_options() if option not in kind.options()]
    )
    if unused:
        words["Not used"] = f"{' and '.join(unused)}, which the {kind.title} does not have"
    windows = (6 if dims == 2 else 3) if quick else 24
    flat_strokes = dims == 2 and not dense  # filters give a first mask after a few steps
    dice, warm_up = 0.5 if dense else 0.0, QUICK_WARM_UP if flat_strokes else WARM_UP
    return Plan(name, dims, options, patch, patches, rate, warm_up, dice, windows, flat_strokes, bias, target, words)


def _inputs(cases: list[Case]) -> int:
    """Estimate the number of input channels: each stored channel, plain and locally normalised."""
    return 2 * max(case.channels for case in cases)


def _dims(cases: list[Case], kind: type[Network], words: dict[str, str], live: bool) -> int:
    """Choose 3 for volumes of close slices, else 2; when `live` on a CPU, 3 only if slices are small enough to keep up.

    A network of one dimensionality decides by itself; raise TrainingError for a 3D network with single pictures.
    """
    if kind.dims == (3,) and not all(case.is_volume for case in cases):
        raise TrainingError(f"The {kind.title} learns from volumes, but there are single pictures among the labelled cases.")
    if len(kind.dims) == 1:
        words["Dimensions"] = f"{kind.dims[0]}, for which the {kind.title} is made"
        return kind.dims[0]
    if not all(case.is_volume for case in cases):
        words["Dimensions"] = "2, because there are single pictures"
    elif min(case.shape[0] for case in cases) < THIN:
        words["Dimensions"] = f"2, because a volume has fewer than {THIN} slices"
    elif any(_apart(case) > ANISOTROPIC for case in cases):
        words["Dimensions"] = "2, because the slices are far apart"
    elif live and max(case.shape[1] * case.shape[2] for case in cases) > LIVE_SLICE:
        words["Dimensions"] = "2, because a processor cannot predict slices this large in 3D while you paint; choose 3 if it may"
    else:
        words["Dimensions"] = "3, because all cases are volumes of close slices"
        return 3
    return 2


def _apart(case: Case) -> float:
    """Return the distance of slices in pixels, guessed from the shape when the file does not say."""
    if case.geometry.spacing is None:
        return min(case.shape[1:]) / case.shape[0] / 2
    z, y, x = case.geometry.spacing
    return z / min(y, x)


def _bias(setting: str) -> float | None:
    """Parse the setting: a share, or None for automatic; raise UserError for anything else."""
    if setting == "auto":
        return None
    try:
        bias = float(setting)
    except ValueError:
        bias = -1.0
    if not 0 <= bias <= 1:
        raise UserError(f"crop={setting!r} is not understood: write auto, or the share of patches round a random class, from 0 to 1.")
    return bias


def _cropped(bias: float | None, dense: bool) -> str:
    """Describe how patches are cut."""
    share = (0.5 if dense else 1.0) if bias is None else bias
    by_user = "" if bias is None else ", as you chose"
    if share == 1:
        return f"each round a labelled voxel of a random class{by_user}"
    if share == 0:
        return f"each round any labelled voxel{by_user}"
    return f"{share:.0%} of them round a voxel of a random class, the others round any labelled voxel{by_user}"


def is_dense(study: Study) -> bool:
    """Whether most of the labelled cases' voxels are labelled."""
    labelled = [study.cases[id] for id in study.labelled()]
    return sum(member.annotated for member in labelled) > 0.5 * sum(int(np.prod(member.case.shape)) for member in labelled)


def _spacing(cases: list[Case]) -> tuple[float, float, float]:
    """Return the median voxel size (z, y, x)."""
    z, y, x = np.median([case.geometry.spacing_or_one for case in cases], axis=0)
    return (float(z), float(y), float(x))
