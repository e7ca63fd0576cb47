"""The command `train`: trains a network on a project."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from unetstudio.commands.damage import require_all
from unetstudio.commands.output import Bar, Output
from unetstudio.commands.project import writable
from unetstudio.errors import TrainingError, UserError
from unetstudio.inference.events import Notice
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.worker.messages import Event, JobFailed, OpenStudy, Train, TrainingWaits
from unetstudio.worker.runner import Runner


def train(
    folder: Path, settings: TrainingSettings, output: Output, *, resume: bool, init: Path | None, accept_damage: bool = False
) -> None:
    """Train within the budget, or until interrupted; the state reached is kept either way.

    Cases whose labels cannot be read are named and left out; UserError at the end says so.
    """
    with writable(folder, output) as project:
        if not project.cases:
            raise TrainingError("The project has no images yet; add some with: unetstudio new")
        events: list[Event] = []
        runner = Runner(events.append)
        runner.handle(OpenStudy(project.folder, project.classes, project.cases, accept_damage))
        left_out = _without_labels(events, output)
        runner.handle(Train(settings, resume=resume, init=init))
        try:
            with output.progress(settings.seconds or settings.steps) as bar:
                while runner.busy or events:
                    for event in events:
                        _report(event, settings, output, bar)
                    events.clear()
                    runner.advance()
        finally:
            events.clear()
            runner.close()
            for event in events:
                if isinstance(event, JobFailed):  # the network could not be saved
                    raise UserError(event.text)
        project.update(training=settings)
        project.save()
    require_all(left_out, len(project.cases))


def _without_labels(events: list[Event], output: Output) -> int:
    """Report the cases whose labels cannot be read, take them from the events, and return their number."""
    failed = [event for event in events if isinstance(event, JobFailed) and event.job == "labels"]
    for event in failed:
        events.remove(event)
        output.say(event.text)
        output.event("damaged", case=event.case, why=event.text)
    return len(failed)


def _report(event: Event, settings: TrainingSettings, output: Output, bar: Bar) -> None:
    """Report an event of training as text, as JSON, and on the bar."""
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
            bar.at(event.seconds if settings.seconds else event.step, f"step {event.step}, loss {event.loss:.3f}")
        case RoundDone():
            output.event("round", **dataclasses.asdict(event))
            score = "" if event.score is None else f", {event.score:.3f}{_uncertainty(event)} on {event.strokes} {event.held_out}"
            output.say(f"round {event.round}: step {event.step}, {event.seconds:.0f} s, loss {event.loss:.4f}{score}")
        case CheckpointSaved():
            output.event("checkpoint", **dataclasses.asdict(event))
        case TrainingFinished():
            output.event("finished", step=event.step, seconds=round(event.seconds, 2), reason=event.reason)
            output.say(f"Done: {event.step} steps in {event.seconds:.0f} s.")
        case Notice():
            output.event("notice", text=event.text)
            output.say(event.text)


def _uncertainty(event: RoundDone) -> str:
    return "" if event.uncertainty is None else f" ± {event.uncertainty:.3f}"
