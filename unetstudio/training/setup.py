"""What a training begins with: device, threads, plan, intensity scale, network and number format, chosen in this order."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from unetstudio.augment.presets import choose_recipe
from unetstudio.augment.recipe import Recipe
from unetstudio.data.intensity import Intensity
from unetstudio.data.study import Study
from unetstudio.networks.device import Precision, choose_device, choose_precision, use_threads
from unetstudio.networks.network import Network, create
from unetstudio.settings import TrainingSettings
from unetstudio.training.borders import Borders, choose_borders
from unetstudio.training.material import Unreadable, fit_intensity
from unetstudio.training.plan import Plan, make_plan
from unetstudio.training.sizing import Machine
from unetstudio.training.start import Start


@dataclass(frozen=True, eq=False)
class SetUp:
    """`lost` are images that could not be read; `words` tell every choice and why."""

    device: torch.device
    plan: Plan
    intensity: Intensity
    network: Network
    precision: Precision
    borders: Borders | None
    recipe: Recipe
    lost: tuple[Unreadable, ...]
    words: dict[str, str]


def set_up(study: Study, settings: TrainingSettings, start: Start | None) -> SetUp:
    """For a study that is ready to train; from a checkpoint, its network and intensity scale are kept. UserErrors say what to change."""
    budgeted = bool(settings.seconds or settings.steps)
    threads = use_threads(settings.threads, spare=0 if budgeted else 1)
    made = None if start is None else start.checkpoint
    device = choose_device(settings.device)
    plan = make_plan(study, settings, device, made)
    if (able := choose_device(settings.device, plan.dims)) != device:  # an Apple GPU may be right for pictures and wrong for volumes
        device = able
    precision = choose_precision(device, plan.dims, settings.precision)
    plan = make_plan(study, settings, device, made, Machine.of(precision))
    lost: list[Unreadable] = []
    if start is None:
        intensity, lost = fit_intensity(study, plan.filters, settings.normalisation)
        torch.manual_seed(settings.seed)
        network = create(plan.network, intensity.channels_out(intensity.channels), len(study.classes), plan.dims, **plan.options)
    else:
        intensity, network = Intensity.from_json(start.checkpoint.intensity), start.network
    image = intensity.describe(settings.normalisation) if start is None else f"{intensity.describe()}; as it was trained before"
    if intensity.filters:
        image += "; beside it edges, lines and blobs of two widths: from strokes the network finds them sooner"
    words = plan.words | {"Image": image, "Precision": precision.reason, "Threads": str(threads)}
    borders, why = choose_borders(study, settings, dense=plan.dice > 0)
    if why:
        words["Borders"] = why
    if settings.hold_out == "off":
        words["Held out"] = "nothing, as you chose: all labels are learnt from, and there is no score"
    cases = [study.cases[id].case for id in study.labelled()]
    recipe, words["Augmentation"] = Recipe(), "none"
    if settings.augment:
        recipe, words["Augmentation"] = choose_recipe(cases, settings.augmentation, settings.vary, plan.spacing)
    return SetUp(device, plan, intensity, network, precision, borders, recipe, tuple(lost), words)
