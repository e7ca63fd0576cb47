"""The command line: the same jobs as in the window, for scripts and servers. One line of error, exit 2; interrupted, exit 130."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from unetstudio import RESEARCH_USE, __version__
from unetstudio.errors import UserError
from unetstudio.settings import TrainingSettings

METRICS = "volume_error hd hd95 surface_distance surface_dice seg det ap50 ap75 map pq rand v_rand v_info warping_error".replace(" ", ", ")
"""Beside the usual ones; those of other packages are listed when a name is wrong."""

FLIPS = "average over mirrored views; auto: images up to 4 megapixels, if the network has learnt such views"

COMMANDS = ("new", "label", "train", "predict", "export", "evaluate", "info", "audit", "networks", "export-network")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 done, 2 a UserError, 130 interrupted."""
    asked = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        asked.run(asked)
    except UserError as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("Interrupted; what was done so far is kept.")
        return 130
    except BrokenPipeError:
        return 141
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="unetstudio", description=f"Masks from a few strokes. {RESEARCH_USE}")
    top.add_argument("--version", action="version", version=f"unetstudio {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        made.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
        return made

    new = command("new", _new, "make a project of images")
    new.add_argument("project", type=Path)
    new.add_argument("images", type=Path, nargs="+")
    new.add_argument("--classes", default="background,structure", help="names, the background first: background,membrane")

    label = command("label", _label, "take masks as labels; matched to images by file stem")
    label.add_argument("project", type=Path)
    label.add_argument("masks", type=Path, nargs="+")
    label.add_argument("--unlabelled", type=int, metavar="VALUE", help="mask value that means: not annotated")
    label.add_argument("--objects", action="store_true", help="mask values number objects: those that touch are parted by a line")
    label.add_argument("--map", action="append", default=[], metavar="VALUE=CLASS", help="also LOW-HIGH=CLASS and LOW+=CLASS")

    train = command("train", _train, "train a network on a project's labels")
    train.add_argument("project", type=Path)
    train.add_argument("--seconds", type=float, default=0.0)
    train.add_argument("--steps", type=int, default=0)
    train.add_argument("--network", default="")
    train.add_argument("--dims", type=int, choices=(2, 3), default=0)
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="other settings, such as base=32, patch=256, normalisation=zscore or resample=off",
    )
    train.add_argument("--init", type=Path, metavar="CHECKPOINT", help="begin from these weights")
    train.add_argument("--resume", action="store_true", help="go on where the last training stopped")
    train.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    train.add_argument("--seed", type=int, default=0)

    _predict_options(command("predict", _predict, "masks for images, or for the cases of the project"))

    export = command("export", _export, "write labels or segmentations in another format")
    export.add_argument("project", type=Path)
    export.add_argument("--format", required=True, help="png, tiff, nifti or hdf5")
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--what", choices=("labels", "segmentation"), default="labels")

    export.add_argument("--flips", choices=("auto", "on", "off"), default="auto", help=FLIPS)

    evaluate = command("evaluate", _evaluate, "compare masks with the truth; files, or folders matched by stem")
    evaluate.add_argument("predicted", type=Path)
    evaluate.add_argument("truth", type=Path)
    evaluate.add_argument("--metrics", default="dice,iou,pixel_error", help="also: " + METRICS)
    evaluate.add_argument("--map", action="append", default=[], metavar="VALUE=VALUE", help="what values of the truth mean: 255=1, 1+=1")
    evaluate.add_argument("--border", type=int, default=1, help="the class that separates regions (membranes), for v_rand and the like")
    evaluate.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a file as well")

    info = command("info", _info, "what a file or project is")
    info.add_argument("path", type=Path, nargs="?")
    info.add_argument("--device", action="store_true", help="this computer: processor, memory, GPU, speed")

    audit = command("audit", _audit, "who changed what and when, from the journals of a project")
    audit.add_argument("project", type=Path)
    audit.add_argument("--case", default="", metavar="ID", help="id or name of a case; default: all")
    audit.add_argument("--csv", type=Path, metavar="FILE", help="write it as a table for spreadsheets")

    command("networks", _networks, "networks that can be trained").add_argument(
        "--measure", action="store_true", help="time a training step of each on this computer"
    )

    network = command("export-network", _export_network, "write a trained network as ONNX, for other programs")
    network.add_argument("source", type=Path, metavar="PROJECT|CHECKPOINT", help="of a project, its newest checkpoint")
    network.add_argument("--out", type=Path, required=True, metavar="FILE.onnx")
    return top


def _predict_options(predict: argparse.ArgumentParser) -> None:
    predict.add_argument("project", type=Path)
    predict.add_argument("images", type=Path, nargs="*")
    predict.add_argument(
        "--checkpoint", type=Path, help="default: the newest, or an earlier one that did clearly better on held-out labels"
    )
    predict.add_argument("--cases", nargs="+", metavar="ID", help="ids or names of cases; default: all")
    predict.add_argument(
        "--out", type=Path, required=True, help="a folder of masks: PNG, tiled TIFF for pictures over 64 megapixels, NIfTI for volumes"
    )
    predict.add_argument("--probabilities", action="store_true", help="also write class probabilities, but not of huge images")
    predict.add_argument("--post", action="append", default=[], metavar="NAME=VALUE", help="such as threshold=0.4 or small_components=30")
    predict.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    predict.add_argument("--flips", choices=("auto", "on", "off"), default="auto", help=FLIPS)
    predict.add_argument("--objects", action="store_true", help="write numbers of objects instead of class values")
    predict.add_argument("--again", action="store_true", help="make all masks anew, also those that an earlier run has made alike")
    predict.add_argument(
        "--engine", default="auto", help="auto, torch, openvino or onnxruntime: auto takes the quickest that gives the same masks"
    )


# ---------------------------------------------------------------------------------------------------------------- commands


def _new(asked: argparse.Namespace) -> None:
    from unetstudio.commands.project import new

    new(asked.project, asked.images, [name.strip() for name in asked.classes.split(",") if name.strip()], _output(asked))


def _label(asked: argparse.Namespace) -> None:
    from unetstudio.commands.project import label

    label(asked.project, asked.masks, asked.unlabelled, asked.map, _output(asked), objects=asked.objects)


def _train(asked: argparse.Namespace) -> None:
    from unetstudio.commands.train import train

    changes = [f"seconds={asked.seconds}", f"steps={asked.steps}", f"device={asked.device}", f"seed={asked.seed}", f"dims={asked.dims}"]
    if asked.network:
        changes.append(f"network={asked.network}")
    settings = TrainingSettings().with_overrides([*changes, *asked.set])
    train(asked.project, settings, _output(asked), resume=asked.resume, init=asked.init)


def _predict(asked: argparse.Namespace) -> None:
    from unetstudio.commands.predict import predict
    from unetstudio.inference.prediction_options import PredictionOptions

    predict(
        asked.project,
        asked.images,
        asked.out,
        _output(asked),
        checkpoint=asked.checkpoint,
        cases=asked.cases,
        post=asked.post,
        device=asked.device,
        options=PredictionOptions(asked.flips, asked.probabilities, asked.objects, asked.engine, asked.again),
    )


def _export(asked: argparse.Namespace) -> None:
    from unetstudio.commands.project import export

    export(asked.project, asked.format, asked.out, asked.what, _output(asked), tta=asked.flips)


def _evaluate(asked: argparse.Namespace) -> None:
    from unetstudio.commands.evaluate import evaluate

    metrics = [m.strip() for m in asked.metrics.split(",") if m.strip()]
    evaluate(asked.predicted, asked.truth, metrics, asked.map, _output(asked), border=asked.border, csv=asked.csv)


def _info(asked: argparse.Namespace) -> None:
    from unetstudio.commands.info import info

    info(asked.path, asked.device, _output(asked))


def _audit(asked: argparse.Namespace) -> None:
    from unetstudio.commands.audit import audit

    audit(asked.project, asked.case, asked.csv, _output(asked))


def _networks(asked: argparse.Namespace) -> None:
    from unetstudio.commands.networks import networks

    networks(asked.measure, _output(asked))


def _export_network(asked: argparse.Namespace) -> None:
    from unetstudio.commands.export_network import export_network

    export_network(asked.source, asked.out, _output(asked))


def _output(asked: argparse.Namespace) -> Any:
    from unetstudio.commands.output import Output

    return Output(as_json=asked.json)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
