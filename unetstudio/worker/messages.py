"""The messages between a worker and the window or the command line: requests in, events out. No torch, no Qt.

They are pickled between our own two processes and are never written to disk. A request for a task of the window carries the task's id; each
event of its job comes back as an `Answer` with this id, and its end as a `TaskEnded`.
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
from unetstudio.training.events import CheckpointSaved, QuickGuess, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.worker.file_messages import FileEvent, FileRequest

# ---------------------------------------------------------------------------------------------------------------- requests


@dataclass(frozen=True)
class OpenStudy:
    """Work on this project: the worker reads scans, labels and the newest checkpoint from it, and replays Edits on top."""

    project: Path
    classes: ClassTable
    cases: tuple[Case, ...]
    accept_damage: bool = False  # learn from what is left of a case that has lost strokes by damage


@dataclass(frozen=True)
class CloseStudy:
    """Release the project: training saves its state, then nothing more is read or written there."""


@dataclass(frozen=True, eq=False)
class LabelsEdited:
    """An Edit made in the window, to be replayed on the worker's copy unless its journal sequence number was read from disk already."""

    case: str
    sequence: int
    edit: Edit


@dataclass(frozen=True)
class CasesChanged:
    """Cases were added, removed, relinked or reviewed."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class ClassesChanged:
    """The class table was changed; training continues with the weights of the remaining classes."""

    classes: ClassTable


@dataclass(frozen=True)
class Train:
    """Begin training, or continue from the newest checkpoint with `resume`; `init` names one whose weights to begin with. Checkpoints on
    disk stay."""

    settings: TrainingSettings
    resume: bool = True
    init: Path | None = None


@dataclass(frozen=True)
class PauseTraining:
    """Stop training after the current step; requested predictions are still made."""


@dataclass(frozen=True)
class ShowView:
    """Predict the view on screen before all else, from `focus` outward, now and after every round."""

    case: str
    region: Region
    focus: tuple[int, int, int]
    attention: bool = False  # also compute the attention map of a network with attention gates


@dataclass(frozen=True)
class PredictCases:
    """Predict whole cases when nothing is more urgent; () means all, repeatedly while training improves the weights."""

    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class DescribeDevice:
    """Ask for the machine's report, with the five-second speed test when `measure`."""

    task: int
    measure: bool = True


@dataclass(frozen=True)
class DescribeNetworks:
    """Ask what networks cost on this computer, each (name, dims) of `networks` or all of them; `measure` takes a few seconds for each."""

    task: int
    networks: tuple[tuple[str, int], ...] = ()
    measure: bool = False


@dataclass(frozen=True)
class StopTask:
    """End the job of a task after its current step. Written files stay."""

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
    """A network that the user can choose, as shown in the Advanced panel."""

    name: str
    title: str
    description: str
    dims: tuple[int, ...]
    presets: tuple[str, ...] = ()  # sets of options by name
    suits_cpu: bool = True
    source: str = ""  # reference to the paper
    shows_attention: bool = False


@dataclass(frozen=True)
class WorkerReady:
    """The worker is ready; `device` in words ("CPU, 4 cores"), and the networks that it can train."""

    pid: int
    device: str
    networks: tuple[NetworkChoice, ...]


@dataclass(frozen=True)
class StudyOpened:
    """The project was read, and later events of training and predictions are about it; `checkpoint` is the id of the one in use and
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
    """Training was paused at `step`, its state saved."""

    step: int


@dataclass(frozen=True)
class DeviceReport:
    """A description of this computer: pairs of a heading and its text, and the remedy where a GPU is present but unused."""

    rows: tuple[tuple[str, str], ...]
    remedy: str = ""


@dataclass(frozen=True)
class NetworkCost:
    """The cost of a network on this computer, as training would size it for slices or volumes.

    Parameters, patch and batch, and the parameters of its `presets` by name; and where a step was measured, its seconds and bytes of
    memory, or the `problem`.
    """

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
    """The worker is alive; sent every second by a separate thread, with the state of the jobs' thread."""

    turns: int = 0  # steps of the jobs' thread so far
    waiting: bool = True  # the jobs' thread has nothing to do, or is still starting
    work: float = 0.0  # processor seconds spent so far, except by the heartbeat's thread
    disk: bool = False  # a thread waits for the disk
    memory: int = 0  # bytes in use


TaskEvent = DeviceReport | NetworkCost | FileEvent | Notice
"""Events of the jobs of tasks."""


@dataclass(frozen=True)
class Answer:
    """An event from the job of a task."""

    task: int
    event: TaskEvent


@dataclass(frozen=True)
class TaskEnded:
    """The job of a task has ended, done or stopped, or with an `error` for the reader; `detail` holds a traceback for a bug.

    No event of the task follows.
    """

    task: int
    error: str = ""
    detail: str = ""


@dataclass(frozen=True)
class JobFailed:
    """A job that belongs to no task ended with an error; the worker continues. `text` is for the reader, `detail` is the traceback of a
    bug."""

    job: str
    text: str
    detail: str = ""
    case: str = ""


@dataclass(frozen=True)
class WorkerDied:
    """The worker ended or hangs, as reported by its supervisor: the reason in one sentence, and whether it is restarted; `detail` is the
    trace of a crash, if there is one."""

    reason: str
    restarting: bool = True
    detail: str = ""


StudyEvent = (
    TrainingWaits
    | TrainingPaused
    | TrainingStarted
    | QuickGuess
    | StepDone
    | RoundDone
    | CheckpointSaved
    | TrainingFinished
    | Notice
    | TilePredicted
    | CasePredicted
    | AttentionMapped
)
"""Events about the project that the last StudyOpened named."""

STUDY_JOBS = ("training", "guess", "view", "case")
"""Jobs whose JobFailed is about that project."""


Event = StudyEvent | StudyOpened | WorkerReady | Answer | TaskEnded | Heartbeat | JobFailed | WorkerDied
