"""The end of a round: the averaged weights are scored on held-out labels, and saved when that is due."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from unetstudio.inference.events import Notice
from unetstudio.networks.device import is_out_of_memory
from unetstudio.training import shortage
from unetstudio.training.events import RoundDone, TrainingEvent
from unetstudio.training.saving import Saving
from unetstudio.training.scoring import Score, find_windows, score
from unetstudio.training.study_scans import Unreadable
from unetstudio.training.training_run import TrainingRun


def end_round(
    run: TrainingRun, saving: Saving, losses: list[float], took: float, *, last: bool = False
) -> Generator[TrainingEvent, None, None]:
    """Score and save after the steps of `losses`, which took so many seconds; the `last` round is saved in any case."""
    run.round += 1
    again = "is there again: learning goes on with it."
    notices = [Notice(f"{run.study.cases[id].case.name} {again}") for id in run.study.readmit()]
    while (trouble := _try_score(run)) is not None:
        notices += trouble  # and not yielded at once: meanwhile the classes could change
    run.rollback.keep(run.state)
    saved = saving.save(run) if last or saving.due else None  # before the round is reported: what is predicted then bears its id
    mean = sum(losses) / len(losses)
    held_out = run.material.index.held.description if run.score.voxels else ""
    yield from notices
    left = run.budget.left(run.step, run.seconds)
    yield RoundDone(run.round, run.step, mean, run.score.mean, run.score.classes, run.seconds, took, held_out, left)
    if saved is not None:
        yield saved


def _try_score(run: TrainingRun) -> Iterable[Notice] | None:
    """Set the score and return None; or leave out an image, or make the windows smaller, and return the notices of it to try again."""
    state, index = run.state, run.material.refresh()
    try:
        windows = find_windows(
            run.material, index, run.plan.dims, state.network.size_multiple, run.plan.windows, run.settings.seed, run.score_edge
        )
        network = run.rollback.ema_network(state)
        run.score = score(network, state.precision, run.material, index, windows) if windows else Score(None, {})
        return None
    except Unreadable as error:
        return run.exclude(error)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    return [shortage.shrink_score(run)]
