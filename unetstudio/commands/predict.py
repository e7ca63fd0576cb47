"""The command `predict`: writes masks of images, or of a project's cases, into a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unetstudio.commands.found_images import found_images
from unetstudio.commands.output import Bar, Output
from unetstudio.errors import UserError
from unetstudio.formats.finding.part_choice import ALL
from unetstudio.inference.events import EngineChosen, ImageProgress, MaskWritten, Notice, Refused, TilePredicted
from unetstudio.inference.folder import FolderEvent, PredictionTarget, predict_to_folder, target_case, target_found
from unetstudio.inference.output_manifest import LIST
from unetstudio.inference.pooled_predictor import load_predictor
from unetstudio.inference.prediction_options import PredictionOptions
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.postprocess.stack import from_json, with_options
from unetstudio.project.checkpoints import newest, require
from unetstudio.project.project import Project


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
    options: PredictionOptions,
    parts: str = ALL,
    accept_damage: bool = False,
) -> None:
    """Write masks of images, or of cases of the project, by its newest checkpoint, one that did clearly better, or the one named."""
    with Project.open(folder, read_only=True) as project:
        path = checkpoint or require(project.checkpoints_folder).path
        card, _ = checkpoints.load(path)
        if checkpoint is None and (last := newest(project.checkpoints_folder)) is not None and path != last.path:
            output.say(f"The checkpoint of step {card.step} is used: on held-out labels it was better than the last one.")
        values = card.classes.values  # class values in the masks: strokes of other classes are left out
        if images:
            images_found = found_images(images, parts, output)
            targets = list(target_found(images_found, project.folder, project.cases, values, accept_damage=accept_damage))
        else:
            targets = list(_target_cases(project, cases, values, accept_damage=accept_damage))
        steps = with_options(from_json(project.manifest.steps), post)
        predictor = load_predictor(path, device)
        began = time.monotonic()
        with output.progress(len(targets)) as bar:
            report = _Report(output, bar, len(targets))
            for event in predict_to_folder(predictor, targets, out, steps, card.classes, options):
                report.take(event)
        again = f", {report.before} of them from before (--again makes them anew)" if report.before else ""
        made = len(targets) - report.refused
        if made:
            output.say(f"{made} mask(s) in {out}{again}; {LIST} there has the most doubtful first.")
        if made > report.before:
            output.say(_cost((time.monotonic() - began) / (made - report.before), options))
        if report.refused:
            raise UserError(f"{report.refused} of {len(targets)} image(s) could not be predicted; the reasons stand above.")


def _cost(seconds: float, options: PredictionOptions) -> str:
    """Say how long an image took, and what averaging over mirrored images would cost."""
    more = "" if options.tta == "on" else "; averaged over mirrored images (--flips on) a large one takes four to eight times as long"
    return f"{seconds:.1f} s an image{more}."


@dataclass
class _Report:
    """Reports the events of a folder as text, as JSON and on the bar, and counts the masks."""

    output: Output
    bar: Bar
    images: int
    done: int = 0
    before: int = 0  # made by an earlier run
    refused: int = 0
    engine: str = ""

    def take(self, event: FolderEvent) -> None:
        """Report one event; UserError where the only image is refused."""
        output, bar = self.output, self.bar
        match event:
            case EngineChosen():
                self.engine = event.name
                output.say(f"Computed by {event.words}.")
            case MaskWritten():
                self.done, self.before = event.done, self.before + event.before
                values = {"doubt" if name == "mean_uncertainty" else name: value for name, value in asdict(event).items()}
                output.event("mask", **values, engine=self.engine)
                bar.at(event.done, event.path)
            case Refused():
                if self.images == 1:
                    raise UserError(event.why)
                self.refused += 1
                output.event("failed", image=str(event.image), part=event.part, why=event.why)
                output.say(event.why)
            case ImageProgress():
                output.event("progress", image=event.image, what=event.stage, done=event.done, total=event.total)
                bar.at(self.done + event.done / event.total, f"{event.stage} {Path(event.image).name}")
            case Notice():
                output.event("notice", text=event.text)
                output.say(event.text)
            case TilePredicted():
                bar.at(self.done + event.done / event.total, event.case)


def _target_cases(
    project: Project, selected: Sequence[str] | None, values: Sequence[int], *, accept_damage: bool
) -> Iterator[PredictionTarget]:
    """Yield the cases of these ids or names, all of them for None; UserError for one that the project does not have."""
    names = {name for case in project.cases for name in (case.id, case.name)}
    unknown = [name for name in selected or () if name not in names]
    if unknown:
        raise UserError(f"The project has no case {unknown[0]!r}; see: unetstudio info {project.folder.name}")
    for case in project.cases:
        if not selected or case.id in selected or case.name in selected:
            yield target_case(case, project.folder, values, accept_damage=accept_damage)
