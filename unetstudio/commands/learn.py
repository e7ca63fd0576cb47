"""Commands that need torch: train and predict."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from unetstudio.commands.output import Output
from unetstudio.commands.project import writable
from unetstudio.errors import TrainingError, UserError
from unetstudio.inference.events import CasePredicted, EngineChosen, TilePredicted
from unetstudio.inference.predictor import Predictor
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json, with_options
from unetstudio.project.checkpoints import newest, require
from unetstudio.project.project import Project
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, Notice, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.worker.file_messages import MaskWritten, Refused
from unetstudio.worker.folder import PredictionOptions, PredictionTarget, predict_to_folder
from unetstudio.worker.messages import Event, JobFailed, OpenStudy, Train, TrainingWaits
from unetstudio.worker.out_of_core import Doing
from unetstudio.worker.output_manifest import LIST
from unetstudio.worker.prediction_targets import wanted_case, wanted_images
from unetstudio.worker.runner import Runner


def train(folder: Path, settings: TrainingSettings, output: Output, *, resume: bool, init: Path | None) -> None:
    """Trains within the budget, or until interrupted; what was learned by then is kept either way."""
    with writable(folder, output) as project:
        if not project.cases:
            raise TrainingError("The project has no images yet; add some with: unetstudio new")
        bar = output.progress(settings.seconds or settings.steps)
        told: list[Event] = []
        runner = Runner(told.append)
        runner.handle(OpenStudy(project.folder, project.classes, project.cases))
        runner.handle(Train(settings, resume=resume, init=init))
        try:
            with bar:
                while runner.busy or told:
                    for event in told:
                        _tell(event, settings, output, bar.at)
                    told.clear()
                    runner.advance()
        finally:
            told.clear()
            runner.close()
            for event in told:
                if isinstance(event, JobFailed):  # what was learned could not be saved
                    raise UserError(event.text)
        project.update(training=settings)
        project.save()


def _tell(event: Event, settings: TrainingSettings, output: Output, at: object) -> None:
    """One event of training in words, as JSON, and on the bar."""
    assert callable(at)
    match event:
        case TrainingWaits():
            raise TrainingError(event.reason)
        case JobFailed():
            raise UserError(event.text + (f"\n{event.detail}" if event.detail else ""))
        case TrainingStarted():
            output.event("started", **dataclasses.asdict(event))
            size = " x ".join(map(str, event.patch))
            output.say(f"{event.network} {event.dims}D, {event.parameters:,} parameters, {event.batch} patches of {size}, {event.device}")
        case StepDone():
            output.event("step", step=event.step, loss=round(event.loss, 5), seconds=round(event.seconds, 2))
            at(event.seconds if settings.seconds else event.step, f"step {event.step}, loss {event.loss:.3f}")
        case RoundDone():
            output.event("round", **dataclasses.asdict(event))
            score = "" if event.score is None else f", {event.score:.3f} on {event.held_out}"
            output.say(f"round {event.round}: step {event.step}, {event.seconds:.0f} s, loss {event.loss:.4f}{score}")
        case CheckpointSaved():
            output.event("checkpoint", **dataclasses.asdict(event))
        case TrainingFinished():
            output.event("finished", step=event.step, seconds=round(event.seconds, 2), reason=event.reason)
            output.say(f"Done: {event.step} steps in {event.seconds:.0f} s.")
        case Notice():
            output.event("notice", text=event.text)
            output.say(event.text)


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
        path = checkpoint or require(project.checkpoints_folder).path
        card, _ = checkpoints.load(path)
        if checkpoint is None and (last := newest(project.checkpoints_folder)) is not None and path != last.path:
            output.say(f"The checkpoint of step {card.step} is used: on held-out labels it was better than the last one.")
        values = card.classes.values  # what stands in the masks: strokes of other classes are left out
        named = wanted_images(images, project.folder, project.cases, values) if images else _cases(project, cases, values)
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
                        output.event("mask", **dataclasses.asdict(event), engine=computed_by)
                        bar.at(event.done, event.path)
                    case Refused():
                        if len(wanted) == 1:
                            raise UserError(event.why)
                        failed += 1
                        output.event("failed", image=str(event.image), why=event.why)
                        output.say(event.why)
                    case Doing():
                        output.event("progress", **dataclasses.asdict(event))
                        bar.at(written + event.done / event.total, f"{event.what} {Path(event.image).name}")
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


def _cases(project: Project, wanted: Sequence[str] | None, values: Sequence[int]) -> Iterator[PredictionTarget]:
    known = {name for case in project.cases for name in (case.id, case.name)}
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        raise UserError(f"The project has no case {unknown[0]!r}; see: unetstudio info {project.folder.name}")
    for case in project.cases:
        if not wanted or case.id in wanted or case.name in wanted:
            yield wanted_case(case, project.folder, values)
