"""What window and command line ask of a worker, and what it answers: requests in, events out. No torch, no Qt.

They are pickled between our own two processes and are never written to disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    measure: bool = True


@dataclass(frozen=True)
class DescribeNetworks:
    """Ask what networks cost on this computer, each (name, dims) of `wanted` or all of them; with `measure` a few seconds each."""

    wanted: tuple[tuple[str, int], ...] = ()
    measure: bool = False


@dataclass(frozen=True)
class ExportNetwork:
    """Write the newest checkpoint of a project, or the one named, as ONNX into the file `out`."""

    source: Path
    out: Path


@dataclass(frozen=True)
class PredictFolder:
    """Predict images, or all in folders, into the folder `out` by the checkpoint in use, with post-processing `steps` as project.json holds
    them; `flips`, `objects` and `again` as of `worker.folder.Manner`. While training goes on it takes half of the time."""

    images: tuple[Path, ...]
    out: Path
    steps: tuple[dict[str, Any], ...] = ()
    flips: str = "auto"
    objects: bool = False
    again: bool = False


@dataclass(frozen=True)
class AverageCases:
    """Predict whole cases averaged over the views that the network has learnt, for an export: what is on screen stays as it is."""

    cases: tuple[str, ...]


@dataclass(frozen=True)
class StopAside:
    """End a PredictFolder ("folder"): what is done stays, and the same request goes on from there; or AverageCases ("averaging")."""

    job: str


@dataclass(frozen=True)
class Stop:
    """Close the topmost job."""


@dataclass(frozen=True)
class Quit:
    """Save and end the process."""


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
    | DescribeDevice
    | DescribeNetworks
    | ExportNetwork
    | PredictFolder
    | AverageCases
    | StopAside
    | Stop
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
class NetworkExported:
    """A network was written as ONNX, its card beside it; `difference` is the largest between ONNX Runtime's logits and ours."""

    path: Path
    card: Path
    difference: float


@dataclass(frozen=True)
class MaskWritten:
    """One image of a folder is done; `doubt` is 0 where all is certain, 1 where nothing is, None where it was not measured; `before`
    says that an earlier run had made it."""

    image: str
    path: str
    done: int
    total: int
    doubt: float | None = None
    before: bool = False


@dataclass(frozen=True)
class Refused:
    """One image could not be predicted, and why, in one sentence."""

    image: Path
    why: str


@dataclass(frozen=True)
class FolderPredicted:
    """All images of a PredictFolder are done or refused."""

    masks: int
    refused: int


@dataclass(frozen=True)
class CaseAveraged:
    """One of AverageCases is done, all when `done` is `total`; or could not be predicted, and why, in one sentence."""

    case: str
    done: int
    total: int
    problem: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """The worker is alive; sent at least every second from a thread of its own, so it also says how the jobs' thread fares."""

    turns: int = 0  # times that the jobs' thread has gone round
    waiting: bool = True  # it has nothing to do, or is still starting
    work: float = 0.0  # processor seconds spent so far, those of this thread left out
    disk: bool = False  # a thread waits for the disk
    memory: int = 0  # bytes in use


@dataclass(frozen=True)
class JobFailed:
    """A job ended with an error; the worker itself goes on. `text` speaks to the reader; `detail` holds a traceback for a bug."""

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

FolderEvent = MaskWritten | Refused | FolderPredicted | CaseAveraged

Event = (
    StudyEvent | FolderEvent | StudyOpened | WorkerReady | DeviceReport | NetworkCost | NetworkExported | Heartbeat | JobFailed | WorkerDied
)
