"""The messages between a worker and the window or the command line: requests in, events out. No torch, no Qt.

They are pickled between our own two processes and are never written to disk. A request for a task of the window carries the task's id;
each event of its job comes back as an `Answer` with this id, and its end as a `TaskEnded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.region import Region
from unetstudio.inference.events import AttentionMapped, CasePredicted, TilePredicted
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import (
    CheckpointSaved,
    Notice,
    RoundDone,
    StepDone,
    TrainingFinished,
    TrainingStarted,
)
from unetstudio.worker.file_messages import FileEvent, FileRequest

# ---------------------------------------------------------------------------------------------------------------- requests


@dataclass(frozen=True)
class OpenStudy:
    """Take this project as the material: the worker reads scans, labels and the newest checkpoint from it, and replays Edits on top."""

    project: Path
    classes: ClassTable
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class CloseStudy:
    """Let go of the project: training saves what it learned, then nothing more is read there or written."""


@dataclass(frozen=True, eq=False)
class LabelsEdited:
    """An Edit of the window, to be replayed on the worker's copy unless its journal sequence number was read from disk already."""

    case: str
    sequence: int
    edit: Edit


@dataclass(frozen=True)
class CasesChanged:
    """Cases were added, removed, relinked or reviewed."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class ClassesChanged:
    """Another class table; other channels restart training from the shared part of the weights."""

    classes: ClassTable


@dataclass(frozen=True)
class Train:
    """Begin, or go on from the newest checkpoint with `resume`; `init` names one whose weights are begun from. Checkpoints on disk stay."""

    settings: TrainingSettings
    resume: bool = True
    init: Path | None = None


@dataclass(frozen=True)
class PauseTraining:
    """Stop after the step in hand; predictions asked for are still made."""


@dataclass(frozen=True)
class ShowView:
    """What is on screen: predicted first, from `focus` outward, after every round."""

    case: str
    region: Region
    focus: tuple[int, int, int]
    attention: bool = False  # also where the network looked, of one with attention gates


@dataclass(frozen=True)
class PredictCases:
    """Predict whole cases when nothing more urgent is to do; () means all, and again and again while training makes better weights."""

    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class DescribeDevice:
    """Ask for the machine's report, with the five-second speed test when `measure`."""

    task: int
    measure: bool = True


@dataclass(frozen=True)
class DescribeNetworks:
    """Ask what networks cost on this computer, each (name, dims) of `wanted` or all of them; with `measure` a few seconds each."""

    task: int
    wanted: tuple[tuple[str, int], ...] = ()
    measure: bool = False


@dataclass(frozen=True)
class StopTask:
    """End the job of a task after its current step. What it has written stays."""

    task: int


@dataclass(frozen=True)
class Quit:
    """Save and end the process."""


TaskRequest = DescribeDevice | DescribeNetworks | FileRequest
"""Requests of a task."""

Request = (
    OpenStudy
    | CloseStudy
    | LabelsEdited
    | CasesChanged
    | ClassesChanged
    | Train
    | PauseTraining
    | ShowView
    | PredictCases
    | TaskRequest
    | StopTask
    | Quit
)

# ------------------------------------------------------------------------------------------------------------------ events


@dataclass(frozen=True)
class NetworkChoice:
    """A network the user can pick, as the Advanced panel lists it."""

    name: str
    title: str
    description: str
    dims: tuple[int, ...]
    presets: tuple[str, ...] = ()  # sets of options by name
    suits_cpu: bool = True
    source: str = ""  # the paper
    shows_attention: bool = False


@dataclass(frozen=True)
class WorkerReady:
    """The process is up; `device` in words ("CPU, 4 cores"), and what it can train."""

    pid: int
    device: str
    networks: tuple[NetworkChoice, ...]


@dataclass(frozen=True)
class StudyOpened:
    """The project was read, and what is told of training and predictions from now on is about it; `checkpoint` is the id of the one in
    use and `network` its network, or ""."""

    project: Path
    cases: int
    checkpoint: str
    network: str = ""


@dataclass(frozen=True)
class TrainingWaits:
    """Training cannot begin yet; `reason` is one sentence ("Paint a second class to begin.")."""

    reason: str


@dataclass(frozen=True)
class TrainingPaused:
    """Paused at `step`, its state saved."""

    step: int


@dataclass(frozen=True)
class DeviceReport:
    """This computer: pairs of a heading and its text, and the remedy where a GPU is present but unused."""

    rows: tuple[tuple[str, str], ...]
    remedy: str = ""


@dataclass(frozen=True)
class NetworkCost:
    """What a network is on this computer, as training would make it for slices or volumes: parameters, patch and batch; the sizes of its
    `presets` by name; and of one step, where it was measured, the seconds and the bytes of memory, or the `problem`."""

    name: str
    dims: int
    parameters: int
    patch: tuple[int, ...]
    batch: int
    presets: tuple[tuple[str, int], ...]
    machine: str  # computer and versions: what was measured elsewhere is of no use
    seconds: float | None = None
    bytes: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """The worker is alive; sent at least every second from a thread of its own, so it also says how the jobs' thread fares."""

    turns: int = 0  # times that the jobs' thread has gone round
    waiting: bool = True  # it has nothing to do, or is still starting
    work: float = 0.0  # processor seconds spent so far, those of this thread left out
    disk: bool = False  # a thread waits for the disk
    memory: int = 0  # bytes in use


TaskEvent = DeviceReport | NetworkCost | FileEvent | Notice
"""Events of the jobs of tasks."""


@dataclass(frozen=True)
class Answer:
    """An event of the job of a task."""

    task: int
    event: TaskEvent


@dataclass(frozen=True)
class TaskEnded:
    """The job of a task has ended, and nothing more comes of it: done or stopped, or with an `error` that speaks to the reader; `detail`
    holds a traceback for a bug."""

    task: int
    error: str = ""
    detail: str = ""


@dataclass(frozen=True)
class JobFailed:
    """A job that is no task's ended with an error; the worker goes on. `text` speaks to the reader, `detail` is the traceback of a bug."""

    job: str
    text: str
    detail: str = ""
    case: str = ""


@dataclass(frozen=True)
class WorkerDied:
    """Made by the supervisor when the process is gone or silent: why, in one sentence, and whether it was started again; `detail` holds
    where it was in the program, if that is known."""

    reason: str
    restarting: bool = True
    detail: str = ""


StudyEvent = (
    TrainingWaits
    | TrainingPaused
    | TrainingStarted
    | StepDone
    | RoundDone
    | CheckpointSaved
    | TrainingFinished
    | Notice
    | TilePredicted
    | CasePredicted
    | AttentionMapped
)
"""What is told of the project that the last StudyOpened named ..."""

STUDY_JOBS = ("training", "view", "case")
"""... and the jobs of which a JobFailed is."""


Event = StudyEvent | StudyOpened | WorkerReady | Answer | TaskEnded | Heartbeat | JobFailed | WorkerDied
