"""Commands that tell: what a file or project is, what this computer can do, which networks there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unetstudio.commands.output import Output
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import discover, read
from unetstudio.project.checkpoints import cards
from unetstudio.project.project import Project, is_project
from unetstudio.project.store import read_labels


def info(path: Path | None, device: bool, output: Output) -> None:
    """Of a project, an image, a folder of images, or this computer."""
    if device:
        _computer(output)
    elif path is None:
        raise UserError("Name a file or a project, or ask about this computer: unetstudio info --device")
    elif not path.exists():
        raise FormatError(path, "there is no such file or folder; check the path.")
    elif is_project(path if path.is_dir() else path.parent):
        _project(path, output)
    else:
        _images(path, output)


def networks(measure: bool, output: Output) -> None:
    """Each network with its paper, and the size of each of its presets with one channel and two classes; `measure` tries steps of them."""
    import torch

    from unetstudio.networks.network import create, offered

    rows = []
    for name, kind in offered():
        counts: dict[int, dict[str, int]] = {dims: {} for dims in kind.dims}
        for dims, presets in counts.items():
            for preset in kind.presets_for(dims):
                with torch.device("meta"):  # counted without memory for weights
                    presets[preset] = create(name, 1, 2, dims, preset).parameters_count
                rows.append([name, f"{dims}D", preset, f"{presets[preset]:,}"])
        usual = {dims: presets["default"] for dims, presets in counts.items()}
        described = {"title": kind.title, "description": kind.description, "source": kind.source, "suits_cpu": kind.suits_cpu}
        output.event("network", name=name, **described, dims=kind.dims, parameters=usual, presets=counts)
        output.say(f"{name}: {kind.title}. {kind.description}{'' if kind.suits_cpu else ' Best with a GPU.'}")
    if measure:
        _measure(output)
    else:
        output.table("", ["network", "dimensions", "preset", "parameters"], rows)


def _measure(output: Output) -> None:
    """Seconds and memory of a training step of each network, as training here would choose it for large pictures and volumes."""
    from unetstudio.networks.device import choose_device, choose_precision, is_out_of_memory
    from unetstudio.networks.network import offered
    from unetstudio.training.plan import usual_network
    from unetstudio.training.trial import cost_of

    device = choose_device("auto")
    rows = []
    for name, kind in offered():
        for dims in kind.dims:
            network, patch, batch = usual_network(name, dims, device)
            size = " × ".join(map(str, patch))
            output.say(f"Trying {name} in {dims}D ...")
            try:
                cost = cost_of(network, patch, batch, choose_precision(device, dims))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                rows.append([name, f"{dims}D", f"{network.parameters_count:,}", size, "", "more than there is"])
                continue
            figures = {"patch": cost.patch, "batch": batch, "seconds": cost.seconds, "bytes": cost.bytes}
            output.event("cost", name=name, dims=dims, device=str(device), parameters=cost.parameters, **figures)
            rows.append(
                [name, f"{dims}D", f"{cost.parameters:,}", f"{batch} of {size}", f"{cost.seconds:.2f}", f"{cost.bytes / 2**30:.1f} GB"]
            )
    output.table(f"A training step on {device}", ["network", "dimensions", "parameters", "patches", "seconds", "memory"], rows)


def _computer(output: Output) -> None:
    from unetstudio.networks.computer import report

    found = report()
    output.event("device", rows=dict(found.rows), remedy=found.remedy)
    output.table("This computer", ["", ""], [list(row) for row in found.rows])
    if found.remedy:
        output.say(found.remedy)


def _project(path: Path, output: Output) -> None:
    with Project.open(path, read_only=True) as project:
        classes = [{"value": c.value, "name": c.name} for c in project.classes]
        made = cards(project.checkpoints_folder)
        output.event("project", name=project.name, cases=len(project.cases), classes=classes, checkpoints=[card.id for card in made])
        rows = []
        for case in project.cases:
            labels, changes = read_labels(project.folder, case)
            voxels = {c.name: int(labels.counts[c.value]) for c in project.classes}
            where = {"source": str(case.source.path), "shape": case.shape, "spacing_mm": case.geometry.spacing, "kind": case.kind}
            output.event("case", id=case.id, name=case.name, review=case.review.value, changes=changes, voxels=voxels, **where)
            rows.append([case.name, case.id, _size(case.shape), str(changes), *(str(n) for n in voxels.values()), case.review.value])
        output.table(project.name, ["case", "id", "size", "changes", *(c.name for c in project.classes), "review"], rows)
        for card in made:
            score = "" if card.score is None else f", score {card.score:.3f}"
            output.say(f"checkpoint {card.id[:12]}: step {card.step}{score}")
        for text in project.notices:
            output.say(text)


def _images(path: Path, output: Output) -> None:
    rows = []
    for source in discover([path]):
        scan = read(source)
        spacing = scan.geometry.spacing
        described = {
            "kind": scan.kind,
            "shape": scan.shape,
            "channels": scan.channels,
            "type": str(scan.voxels.dtype),
            "range": [float(np.min(scan.voxels)), float(np.max(scan.voxels))],
            "spacing_mm": spacing,
            "orientation": ["".join(scan.geometry.letters(axis)) for axis in range(3)],
        }
        output.event("image", path=str(source.path), part=source.part, **described)
        told = "unknown" if spacing is None else " × ".join(f"{mm:.4g}" for mm in reversed(spacing))
        rows.append([scan.name or source.path.name, scan.kind, _size(scan.shape), str(scan.channels), str(scan.voxels.dtype), told])
    output.table("", ["image", "kind", "size", "channels", "type", "spacing in mm"], rows)


def _size(shape: tuple[int, int, int]) -> str:
    z, y, x = shape
    return f"{x} × {y}" if z == 1 else f"{x} × {y} × {z}"
