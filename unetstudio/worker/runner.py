"""Takes requests, runs jobs, sends events: the same for the window's worker process and for the command line.

Jobs are generators on a stack; the topmost is advanced one step at a time, so that a requested prediction runs between two training steps,
and painted strokes are trained on from the next step.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from unetstudio.errors import UserError
from unetstudio.networks.allocator import give_back
from unetstudio.networks.computer import describe
from unetstudio.worker import network_jobs
from unetstudio.worker.failure import end_if_lost, failure
from unetstudio.worker.file_messages import AverageCases, ExportNetwork, PredictFolder
from unetstudio.worker.job_stack import GUESS, Job, JobStack
from unetstudio.worker.jobs import average_cases, describe_device, predict_folder
from unetstudio.worker.messages import (
    STUDY_JOBS,
    Answer,
    CloseStudy,
    DescribeDevice,
    DescribeNetworks,
    Event,
    OpenStudy,
    Request,
    StopTask,
    TaskEnded,
    TaskEvent,
    TaskRequest,
    WorkerReady,
)
from unetstudio.worker.study_work import SHARE, StudyWork

CLOSED = "The project was closed."


class Runner:
    """Turns requests into jobs and runs them."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._jobs = JobStack(send)
        self._work: StudyWork | None = None

    @property
    def busy(self) -> bool:
        """Whether there is a job on the stack."""
        return len(self._jobs) > 0

    def announce(self) -> None:
        """Send a description of this worker."""
        self._send(WorkerReady(os.getpid(), describe(), network_jobs.choices()))

    def close(self) -> None:
        """Close all jobs; a training saves its state."""
        self._jobs.close_all()

    def handle(self, request: Request) -> None:
        """Handle one request. An error is sent as an event and never ends the worker."""
        try:
            self._handle(request)
        except Exception as error:  # noqa: BLE001 - a bug in one request must not end the worker
            failed = failure(type(request).__name__, error)
            self._send(TaskEnded(request.task, failed.text, failed.detail) if isinstance(request, TaskRequest) else failed)
            end_if_lost(error)

    def advance(self) -> None:
        """Advance the job whose turn it is by one step."""
        began = time.perf_counter()
        job = self._jobs.turn(SHARE if self._work is None else self._work.background_share)
        if job is None:
            return
        try:
            event = next(job.steps)
            self._jobs.spent(job, time.perf_counter() - began)
            self._report(job, event)
            if self._work is not None and not job.task:
                self._work.follow(event)
        except StopIteration:
            self._ended(job)
        except Exception as error:  # noqa: BLE001 - a bug in one job must not end the worker
            if job.case and self._work is not None:
                self._work.predictions.note_failure(job.case)
            self._jobs.remove(job, error)
            end_if_lost(error)
            self._ended(job)

    def _handle(self, request: Request) -> None:
        match request:
            case OpenStudy():
                self._close_study()
                self._work = StudyWork(request, self._jobs, self._send)
                self._send(self._work.description)
            case CloseStudy():
                self._close_study()
            case StopTask():
                self._jobs.stop(request.task)
            case _ if isinstance(request, TaskRequest):
                self._jobs.push(self._task_job(request))
            case _ if self._work is not None:
                self._work.handle(request)

    def _task_job(self, request: TaskRequest) -> Job:
        """Make the job that answers a request of a task."""
        study, task = None if self._work is None else self._work.opened, request.task
        match request:
            case DescribeDevice():
                return Job("device", describe_device(request.measure), task=task)
            case DescribeNetworks():
                return Job("networks", network_jobs.describe_networks(request), task=task)
            case ExportNetwork():
                return Job("network export", network_jobs.export(request), task=task)
            case PredictFolder():
                return Job("folder", predict_folder(request, study), task=task)
            case AverageCases():
                return Job("averaging", average_cases(request, study), task=task)

    def _report(self, job: Job, event: Event | TaskEvent | None) -> None:
        """Send the event that a job yielded, to its task if it has one."""
        if job.task and isinstance(event, TaskEvent):
            self._send(Answer(job.task, event))
        elif isinstance(event, Event):
            self._send(event)

    def _close_study(self) -> None:
        """Release the project. Jobs that describe the computer, or measure or export networks, continue."""
        self._jobs.close(*STUDY_JOBS, "folder", "averaging", error=UserError(CLOSED))
        self._work = None
        give_back()

    def _ended(self, job: Job) -> None:
        self._jobs.remove(job)
        if job.name not in ("view", GUESS):  # which are soon followed by others
            give_back()
        if self._work is not None:
            self._work.predictions.go_on_when_idle()
