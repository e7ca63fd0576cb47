"""Images too large for memory: the same masks as in memory, whatever interrupts them. The limits are turned down, not the images up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from networks.tiny import lively, tiny
from numpy.typing import NDArray

from unetstudio.commands.output import Output
from unetstudio.commands.predict import predict
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import read, read_mask
from unetstudio.inference.events import ImageProgress, MaskWritten, Notice, Refused
from unetstudio.inference.folder import PredictionTarget, predict_to_folder
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.prediction_options import MemoryLimits, PredictionOptions
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.postprocess.fill_holes import FillHoles
from unetstudio.postprocess.segment import Painted
from unetstudio.postprocess.small_components import SmallComponents
from unetstudio.postprocess.smooth import Smooth
from unetstudio.postprocess.split import Split
from unetstudio.postprocess.step import Step
from unetstudio.postprocess.threshold import Threshold
from unetstudio.project.project import Project

CLASSES = ClassTable.named(["background", "cell", "wall"], [(0, 0, 0), (9, 9, 9), (5, 5, 5)])
SMALL = MemoryLimits(large=0, picture=1000, probabilities=1000, window=150**2, tile_edge=48)
IN_MEMORY = MemoryLimits(tile_edge=48)
CLEANING: tuple[Step, ...] = (
    Threshold(probability=0.45),
    SmallComponents(enabled=True, size=12),
    FillHoles(enabled=True, size=12),
    Smooth(enabled=True, radius=2),
)


def blobs(*shape: int) -> NDArray[np.uint8]:
    """Soft bright and dark places."""
    torch.manual_seed(0)
    coarse = torch.rand(1, 1, *(-(-n // 8) for n in shape))
    mode = "bicubic" if len(shape) == 2 else "trilinear"
    return torch.nn.functional.interpolate(coarse, shape, mode=mode).mul(255).clamp(0, 255).to(torch.uint8)[0, 0].numpy()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A grey picture in tiles, 230 x 200, with a spacing."""
    path = tmp_path / "images" / "sl.ide.tif"
    path.parent.mkdir()
    tifffile.imwrite(path, blobs(200, 230), tile=(64, 64), compression="zlib", resolution=(9000, 9000), resolutionunit="CENTIMETER")
    return path


def predictor(norm: str = "batch", dims: int = 2) -> NetworkPredictor:
    intensity = Intensity.fit([Scan(blobs(100, 100)[None, None])])
    network = lively(tiny("unet", dims, inputs=intensity.channels_out(1), norm=norm))
    return NetworkPredictor(network, intensity, (0, 1, 2), "c0ffee")


def run(
    out: Path,
    image: Path,
    limits: MemoryLimits,
    steps: Sequence[Step] = (),
    *,
    painted: Painted | None = None,
    of: NetworkPredictor | None = None,
) -> list[Any]:
    wanted = [PredictionTarget(Source(image), "sl.ide", lambda: painted)]
    return list(predict_to_folder(of or predictor(), wanted, out, steps, CLASSES, PredictionOptions("off", limits=limits)))


def mask(out: Path) -> NDArray[Any]:
    """The only mask in a folder."""
    (path,) = (file for file in out.iterdir() if file.suffix in (".png", ".tif", ".gz"))
    return read_mask(path)[0]


@pytest.mark.parametrize(
    "steps", [(), CLEANING, (CLEANING[1], CLEANING[0]), (CLEANING[3], CLEANING[0], CLEANING[1]), (Split(enabled=True, depth=0.5),)]
)
def test_that_a_mask_by_way_of_the_disk_is_that_made_in_memory(image: Path, tmp_path: Path, steps: Sequence[Step]) -> None:
    """Also where the threshold comes after steps that look around."""
    in_memory = run(tmp_path / "memory", image, replace(IN_MEMORY, large=0), steps)
    events = run(tmp_path / "disk", image, SMALL, steps)
    assert len(np.unique(mask(tmp_path / "memory"))) > 1
    assert (mask(tmp_path / "disk") == mask(tmp_path / "memory")).all()
    assert read(tmp_path / "disk" / "sl.ide.tif").geometry == read(image).geometry
    assert {file.name for file in (tmp_path / "disk").iterdir() if file.name.startswith("sl.ide")} == {"sl.ide.tif"}
    doing = [event.stage for event in events if isinstance(event, ImageProgress)]
    assert doing.count("predicting") > 10
    assert doing[-1] == "writing"
    assert isinstance(events[-1], MaskWritten)
    assert events[-1].mean_uncertainty == pytest.approx(in_memory[-1].mean_uncertainty)


def test_that_strokes_win_over_every_step(image: Path, tmp_path: Path) -> None:
    values = np.full((1, 200, 230), 2, np.uint8)
    painted = np.random.default_rng(0).random((1, 200, 230)) > 0.99
    run(tmp_path / "memory", image, IN_MEMORY, CLEANING, painted=(values, painted))
    run(tmp_path / "disk", image, SMALL, CLEANING, painted=(values, painted))
    assert (mask(tmp_path / "disk")[painted] == 2).all()
    assert (mask(tmp_path / "disk") == mask(tmp_path / "memory")).all()


@pytest.mark.parametrize("dims", [2, 3])
def test_that_volumes_too_go_by_way_of_the_disk(tmp_path: Path, dims: int) -> None:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, blobs(12, 70, 60), photometric="minisblack")
    used = predictor(dims=dims)
    run(tmp_path / "memory", path, IN_MEMORY, CLEANING, of=used)
    run(tmp_path / "disk", path, replace(SMALL, window=60**3), CLEANING, of=used)
    assert (mask(tmp_path / "disk") == mask(tmp_path / "memory")).all()
    assert (tmp_path / "disk" / "sl.ide.nii.gz").exists()


def interrupted(out: Path, image: Path, after: int, of: NetworkPredictor, steps: Sequence[Step] = CLEANING) -> None:
    """Begins, and is closed after some tiles, or blocks of the cleaning."""
    events = predict_to_folder(of, [PredictionTarget(Source(image), "sl.ide")], out, steps, CLASSES, PredictionOptions("off", limits=SMALL))
    while after:
        after -= isinstance(next(events), ImageProgress)
    events.close()


@pytest.mark.parametrize("norm", ["batch", "group"])
@pytest.mark.parametrize("after", [1, 13, 25, 33])
def test_that_an_interruption_anywhere_leads_to_the_same_file(image: Path, tmp_path: Path, norm: str, after: int) -> None:
    """With tiles that are exact, and with tiles that fade into one another."""
    used = predictor(norm)
    undisturbed = run(tmp_path / "once", image, SMALL, CLEANING, of=used)
    interrupted(tmp_path / "twice", image, after, used)
    assert not (tmp_path / "twice" / "sl.ide.tif").exists()
    resumed = run(tmp_path / "twice", image, SMALL, CLEANING, of=used)
    assert (tmp_path / "twice" / "sl.ide.tif").read_bytes() == (tmp_path / "once" / "sl.ide.tif").read_bytes()
    assert not (tmp_path / "twice" / "sl.ide.unfinished").exists()
    assert any(isinstance(event, Notice) and "going on" in event.text for event in resumed)
    if norm == "batch":
        predicted = [sum(isinstance(e, ImageProgress) and e.stage == "predicting" for e in events) for events in (undisturbed, resumed)]
        assert predicted[1] == max(0, predicted[0] - after)


def test_that_another_checkpoint_step_or_image_begins_anew(image: Path, tmp_path: Path) -> None:
    other = predictor()
    other.checkpoint = "f00d"
    for out, of, steps in (("a", other, CLEANING), ("b", predictor(), ())):
        interrupted(tmp_path / out, image, 9, of, steps)
        events = run(tmp_path / out, image, SMALL, CLEANING)
        assert not any(isinstance(event, Notice) for event in events)
    interrupted(tmp_path / "c", image, 9, predictor())
    tifffile.imwrite(image, blobs(200, 230)[::-1])
    assert not any(isinstance(event, Notice) for event in run(tmp_path / "c", image, SMALL, CLEANING))


def test_that_a_scratch_folder_that_lost_its_labels_begins_anew(image: Path, tmp_path: Path) -> None:
    run(tmp_path / "once", image, SMALL)
    interrupted(tmp_path / "out", image, 9, predictor(), ())
    (tmp_path / "out" / "sl.ide.unfinished" / "labels.raw").unlink()
    run(tmp_path / "out", image, SMALL)
    assert (mask(tmp_path / "out") == mask(tmp_path / "once")).all()


def test_that_a_line_cut_off_in_the_notes_costs_a_tile_and_no_more(image: Path, tmp_path: Path) -> None:
    once = run(tmp_path / "once", image, SMALL)
    interrupted(tmp_path / "out", image, 9, predictor(), ())
    notes = tmp_path / "out" / "sl.ide.unfinished" / "done.txt"
    notes.write_bytes(notes.read_bytes()[:-3] + b"")
    again = run(tmp_path / "out", image, SMALL)
    assert (mask(tmp_path / "out") == mask(tmp_path / "once")).all()
    assert again[-1].mean_uncertainty == pytest.approx(once[-1].mean_uncertainty)


def test_that_a_folder_of_someone_else_in_the_way_is_left_alone(image: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "out" / "sl.ide.unfinished" / "about.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    with pytest.raises(UserError, match="not this program's own"):
        run(tmp_path / "out", image, SMALL)
    assert theirs.read_text() == "mine"


def test_that_probabilities_of_a_huge_image_are_refused_with_a_sentence(image: Path, tmp_path: Path) -> None:
    wanted = [PredictionTarget(Source(image), "slide")]
    (event,) = predict_to_folder(predictor(), wanted, tmp_path / "out", (), CLASSES, PredictionOptions(probabilities=True, limits=SMALL))
    assert isinstance(event, Refused)
    assert "without them" in event.why


def test_that_what_is_too_long_to_be_cleaned_in_pieces_is_said(image: Path, tmp_path: Path) -> None:
    events = run(tmp_path / "out", image, replace(SMALL, longest=3), (FillHoles(enabled=True),))
    assert [e.text for e in events if isinstance(e, Notice)] == [
        "Fill holes: holes longer than 3 voxels were left as they are in an image of this size."
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_that_a_full_disk_is_a_sentence_and_work_goes_on_later(image: Path, tmp_path: Path) -> None:
    import resource

    run(tmp_path / "once", image, SMALL)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))  # stands for a full disk
    try:
        with pytest.raises(FormatError, match="cannot be written"):
            run(tmp_path / "out", image, SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    run(tmp_path / "out", image, SMALL)
    assert (mask(tmp_path / "out") == mask(tmp_path / "once")).all()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without images, and a checkpoint."""
    used, folder = predictor(), tmp_path / "p.unetstudio"
    assert isinstance(used.tiles.intensity, Intensity)
    with Project.create(folder, CLASSES) as made:
        card = Checkpoint("unet", used.network.config.to_json(), CLASSES, used.tiles.intensity.to_json())
        save(made.checkpoints_folder, card, used.network.state_dict())
    return folder


COMMAND = """
import signal, sys
from pathlib import Path
from unetstudio.commands.predict import predict
from unetstudio.commands.output import Output
from unetstudio.inference.prediction_options import PredictionOptions
from unetstudio.inference.prediction_options import MemoryLimits

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGTERM, interrupt)
project, image, out = map(Path, sys.argv[1:])
try:
    predict(project, [image], out, Output(as_json=True), checkpoint=None, cases=None, post=["smooth=2"], device="cpu",
            options=PredictionOptions(limits=MemoryLimits(large=0, picture=1000, probabilities=1000, tile_edge=16)))
except KeyboardInterrupt:
    sys.exit(130)
"""
"""`unetstudio predict` for images that are huge from a thousand pixels on."""


def command(project: Path, image: Path, out: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", COMMAND, str(project), str(image), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_that_the_command_goes_on_after_a_signal(project: Path, image: Path, tmp_path: Path, how: signal.Signals) -> None:
    with command(project, image, tmp_path / "out") as begun:
        assert begun.stdout is not None
        told = [json.loads(begun.stdout.readline()) for _ in range(20)]
        begun.send_signal(how)
        begun.communicate(timeout=100)
    assert begun.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    assert not (tmp_path / "out" / "sl.ide.tif").exists()
    with command(project, image, tmp_path / "out") as again:
        said, wrong = again.communicate(timeout=100)
    assert again.returncode == 0, wrong
    first, second = (json.loads(line) for line in said.splitlines()[:2])
    if how == signal.SIGKILL:  # seconds may be lost
        assert first["event"] in ("notice", "progress")
    else:
        assert first["event"] == "notice"
        assert second["done"] > told[-1]["done"]
    options = PredictionOptions(limits=replace(SMALL, tile_edge=16))
    predict(project, [image], tmp_path / "once", Output(), checkpoint=None, cases=None, post=["smooth=2"], device="cpu", options=options)
    assert (tmp_path / "out" / "sl.ide.tif").read_bytes() == (tmp_path / "once" / "sl.ide.tif").read_bytes()
