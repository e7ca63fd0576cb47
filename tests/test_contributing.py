"""CONTRIBUTING.md, the architecture page and the guide are true: the examples work as they are, layers, packages and keys exist."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import grimp
import numpy as np
import pytest
import torch
from learners import test_every_learner
from numpy.typing import NDArray
from training.conftest import disc_of, strokes
from ui.laid_open import case_of

from unetstudio.augment.augmentation import AUGMENTATIONS
from unetstudio.augment.recipe import Recipe
from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.history import History
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.plane import Plane
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.formats import FORMATS, MaskDocument, discover, read, read_mask, write_mask
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.segment_case import finish, segment_case
from unetstudio.learners.learner import LEARNERS
from unetstudio.measure.evaluate import evaluate
from unetstudio.measure.metric import METRICS
from unetstudio.networks.checkpoint import load
from unetstudio.networks.network import NETWORKS, create
from unetstudio.postprocess.segment import segment
from unetstudio.postprocess.stack import DEFAULT_STEPS, from_json, to_json, with_options
from unetstudio.postprocess.step import STEPS
from unetstudio.registry import Registry
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import TOOLS, Pointer
from unetstudio.training.events import CheckpointSaved, TrainingFinished
from unetstudio.training.fit import fit
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, OverlayContext, Predicted
from unetstudio.ui.canvas.view import View
from unetstudio.ui.commands.table import commands
from unetstudio.ui.display import DisplayOptions

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
EXAMPLES = {m[1]: m[0].removeprefix("```python\n") for m in re.finditer(r"```python\n# unetstudio/(\S+)\.py\n.*?(?=```)", TEXT, re.DOTALL)}
REGISTRIES: tuple[Registry[Any], ...] = (TOOLS, NETWORKS, LEARNERS, AUGMENTATIONS, STEPS, FORMATS, METRICS, OVERLAYS)
CLASSES = ClassTable.named(["background", "cell"], [(0, 0, 0), (230, 159, 0)])

TRIALS = [trial for name, trial in vars(test_every_learner).items() if name.startswith("test_") and "study" in trial.__annotations__]

Learn = Callable[[str], ModuleType]


@pytest.fixture
def learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Learn:
    """Loads an example as a module; what it registers is gone after the test."""
    for registry in REGISTRIES:
        list(registry)  # ours are loaded before the example
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))

    def load_example(name: str) -> ModuleType:
        file = tmp_path / f"example_{Path(name).name}.py"
        file.write_text(EXAMPLES[name], encoding="utf-8")
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, file.stem, module)
        spec.loader.exec_module(module)
        return module

    return load_example


def study_of(scan: Scan, labels: NDArray[np.uint8]) -> Study:
    """One case with labels of the two classes."""
    case = Case("case0", "case0", Source(Path("c.png")), "", scan.shape, 1)
    return Study(CLASSES, [StudyCase(case, lambda: scan, LabelMap(labels))])


def test_that_there_is_an_example_for_each_registry() -> None:
    folders = [Path("unetstudio", name).parent.as_posix().replace("/", ".") for name in EXAMPLES]
    assert sorted(folders) == sorted(registry.group for registry in REGISTRIES)
    named = re.search(r"Each registry also loads.*?\n\n", TEXT, re.DOTALL)
    assert named is not None
    assert [registry.group for registry in REGISTRIES if f"`{registry.group}`" not in named[0]] == []


def test_that_the_tool_paints_and_undo_takes_it_back(learn: Learn, qapp: object) -> None:
    learn("tools/square")
    annotation, labels = Annotation(), LabelMap.unlabelled((1, 40, 50))
    annotation.set_classes(CLASSES)
    annotation.open(case_of(labels), History())
    annotation.tools.choose("square")
    annotation.tools.set_options("square", edge=5)
    annotation.press(Pointer(10, 10))
    annotation.move(Pointer(10, 20))
    annotation.release()
    assert labels.counts[1] == 2 * 5 * 5
    assert (labels.values[0, 8:13, 18:23] == 1).all()
    annotation.undo()
    assert labels.annotated == 0


def test_that_the_tool_has_a_command_whose_key_and_icon_are_good(learn: Learn) -> None:
    kind = learn("tools/square").Square
    taken = [command for command in commands() if kind.shortcut in command.keys]
    assert [command.id for command in taken] == ["tool_square"]
    assert (ROOT / "resources" / "icons" / f"{kind.icon}.svg").is_file()


def test_that_the_network_sees_no_further_than_it_says(learn: Learn) -> None:
    learn("networks/plain")
    network = create("plain", 2, 3, depth=2, base=4).eval()
    margin = network.receptive_margin[0]
    x = torch.full((1, 2, 41, 41), torch.nan)
    x[:, :, 20 - margin : 21 + margin, 20 - margin : 21 + margin] = 1
    out = network(x)
    assert out.shape == (1, 3, 41, 41)
    assert torch.isfinite(out[:, :, 20, 20]).all()


def test_that_the_network_learns_and_its_checkpoint_can_be_used(learn: Learn, tmp_path: Path) -> None:
    learn("networks/plain")
    shape = (1, 32, 32)
    labels = np.full(shape, UNLABELLED, np.uint8)
    labels[:, 4], labels[:, 20] = 0, 1
    study = study_of(Scan(np.random.default_rng(0).integers(0, 255, (1, *shape)).astype(np.uint8)), labels)
    settings = TrainingSettings(network="plain", steps=2, depth=2, base=4, patch=16, batch=2, device="cpu", threads=1)
    events = list(fit(study, settings, checkpoints=tmp_path))
    assert isinstance(events[-1], TrainingFinished)
    saved = [event for event in events if isinstance(event, CheckpointSaved)]
    card, network = load(Path(saved[-1].path))
    assert card.network == "plain"
    assert network(torch.zeros(1, network.config.in_channels, 16, 16)).shape == (1, 2, 16, 16)


@pytest.mark.parametrize("trial", TRIALS)
def test_that_the_learner_passes_the_trials_of_every_learner(
    learn: Learn, tmp_path: Path, trial: Callable[[str, Study, Path, TrainingSettings], None]
) -> None:
    learn("learners/brightness")
    trial("brightness", study_of(disc_of(0)[0], strokes(disc_of(0)[1])), tmp_path, TrainingSettings())


def test_that_the_learner_finds_the_disc_that_was_painted(learn: Learn, tmp_path: Path) -> None:
    learn("learners/brightness")
    scan, truth = disc_of(0)
    learner = LEARNERS["brightness"](study_of(scan, strokes(truth)), tmp_path)
    learner.begin(TrainingSettings(steps=1))
    assert isinstance(list(learner.learn())[-1], TrainingFinished)
    predictor = learner.predictor()
    assert predictor is not None
    result = finish(segment_case(predictor, scan, PredictionRequest.final("disc", tta=False), DEFAULT_STEPS, None))
    assert (result.labels == truth).mean() > 0.95


def test_that_the_overlay_is_bright_where_the_classes_are_equally_likely(learn: Learn) -> None:
    learn("ui/canvas/overlays/entropy")
    prediction = Prediction((1, 4, 6), CLASSES.values)
    probabilities = np.full((2, 1, 4, 4), 128, np.uint8)
    probabilities[0, ..., :2], probabilities[1, ..., :2] = 255, 0
    prediction.put(Region((0, 0, 0), (1, 4, 4)), probabilities, "c0ffee")
    view = View((4, 6))
    view.resize((60, 40), 1.0)
    box = view.covered
    picture = np.zeros((box.bottom - box.top, box.right - box.left, 4), np.uint8)
    context = OverlayContext(view, box, Plane(), Predicted(prediction), CLASSES, DisplayOptions())
    drawn = OVERLAYS["entropy"].draw(picture, context)
    certain, even, unknown = drawn[:, 0], drawn[:, drawn.shape[1] // 2 + 2], drawn[:, -1]
    assert even.any() and not certain.any() and not unknown.any() and not picture.any()
    assert "equally likely" in OVERLAYS["entropy"].legend(Predicted(prediction))


def test_that_the_augmentation_replays_what_was_drawn(learn: Learn) -> None:
    learn("augment/fade")
    recipe = Recipe(photometric=(AUGMENTATIONS["fade"](probability=1.0),))  # type: ignore[call-arg]
    drawn = recipe.draw(np.random.default_rng(1), 2)
    image = np.zeros((2, 8, 9), np.float32)
    once, again = (recipe.apply_photometric(drawn, image.copy(), plain=1) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert once[0].any() and not once[1].any()


def test_that_the_step_keeps_the_largest_island_and_what_was_painted(learn: Learn) -> None:
    learn("postprocess/largest")
    cell = np.zeros((1, 12, 20), np.uint8)
    cell[0, 1:6, 1:6] = cell[0, 1:3, 10:12] = cell[0, 8:10, 10:12] = 255
    labels, hand = np.full(cell.shape, UNLABELLED, np.uint8), np.zeros(cell.shape, np.bool_)
    labels[0, 8, 10], hand[0, 8, 10] = 1, True
    steps = with_options(DEFAULT_STEPS, ["largest=on"])
    result = segment(np.stack([255 - cell, cell]), (0, 1), steps, painted=(labels, hand))
    assert (result.labels == 1).sum() == 25 + 4
    assert result.reports[-1].objects == 1
    assert from_json(to_json(steps)) == steps


def test_that_the_format_reads_and_writes_pictures(learn: Learn, tmp_path: Path) -> None:
    learn("formats/ascii_grid")
    labels = np.random.default_rng(0).integers(0, 2, (1, 6, 7)).astype(np.uint8)
    path = tmp_path / "mask.asc"
    write_mask(path, MaskDocument(labels, Geometry(), CLASSES))
    np.testing.assert_array_equal(read_mask(path)[0], labels)
    assert read(discover([path])[0]).shape == labels.shape


def test_that_the_metric_counts_what_was_found(learn: Learn) -> None:
    learn("measure/sensitivity")
    truth, predicted = np.array([0, 0, 1, 1, 1, 1], np.uint8), np.array([1, 0, 1, 1, 1, 0], np.uint8)
    result = evaluate(predicted, truth, ["sensitivity"])["sensitivity"]
    assert (result.mean, result.pooled, result.per_class) == (0.75, 0.75, {0: 0.5, 1: 0.75})


@pytest.mark.parametrize(("group", "name", "title"), [("tools", "square", "Square"), ("measure", "sensitivity", "Sensitivity")])
def test_that_another_package_can_add_a_variant(
    learn: Learn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, name: str, title: str
) -> None:
    declared = tomllib.loads(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1])["project"]["entry-points"]  # type: ignore[index]
    points = "\n".join(f"[{of}]\n" + "\n".join(f"{k} = {v}" for k, v in variants.items()) for of, variants in declared.items())
    for folder, file, text in (
        ("your_package", "__init__.py", ""),
        ("your_package", f"{name}.py", EXAMPLES[f"{group}/{name}"]),
        ("your_package-1.dist-info", "METADATA", "Metadata-Version: 2.1\nName: your-package\nVersion: 1\n"),
        ("your_package-1.dist-info", "entry_points.txt", points),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / file).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    registry: Registry[Any] = Registry(f"unetstudio.{group}", name)
    assert registry[name].title == title
    for module in [module for module in sys.modules if module.startswith("your_package")]:
        del sys.modules[module]


def test_that_the_layers_are_those_that_are_checked() -> None:
    told = re.search(r"```text\n(.*?)```", TEXT, re.DOTALL)
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"][0]
    assert told is not None and told[1].split("\n")[:-1] == contract["layers"]


def test_that_the_architecture_page_has_a_sentence_for_every_package() -> None:
    described = {
        name for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| [A-Z]", ARCHITECTURE, re.MULTILINE) for name in re.findall(r"\w+", row)
    }
    packages = {path.parent.name for path in (ROOT / "unetstudio").glob("*/__init__.py")}
    assert packages - described == set()
    assert all((ROOT / "unetstudio" / name).is_dir() or (ROOT / "unetstudio" / f"{name}.py").is_file() for name in described)


def test_that_every_arrow_of_the_architecture_page_is_an_import() -> None:
    chart = re.search(r"```mermaid\n(.*?)```", ARCHITECTURE, re.DOTALL)
    assert chart is not None
    arrows = re.findall(r"(\w+)(?:\[.*?\])? --> ([\w &]+)", chart[1])
    graph = grimp.build_graph("unetstudio", cache_dir=None)
    imports = {
        (importer.split(".")[1], imported.split(".")[1])
        for importer in graph.modules - {"unetstudio"}
        for imported in graph.find_modules_directly_imported_by(importer) - {"unetstudio"}
    }
    assert arrows
    assert {(package, other) for package, others in arrows for other in others.split(" & ")} - imports == set()


def test_that_the_files_of_a_stroke_and_a_prediction_are_there_and_are_counted() -> None:
    rows = re.findall(r"^\| [\w ]+ \| (\*\*.*?) \| (\*\*.*?) \|$", ARCHITECTURE, re.MULTILINE)
    assert len(rows) == 6
    for cell in (cell for row in rows for cell in row):
        files = re.findall(r"`(\S+)`", cell)
        assert re.match(rf"\*\*{len(files)}\b", cell) and len(set(files)) == len(files)
    assert [file for _, after in rows for file in re.findall(r"`(\S+)`", after) if not (ROOT / "unetstudio" / file).is_file()] == []


def test_that_every_file_named_in_the_text_is_there() -> None:
    folders = "|".join(["tests", *(path.parent.name for path in (ROOT / "unetstudio").glob("*/__init__.py"))])
    named = re.findall(rf"`((?:{folders})/[\w/]+\.py)`", TEXT)
    assert [file for file in named if not ((ROOT / file).is_file() or (ROOT / "unetstudio" / file).is_file())] == []
    assert named


def test_that_the_guide_names_every_key() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    keys = [(command.text, key) for command in commands() if not command.id.startswith("class_") for key in command.keys]
    missing = [(text, key) for text, key in keys if f"`{key}`" not in guide]
    assert missing == []
