"""The training loop, step by step, as a generator of events."""

from __future__ import annotations

import math
from collections.abc import Generator

import torch
from torch import Tensor

from unetstudio.inference.events import Notice
from unetstudio.networks.device import is_out_of_memory
from unetstudio.training import shortage
from unetstudio.training.events import StepDone, TrainingEvent, TrainingFinished
from unetstudio.training.losses import class_weights
from unetstudio.training.rounds import end_round
from unetstudio.training.saving import Saving
from unetstudio.training.study_scans import Unreadable
from unetstudio.training.training_run import TrainingRun

FIRST_ROUND = 2.5
"""Seconds: the first prediction shall appear early."""

QUIET = 0.1
"""Seconds between two reports of steps, at most and about."""

Events = Generator[TrainingEvent, None, None]


def train(run: TrainingRun, saving: Saving) -> Events:
    """Train until the budget is used up or the labels are gone; whatever is painted between two steps is learnt from the next batch on."""
    pending: list[Tensor] = []  # losses that a GPU may still be computing
    losses: list[float] = []  # of this round
    round_began = reported = run.seconds
    while run.budget.used(run.step, run.seconds) < 1:
        if run.labels_changed and (reason := run.study.reason_to_wait()) is not None:
            yield Notice(reason)
            yield TrainingFinished(run.step, run.seconds, "stopped")
            return
        run.follow_study()
        yield from take_step(run, pending)
        fresh: list[float] = []
        if pending and (run.device.type == "cpu" or run.seconds - reported >= QUIET):
            fresh = torch.stack(pending).tolist()  # waits for a GPU
            pending.clear()
            if not all(map(math.isfinite, fresh)):
                yield run.rollback.roll_back(run.state, run.round)
                continue
            losses += fresh
        if losses and _round_is_over(run, run.seconds - round_began):
            if run.state.finite():
                yield from end_round(run, saving, losses, run.seconds - round_began)
            else:  # a moving average, or the optimiser, can be spoilt while the loss is a number
                yield run.rollback.roll_back(run.state, run.round)
            losses, round_began = [], run.seconds
        if fresh and run.seconds - reported >= QUIET:  # after the round: whoever hears of it may change the classes
            reported = run.seconds
            yield StepDone(run.step, fresh[-1], reported)
    if not all(map(math.isfinite, torch.stack(pending).tolist() if pending else ())):
        run.rollback.restore(run.state)
    if losses:
        yield from end_round(run, saving, losses, run.seconds - round_began, last=True)
    if (saved := saving.save(run)) is not None:
        yield saved
    yield TrainingFinished(run.step, run.seconds, "budget")


def take_step(run: TrainingRun, pending: list[Tensor]) -> Events:
    """Make one step and append its loss; or, after an image that cannot be read or a want of memory, prepare to try again with less."""
    rate = run.plan.rate * run.budget.rate(run.step, run.seconds, run.plan.warm_up)
    index = run.material.index
    weights = class_weights(list(index.counts), dense=index.dense, used=run.budget.used(run.step, run.seconds))
    try:
        pending.append(run.state.step(run.samples.take(), rate, weights, run.plan.dice))
        run.step += 1
        return
    except Unreadable as error:
        unreadable = error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        unreadable = None
    # only here are the error, and all that it held in memory, gone
    yield from run.exclude(unreadable) if unreadable is not None else shortage.shrink_step(run)


def _round_is_over(run: TrainingRun, took: float) -> bool:
    """By time; by steps when the budget is in steps, so that a seed gives the same training twice."""
    if run.budget.steps and not run.budget.seconds:
        return (run.step - run.budget.from_step) % max(10, run.budget.steps // 20) == 0
    return took >= (run.settings.round_seconds if run.round else min(FIRST_ROUND, run.settings.round_seconds))
