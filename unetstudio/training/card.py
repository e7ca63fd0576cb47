"""The model card: facts that a reader needs before using weights, as part of their JSON description and as a Markdown page.

Cases are named by their numbers in the project and never by file or patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unetstudio import RESEARCH_USE
from unetstudio.data.intensity import Intensity
from unetstudio.data.study import Study
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.training.held_out_score import HeldOutScore
from unetstudio.training.holdout import HeldOut

PRIVACY = "Treat as patient data unless reviewed: weights can remember images that they were trained on."

UNKNOWN = "not recorded"

FEW_CASES = 5
"""Number of training images below which the card warns."""

FEW_VOXELS = 1000
"""Number of held-out voxels of a class below which the card warns."""

FEW_STROKES = 3
"""Number of held-out strokes of a class below which the card warns."""


def report(
    study: Study, intensity: Intensity, held: HeldOut, score: HeldOutScore, began: str, people: Sequence[str], training: dict[str, Any]
) -> dict[str, Any]:
    """Return plain values for a checkpoint's `report`: `began` is the start of training (ISO 8601, UTC), `people` are the annotators, and
    `training` holds further facts about the training."""
    values = study.classes.values
    cases: list[dict[str, Any]] = []
    for id in study.labelled():
        counts = study.cases[id].counts
        painted = {str(value): int(counts[:, value].sum()) for value in values if counts[:, value].any()}
        cases.append({"id": id, "painted": painted, "held_out": id in held.cases})
    spacings = [study.cases[case["id"]].case.geometry.spacing for case in cases]
    sizes = np.array([spacing for spacing in spacings if spacing is not None])
    facts = {
        "cases": cases,
        "painted": {str(value): [sum(n), 0] if held.nothing else list(n) for value, n in study.counts().items()},  # to train on, held out
        "annotators": list(people),
        "began": began,
        "training": training,
        "held_out": held.description if score.voxels else "",
        "held_out_voxels": {str(value): n for value, n in score.voxels.items()},
        "held_out_strokes": {str(value): n for value, n in score.strokes.items()},  # or cases, where whole cases are held out
        "score_rests_on": score.basis,
        "score_uncertainty": score.uncertainty,
        "intensity_range": [[w.channel, w.low, w.high] for w in intensity.windows],
        "spacing_range": [sizes.min(axis=0).tolist(), sizes.max(axis=0).tolist()] if len(sizes) else None,
        "spacing_unknown": sum(spacing is None for spacing in spacings),
        "privacy": PRIVACY,
        "use": RESEARCH_USE,
    }
    return facts | {"limits": _limits(facts)}


def markdown(card: Checkpoint, id: str) -> str:
    """Format the page for the weights of SHA-256 `id`."""
    facts = card.report
    names = {item.value: item.name for item in card.classes}
    lines = [
        f"# Model card: {card.network}, step {card.step}",
        f"**{facts.get('use', RESEARCH_USE)}** {facts.get('privacy', PRIVACY)}",
        "## What it is",
        _table(
            ("Weights (SHA-256)", f"`{id}`"),
            ("Network", f"{card.network}, {card.dims}D: " + ", ".join(f"{k} {v}" for k, v in card.config.items() if k != "dims")),
            ("Made by", f"U-Net Studio {card.program}"),
            ("Training", f"began {facts.get('began') or 'unknown'} (UTC), {card.step} steps, {card.seconds:.0f} s"),
            *((str(name), str(value)) for name, value in facts.get("training", {}).items()),
            ("Settings", ", ".join(f"{k} {v}" for k, v in card.settings.items())),
            ("Licence", "none given: whoever hands the weights on decides"),
        ),
        "## What it was trained on",
        _table(
            ("Images", str(len(facts.get("cases", card.training_cases)))),
            ("Painted by", ", ".join(facts.get("annotators", ())) or "not known"),
            ("Intensities seen", _ranges(facts.get("intensity_range", ()))),
            ("Voxel size seen (z, y, x)", _spacings(facts)),
        ),
        _painted(facts, names),
        "## How well it does",
        _scores(card, names),
        "## Known limits",
        "\n".join(f"- {sentence}" for sentence in facts.get("limits", ())) or "- Not recorded.",
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def _limits(facts: dict[str, Any]) -> list[str]:
    """Return the known limits that follow from the facts, in sentences."""
    limits = ["It knows images like those it was trained on; another scanner, stain or protocol may need more strokes."]
    n = len(facts["cases"])
    if n < FEW_CASES:
        limits.append(f"It was trained on {n} image{'s' * (n != 1)} only.")
    if not facts["held_out"]:
        limits.append("Nothing was held out, so nothing is known of how well it does on what it has not seen.")
    elif "case" not in facts["held_out"]:
        limits.append("Its score is of strokes held out in the very images it was trained on; on other images it may do worse.")
    if any(count < FEW_STROKES for count in facts["held_out_strokes"].values()):
        unit = "images" if "case" in facts["held_out"] else "strokes"
        limits.append(f"Some classes were scored on fewer than {FEW_STROKES} {unit}: their scores are rough.")
    elif any(count < FEW_VOXELS for count in facts["held_out_voxels"].values()):
        limits.append(f"Some classes were scored on fewer than {FEW_VOXELS} voxels: their scores are rough.")
    if facts["spacing_unknown"]:
        limits.append(f"The voxel size of {facts['spacing_unknown']} of {n} images is not known.")
    return limits


def _table(*rows: tuple[str, str]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in rows)])


def _cell(text: str) -> str:
    """Escape text so that it cannot end a table cell: class names are free text."""
    return " ".join(text.replace("|", "\\|").split())


def _ranges(windows: Sequence[Sequence[float]]) -> str:
    return "; ".join(f"channel {int(channel) + 1}: {low:g} to {high:g}" for channel, low, high in windows) or "not recorded"


def _spacings(facts: dict[str, Any]) -> str:
    span = facts.get("spacing_range")
    if span is None:
        return "not known"
    low, high = (" x ".join(f"{value:.4g}" for value in end) for end in span)
    return f"{low} mm" if low == high else f"{low} to {high} mm"


def _painted(facts: dict[str, Any], names: dict[int, str]) -> str:
    """Tabulate the painted voxels of each class, in total and by case."""
    values = [int(value) for value in facts.get("painted", ())]
    if not values:
        return ""
    head = ["Case", *(_cell(names.get(value, str(value))) for value in values)]
    rows = [["all, to train on", *(str(facts["painted"][str(value)][0]) for value in values)]]
    rows.append(["all, held out", *(str(facts["painted"][str(value)][1]) for value in values)])
    for case in facts["cases"]:
        mark = " (held out)" if case["held_out"] else ""
        rows.append([f"`{case['id']}`{mark}", *(str(case["painted"].get(str(value), 0)) for value in values)])
    lines = [head, ["---"] * len(head), *rows]
    return "Painted voxels:\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _scores(card: Checkpoint, names: dict[int, str]) -> str:
    if card.score is None:
        return "No labels were held out, so there is no score."
    voxels, strokes = (card.report.get(f"held_out_{counted}", {}) for counted in ("voxels", "strokes"))
    rows = [
        f"| {_cell(names.get(v, str(v)))} | {score:.3f} | {strokes.get(str(v), UNKNOWN)} | {voxels.get(str(v), UNKNOWN)} |"
        for v, score in card.class_scores.items()
    ]
    held_out = card.report.get("held_out") or "held-out labels"
    unit = "Images" if "case" in held_out else "Strokes"
    table = "\n".join([f"| Class | Dice | {unit} (n) | Voxels (n) |", "|---|---|---|---|", *rows])
    return f"Mean Dice of the structures on {held_out}: {card.score:.3f}.{_basis(card.report, unit.lower())}\n\n{table}"


def _basis(facts: dict[str, Any], unit: str) -> str:
    """Say what the score rests on."""
    n, uncertainty = facts.get("score_rests_on", 0), facts.get("score_uncertainty")
    if not n or uncertainty is None:
        return ""
    return f" It rests on {n} {unit} and is uncertain by ±{uncertainty:.3f} (standard error)."
