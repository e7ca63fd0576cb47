"""The stack of jobs: whose turn it is, how jobs end, and how their errors are reported."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import torch

from unetstudio.errors import TrainingError
from unetstudio.worker.cause import DEVICE_LOST
from unetstudio.worker.failure import end_if_lost, failure
from unetstudio.worker.job_stack import Job, JobStack
from unetstudio.worker.messages import Event, JobFailed, TaskEnded


def test_that_jobs_are_closed_by_their_names_the_topmost_first() -> None:
    ended: list[str] = []

    def steps(name: str):
        try:
            yield None
        finally:
            ended.append(name)

    stack = JobStack(lambda event: None)
    for name in ("training", "networks", "view"):
        job = Job(name, steps(name))
        stack.push(job)
        next(job.steps)
    assert stack.close("training", "view", "case")
    assert ended == ["view", "training"]
    assert len(stack) == 1 and stack.has("networks")
    assert not stack.close("training", "view", "case")


@pytest.mark.parametrize("task", [0, 7])
def test_that_a_job_that_fails_while_it_is_closed_is_gone_and_says_why(task: int) -> None:
    def steps() -> Generator[None, None, None]:
        try:
            yield None
        finally:
            raise TrainingError("The weights could not be saved.")

    events: list[Event] = []
    stack, job = JobStack(events.append), Job("training", steps(), task=task)
    stack.push(job)
    next(job.steps)
    stack.close_all()
    assert events == [TaskEnded(7, "The weights could not be saved.") if task else JobFailed("training", "The weights could not be saved.")]
    assert len(stack) == 0


def test_that_want_of_memory_in_a_job_is_a_sentence_and_no_bug() -> None:
    event = failure("case", MemoryError())
    assert "Memory did not suffice" in event.text
    assert not event.detail


def test_that_a_lost_gpu_ends_the_process_so_that_another_can_use_it() -> None:
    error = torch.AcceleratorError("CUDA error: device-side assert triggered\nCompile with TORCH_USE_CUDA_DSA")
    assert "The GPU failed (CUDA error: device-side assert triggered)" in failure("training", error).text
    with pytest.raises(SystemExit) as ended:
        end_if_lost(error)
    assert ended.value.code == DEVICE_LOST
    end_if_lost(torch.AcceleratorError("CUDA error: out of memory"))  # for which there are other ways


def test_that_a_case_in_the_background_takes_only_its_share_of_the_time() -> None:
    stack = JobStack(lambda event: None)
    training, case, view = (Job(name, (None for _ in ())) for name in ("training", "case", "view"))
    stack.push(training)
    stack.push(case)
    turns = []
    for _ in range(400):
        job = stack.turn(0.25)
        assert job is not None
        stack.spent(job, 0.1)
        turns.append(job.name)
    assert turns.count("case") == pytest.approx(100, abs=2)
    stack.push(view)
    assert stack.turn(0.25) is view
    stack.close("view")
    stack.close("training")
    assert stack.turn(0.25) is case
