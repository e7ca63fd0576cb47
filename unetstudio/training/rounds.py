"""The end of a round: the averaged weights are scored on held-out labels, and saved when due."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from unetstudio.inference.events import Notice
from unetstudio.networks.device import is_out_of_memory
from unetstudio.training import shortage
from unetstudio.training.events import RoundDone, TrainingEvent
from unetstudio.training.saving import Saving
from unetstudio.training.study_scans import Unreadable
from unetstudio.training.training_run import TrainingRun


def end_round(
    run: TrainingRun, saving: Saving, losses: list[float], took: float, *, last: bool = False
) -> Generator[TrainingEvent, None, None]:
    """Score after the steps of `losses`, which `took` so many seconds, and save when due; the `last` round is always saved."""
    run.round += 1
    again = "is there again: learning goes on with it."
    notices = [Notice(f"{run.study.cases[id].case.name} {again}") for id in run.study.readmit()]
    while (trouble := _try_score(run)) is not None:
        notices += trouble  # yielded later: the receiver may change the classes
    run.rollback.keep(run.state)
    saved = saving.save(run) if last or saving.due else None  # before the event, so that predictions bear its id
    mean = sum(losses) / len(losses)
    held_out = run.material.index.held.description if run.score.voxels else ""
    yield from notices
    remaining = run.budget.left(run.step, run.seconds)
    score = run.score
    yield RoundDone(
        run.round,
        run.step,
        mean,
        score.mean,
        score.classes,
        run.seconds,
        took,
        held_out,
        remaining,
        run.shown_shares,
        strokes=score.basis,
        class_strokes=score.strokes,
        uncertainty=score.uncertainty,
    )
    if saved is not None:
        yield saved


def _try_score(run: TrainingRun) -> Iterable[Notice] | None:
    """Set the score and return None; on failure, exclude an image or shrink the windows, and return notices: the caller tries again."""
    state = run.state
    run.material.refresh()
    try:
        guess = None if run.instant is None else run.instant.judged
        scores = run.scorer.score(run.rollback.ema_network(state), state.precision, guess, run.shares, run.score_edge)
        run.score = scores.shown
        run.hand_over(scores.network, scores.classifier or scores.network)
        return None
    except Unreadable as error:
        return run.exclude(error)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    return [shortage.shrink_score(run)]
