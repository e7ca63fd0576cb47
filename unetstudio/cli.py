"""The command line: the window's jobs for scripts and servers.

Exit status: 0 done, 2 a UserError in one line, 130 interrupted. A command's module is imported only when the command runs.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unetstudio import RESEARCH_USE, __version__
from unetstudio.errors import UserError
from unetstudio.settings import TrainingSettings

if TYPE_CHECKING:
    from unetstudio.commands.output import Output

METRICS = "volume_error hd hd95 surface_distance surface_dice seg det ap50 ap75 map pq rand v_rand v_info warping_error".replace(" ", ", ")
"""Metrics that can be asked for beside the usual ones; those of other packages are listed when a name is wrong."""

FLIPS = "average over mirrored views; auto: images up to 256 x 256, if the network has learnt such views"

DAMAGE = "go on with what is left of cases that have lost strokes by damage; else they are named and left out"

PARTS = "which images of a file that holds several: all, first, or places such as 1-3,5"


@dataclass(frozen=True)
class Command:
    """One command: its line of help, its options, and the function that runs it."""

    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Output], None]
    last_words: Callable[[], str] | None = None  # the end of its help, made only when that is shown


class Parser(argparse.ArgumentParser):
    """A parser whose help ends with words that take time to find."""

    last_words: Callable[[], str] | None = None

    def format_help(self) -> str:
        """Return the help."""
        if self.last_words is not None:
            self.epilog = self.last_words()
        return super().format_help()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = parser().parse_args(arguments)
    from unetstudio.commands.output import Output  # not for --help

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        COMMANDS[options.command].run(options, Output(as_json=options.json))
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
    """Return the parser of all commands and their options."""
    top = Parser(prog="unetstudio", description=f"Masks from a few strokes. {RESEARCH_USE}")
    top.add_argument("--version", action="version", version=f"unetstudio {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.summary, description=command.summary)
        one.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
        command.add_options(one)
        one.last_words = command.last_words
    return top


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


# ------------------------------------------------------------------------------------------------ options, and what runs


def _new_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--classes", default="background,structure", help="names, the background first: background,membrane")
    parser.add_argument("--parts", default="all", help=PARTS)


def _new(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.project import new

    new(options.project, options.images, [name.strip() for name in options.classes.split(",") if name.strip()], output, options.parts)


def _label_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("masks", type=Path, nargs="+")
    parser.add_argument("--unlabelled", type=int, metavar="VALUE", help="mask value that means: not annotated")
    parser.add_argument("--objects", action="store_true", help="mask values number objects: those that touch are parted by a line")
    parser.add_argument(
        "--map", action="append", default=[], metavar="VALUE=CLASS", help="also LOW-HIGH=CLASS, LOW+=CLASS, '#RRGGBB=CLASS'"
    )
    parser.add_argument("--accept-damage", action="store_true", help=DAMAGE)


def _label(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.project import label

    label(
        options.project,
        options.masks,
        options.unlabelled,
        options.map,
        output,
        objects=options.objects,
        accept_damage=options.accept_damage,
    )


def _train_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--network", default="")
    parser.add_argument("--dims", type=int, choices=(2, 3), default=0)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="other settings, such as base=32, patch=256, normalisation=zscore or resample=off",
    )
    parser.add_argument("--init", type=Path, metavar="CHECKPOINT", help="begin from these weights")
    parser.add_argument("--resume", action="store_true", help="go on where the last training stopped")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--accept-damage", action="store_true", help=DAMAGE)


def _train(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.train import train

    changes = [
        f"seconds={options.seconds}",
        f"steps={options.steps}",
        f"device={options.device}",
        f"seed={options.seed}",
        f"dims={options.dims}",
    ]
    if options.network:
        changes.append(f"network={options.network}")
    settings = TrainingSettings().with_overrides([*changes, *options.set])
    train(options.project, settings, output, resume=options.resume, init=options.init, accept_damage=options.accept_damage)


def _predict_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("images", type=Path, nargs="*")
    parser.add_argument("--checkpoint", type=Path, help="default: the newest, or an earlier one that did clearly better on held-out labels")
    parser.add_argument("--cases", nargs="+", metavar="ID", help="ids or names of cases; default: all")
    parser.add_argument("--parts", default="all", help=PARTS)
    parser.add_argument(
        "--out", type=Path, required=True, help="a folder of masks: PNG, tiled TIFF for pictures over 64 megapixels, NIfTI for volumes"
    )
    parser.add_argument("--probabilities", action="store_true", help="also write class probabilities, but not of huge images")
    parser.add_argument("--post", action="append", default=[], metavar="NAME=VALUE", help="such as threshold=0.4 or small_components=30")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    parser.add_argument("--flips", choices=("auto", "on", "off"), default="auto", help=FLIPS)
    parser.add_argument("--objects", action="store_true", help="write numbers of objects instead of class values")
    parser.add_argument("--again", action="store_true", help="make all masks anew, also those that an earlier run has made alike")
    parser.add_argument(
        "--engine", default="auto", help="auto, torch, openvino or onnxruntime: auto takes the quickest that gives the same masks"
    )
    parser.add_argument("--accept-damage", action="store_true", help=DAMAGE)


def _predict(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.predict import predict
    from unetstudio.inference.prediction_options import PredictionOptions

    predict(
        options.project,
        options.images,
        options.out,
        output,
        checkpoint=options.checkpoint,
        cases=options.cases,
        post=options.post,
        device=options.device,
        options=PredictionOptions(options.flips, options.probabilities, options.objects, options.engine, options.again),
        parts=options.parts,
        accept_damage=options.accept_damage,
    )


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("--format", required=True, metavar="NAME[,NAME ...]", help="one or more of the formats below")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--what", choices=("labels", "segmentation"), default="labels")
    parser.add_argument(
        "--identified",
        action="store_true",
        help="copy the patient's name and numbers from the images into DICOM masks; else left out",
    )
    parser.add_argument("--flips", choices=("auto", "on", "off"), default="auto", help=FLIPS)
    parser.add_argument("--accept-damage", action="store_true", help=DAMAGE)


def _export(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.project import export

    formats = [name.strip() for name in options.format.split(",") if name.strip()]
    choices = {"tta": options.flips, "identified": options.identified, "accept_damage": options.accept_damage}
    export(options.project, formats, options.out, options.what, output, **choices)


def _mask_formats() -> str:
    """Return the formats of masks, for the end of a command's help."""
    from unetstudio.workspace.export_plan import writers

    return "formats: " + "; ".join(f"{name} ({mask_format.title})" for name, mask_format in writers())


def _evaluate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("predicted", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--metrics", default="dice,iou,pixel_error", help="also: " + METRICS)
    parser.add_argument("--map", action="append", default=[], metavar="VALUE=VALUE", help="values of the truth: 255=1, 1+=1, #ff0000=1")
    parser.add_argument("--border", type=int, default=1, help="the class that separates regions (membranes), for v_rand and the like")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a file as well")
    parser.add_argument("--force", action="store_true", help="replace a file of that name, unless it is an image or of a project")


def _evaluate(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.evaluate import evaluate

    metrics = [m.strip() for m in options.metrics.split(",") if m.strip()]
    evaluate(options.predicted, options.truth, metrics, options.map, output, border=options.border, csv=options.csv, force=options.force)


def _info_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--device", action="store_true", help="this computer: processor, memory, GPU, speed")
    parser.add_argument("--parts", default="all", help=PARTS)
    parser.add_argument("--accept-damage", action="store_true", help=DAMAGE)


def _info(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.info import info

    info(options.path, options.device, output, options.parts, accept_damage=options.accept_damage)


def _audit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("--case", default="", metavar="ID", help="id or name of a case; default: all")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it as a table for spreadsheets")
    parser.add_argument("--force", action="store_true", help="replace a file of that name, unless it is an image or of a project")


def _audit(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.audit import audit

    audit(options.project, options.case, options.csv, output, force=options.force)


def _networks_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--measure", action="store_true", help="time a training step of each on this computer")


def _networks(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.networks import networks

    networks(options.measure, output)


def _export_network_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="PROJECT|CHECKPOINT", help="of a project, its newest checkpoint")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx")
    parser.add_argument("--force", action="store_true", help="replace a file of that name, unless it is an image or of a project")


def _export_network(options: argparse.Namespace, output: Output) -> None:
    from unetstudio.commands.export_network import export_network

    export_network(options.source, options.out, output, force=options.force)


COMMANDS = {
    "new": Command("make a project of images", _new_options, _new),
    "label": Command("take masks as labels; matched to images by file stem", _label_options, _label),
    "train": Command("train a network on a project's labels", _train_options, _train),
    "predict": Command("masks for images, or for the cases of the project", _predict_options, _predict),
    "export": Command("write labels or segmentations in another format", _export_options, _export, _mask_formats),
    "evaluate": Command("compare masks with the truth; files, or folders matched by stem", _evaluate_options, _evaluate),
    "info": Command("what a file or project is", _info_options, _info),
    "audit": Command("who changed what and when, from the journals of a project", _audit_options, _audit),
    "networks": Command("networks that can be trained", _networks_options, _networks),
    "export-network": Command("write a trained network as ONNX, for other programs", _export_network_options, _export_network),
}
"""Every command by name, in the order of the help."""
