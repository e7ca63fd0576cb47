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
from unetstudio.inference.events import AttentionMapped, CasePredicted, Notice, TilePredicted
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.worker.file_messages import FileEvent, FileRequest

# ---------------------------------------------------------------------------------------------------------------- requests


@dataclass(frozen=True)
class OpenStudy:
    """Work on this project: the worker reads scans, labels and the newest checkpoint from it, and replays Edits on top."""

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
    """The class table was changed; training goes on with the weights of the classes that stay."""

    classes: ClassTable


@dataclass(frozen=True)
class Train:
    """Begin to train, or go on from the newest checkpoint with `resume`; `init` names one to begin from its weights. Checkpoints on disk
    stay."""

    settings: TrainingSettings
    resume: bool = True
    init: Path | None = None


@dataclass(frozen=True)
class PauseTraining:
    """Stop after the step in hand; predictions asked for are still made."""


@dataclass(frozen=True)
class ShowView:
    """Predict what is on screen before all else, from `focus` outward, now and after every round."""

    case: str
    region: Region
    focus: tuple[int, int, int]
    attention: bool = False  # also the map of a network with attention gates


@dataclass(frozen=True)
class PredictCases:
    """Predict whole cases when nothing is more urgent; () means all, and again and again while training makes better weights."""

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
    """The worker is up; `device` in words ("CPU, 4 cores"), and the networks that it can train."""

    pid: int
    device: str
    networks: tuple[NetworkChoice, ...]


@dataclass(frozen=True)
class StudyOpened:
    """The project was read, and events of training and predictions are about it from now on; `checkpoint` is the id of the one in use and
    `network` its network, or ""."""

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
    """A network on this computer as training would make it for slices or volumes: parameters, patch and batch, and the parameters of its
    `presets` by name; and where a step was measured, its seconds and bytes of memory, or the `problem`."""

    name: str
    dims: int
    parameters: int
    patch: tuple[int, ...]
    batch: int
    presets: tuple[tuple[str, int], ...]
    machine: str  # computer and versions on which it was measured
    seconds: float | None = None
    bytes: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """The worker is alive; sent every second by a thread of its own, and so it reports how the jobs' thread fares."""

    turns: int = 0  # steps of the jobs' thread so far
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
    """The worker is gone or silent, as its supervisor reports it: why, in one sentence, and whether it is started again; `detail` is the
    trace of a crash, if there is one."""

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
"""Events of the project that the last StudyOpened named ..."""

STUDY_JOBS = ("training", "view", "case")
"""... and the jobs whose JobFailed is about it."""


Event = StudyEvent | StudyOpened | WorkerReady | Answer | TaskEnded | Heartbeat | JobFailed | WorkerDied
