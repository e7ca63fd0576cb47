"""The command `info`: describes a project, an image, a folder of images, or this computer."""

from __future__ import annotations

from pathlib import Path

from unetstudio.commands.damage import require_all, undamaged_labels
from unetstudio.commands.found_images import found_images
from unetstudio.commands.output import Output
from unetstudio.data.scan import extremes
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import read_by_region
from unetstudio.formats.finding.part_choice import ALL
from unetstudio.project.checkpoints import cards
from unetstudio.project.manifest_file import is_project
from unetstudio.workspace.open_project import open_project
from unetstudio.workspace.user_folders import documents


def info(path: Path | None, device: bool, output: Output, parts: str = ALL, *, accept_damage: bool = False) -> None:
    """Describe the project, image or folder at a path, or with `device` this computer."""
    if device:
        _computer(output)
    elif path is None:
        raise UserError("Name a file or a project, or ask about this computer: unetstudio info --device")
    elif not path.exists():
        raise FormatError(path, "there is no such file or folder; check the path.")
    elif is_project(path if path.is_dir() else path.parent):
        _project(path, output, accept_damage=accept_damage)
    else:
        _images(path, parts, output)


def _computer(output: Output) -> None:
    from unetstudio.networks.computer import report

    computer = report()
    output.event("device", rows=dict(computer.rows), remedy=computer.remedy)
    output.table("This computer", ["", ""], [list(row) for row in computer.rows])
    if computer.remedy:
        output.say(computer.remedy)


def _project(path: Path, output: Output, *, accept_damage: bool) -> None:
    left_out = 0
    with open_project(path, documents(), read_only=True) as project:
        table = project.classes.table
        classes = [{"value": c.value, "name": c.name} for c in table]
        checkpoints = cards(project.writer.project.checkpoints_folder)
        ids = [card.id for card in checkpoints]
        output.event("project", name=project.name, cases=len(project.cases), classes=classes, checkpoints=ids)
        rows = []
        for case in project.cases:
            read = undamaged_labels(project, case, output, accept_damage=accept_damage)
            if read is None:
                left_out += 1
                rows.append([case.name, case.id, _size(case.shape), "damaged", *("" for _ in table), case.review.value])
                continue
            labels, changes = read
            voxels = {c.name: int(labels.counts[c.value]) for c in table}
            where = {"source": str(case.source.path), "shape": case.shape, "spacing_mm": case.geometry.spacing, "kind": case.kind}
            output.event("case", id=case.id, name=case.name, review=case.review.value, changes=changes, voxels=voxels, **where)
            rows.append([case.name, case.id, _size(case.shape), str(changes), *(str(n) for n in voxels.values()), case.review.value])
        output.table(project.name, ["case", "id", "size", "changes", *(c.name for c in table), "review"], rows)
        for card in checkpoints:
            score = "" if card.score is None else f", score {card.score:.3f}"
            output.say(f"checkpoint {card.id[:12]}: step {card.step}{score}")
        for text in project.notices:
            output.say(text)
    require_all(left_out, len(rows))


def _images(path: Path, parts: str, output: Output) -> None:
    rows = []
    images = found_images([path], parts, output)
    for image in images:
        source = image.source
        try:
            scan = read_by_region(source)
        except FormatError as error:
            if len(images) == 1:
                raise
            output.say(str(error))
            output.event("refused", image=str(source.path), part=source.part, why=str(error))
            continue
        spacing = scan.geometry.spacing
        described = {
            "kind": scan.kind,
            "shape": scan.shape,
            "channels": scan.channels,
            "type": str(scan.voxels.dtype),
            "range": list(extremes(scan.voxels)),
            "spacing_mm": spacing,
            "orientation": ["".join(scan.geometry.letters(axis)) for axis in range(3)],
            "unit": getattr(scan, "unit", ""),
            "notes": scan.notes,
        }
        output.event("image", path=str(source.path), part=source.part, part_name=image.name, name=scan.name, **described)
        for note in scan.notes:
            output.say(f"{scan.name}: {note}")
        size = "unknown" if spacing is None else " × ".join(f"{mm:.4g}" for mm in reversed(spacing))
        rows.append([scan.name or source.path.name, scan.kind, _size(scan.shape), str(scan.channels), str(scan.voxels.dtype), size])
    output.table("", ["image", "kind", "size", "channels", "type", "spacing in mm"], rows)


def _size(shape: tuple[int, int, int]) -> str:
    z, y, x = shape
    return f"{x} × {y}" if z == 1 else f"{x} × {y} × {z}"
