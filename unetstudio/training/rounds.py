"""The end of a round: the averaged weights are scored on held-out labels, and saved when due."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from unetstudio.inference.events import Notice
from unetstudio.networks.device import is_out_of_memory
from unetstudio.training import shortage
from unetstudio.training.events import RoundDone, TrainingEvent
from unetstudio.training.saving import Saving
from unetstudio.training.scoring import HeldOutScore, find_windows, score
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
    yield RoundDone(run.round, run.step, mean, run.score.mean, run.score.classes, run.seconds, took, held_out, remaining)
    if saved is not None:
        yield saved


def _try_score(run: TrainingRun) -> Iterable[Notice] | None:
    """Set the score and return None; on failure, exclude an image or shrink the windows, and return notices: the caller tries again."""
    state, index = run.state, run.material.refresh()
    try:
        windows = find_windows(
            run.material, index, run.plan.dims, state.network.size_multiple, run.plan.windows, run.settings.seed, run.score_edge
        )
        network = run.rollback.ema_network(state)
        run.score = score(network, state.precision, run.material, index, windows) if windows else HeldOutScore(None, {})
        return None
    except Unreadable as error:
        return run.exclude(error)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    return [shortage.shrink_score(run)]
