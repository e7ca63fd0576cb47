"""The command that predicts: masks of images, or of a project's cases, into a folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from unetstudio.commands.output import Output
from unetstudio.errors import UserError
from unetstudio.inference.events import CasePredicted, EngineChosen, ImageProgress, MaskWritten, Notice, Refused, TilePredicted
from unetstudio.inference.folder import PredictionOptions, PredictionTarget, predict_to_folder, target_case, target_images
from unetstudio.inference.output_manifest import LIST
from unetstudio.inference.predictor import Predictor
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json, with_options
from unetstudio.project.project import Project
from unetstudio.training.start import newest, to_use


def predict(
    folder: Path,
    images: Sequence[Path],
    out: Path,
    output: Output,
    *,
    checkpoint: Path | None,
    cases: Sequence[str] | None,
    post: Sequence[str],
    device: str,
    manner: PredictionOptions,
) -> None:
    """Masks of images, or of cases of the project, by its newest checkpoint, one that did clearly better, or the one named."""
    with Project.open(folder, read_only=True) as project:
        path = checkpoint or to_use(project.checkpoints_folder)
        card, _ = checkpoints.load(path)
        if checkpoint is None and path != newest(project.checkpoints_folder):
            output.say(f"The checkpoint of step {card.step} is used: on held-out labels it was better than the last one.")
        values = card.classes.values  # what stands in the masks: strokes of other classes are left out
        named = target_images(images, project.folder, project.cases, values) if images else _target_cases(project, cases, values)
        wanted = list(named)
        predictor = Predictor.load(path, device)
        steps = with_options(from_json(project.manifest.steps) if project.manifest.steps else DEFAULT_STEPS, post)
        failed, before, written, computed_by = 0, 0, 0, ""
        masks = predict_to_folder(predictor, wanted, out, steps, card.classes, manner)
        with output.progress(len(wanted)) as bar:
            for event in masks:
                match event:
                    case EngineChosen():
                        computed_by = event.name
                        output.say(f"Computed by {event.words}.")
                    case MaskWritten():
                        written, before = event.done, before + event.before
                        output.event("mask", **_mask_values(event), engine=computed_by)
                        bar.at(event.done, event.path)
                    case Refused():
                        if len(wanted) == 1:
                            raise UserError(event.why)
                        failed += 1
                        output.event("failed", image=str(event.image), why=event.why)
                        output.say(event.why)
                    case ImageProgress():
                        output.event("progress", image=event.image, what=event.stage, done=event.done, total=event.total)
                        bar.at(written + event.done / event.total, f"{event.stage} {Path(event.image).name}")
                    case Notice():
                        output.event("notice", text=event.text)
                        output.say(event.text)
                    case TilePredicted():
                        bar.at(written + event.done / event.total, event.case)
                    case CasePredicted():
                        pass
        again = f", {before} of them from before (--again makes them anew)" if before else ""
        output.say(f"{len(wanted) - failed} mask(s) in {out}{again}; {LIST} there has the most doubtful first.")
        if failed:
            raise UserError(f"{failed} of {len(wanted)} image(s) could not be predicted; the reasons stand above.")


def _mask_values(event: MaskWritten) -> dict[str, Any]:
    """What --json says of a mask."""
    values = dataclasses.asdict(event)
    values["doubt"] = values.pop("mean_uncertainty")
    return values


def _target_cases(project: Project, wanted: Sequence[str] | None, values: Sequence[int]) -> Iterator[PredictionTarget]:
    """The cases of these ids or names, all of them for None; UserError for one that the project does not have."""
    known = {name for case in project.cases for name in (case.id, case.name)}
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        raise UserError(f"The project has no case {unknown[0]!r}; see: unetstudio info {project.folder.name}")
    for case in project.cases:
        if not wanted or case.id in wanted or case.name in wanted:
            yield target_case(case, project.folder, values)
