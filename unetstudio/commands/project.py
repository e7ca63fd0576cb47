"""Commands that make and fill projects: new, label, export."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from unetstudio.commands.output import Output
from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.palette import colours
from unetstudio.errors import ProjectError, UserError
from unetstudio.formats import FORMATS, discover, read_mask_onto
from unetstudio.project import durable, folders
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.export import ExportChoice, ExportSource, stored
from unetstudio.workspace.export import export as write_export
from unetstudio.workspace.import_masks import mappings, mask_edit, matched
from unetstudio.workspace.intake import CaseRead, intake


def new(folder: Path, images: Sequence[Path], classes: Sequence[str], output: Output) -> None:
    """Makes a project of images; an image that cannot be read is told and left out, and none at all is an error."""
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise UserError("--classes needs at least two different names, the background first: --classes background,membrane")
    sources = discover(images)
    table = ClassTable.named(list(classes), colours(len(classes)))
    project: Project | None = None
    with contextlib.ExitStack() as opened, output.progress(len(sources)) as bar:
        for found in intake(sources):
            source = found.case.source if isinstance(found, CaseRead) else found.source
            bar.at(found.done, source.path.name)
            try:
                if not isinstance(found, CaseRead):
                    raise UserError(found.text)
                if project is None:  # made once there is something to put into it
                    project = opened.enter_context(Project.create(folder, table))
                    opened.callback(project.save)  # also when interrupted: what was taken in by then is kept
                added = project.add_cases([found.case])
            except ProjectError:
                raise
            except UserError as error:
                if len(sources) == 1:
                    raise
                output.say(str(error))
                output.event("refused", image=str(source.path), why=str(error))
                continue
            for case in added:
                picture = project.cache / "thumbnails" / f"{case.id}.png"
                folders.make_folder(picture.parent)
                durable.write_bytes(picture, found.thumbnail, replace=True)
                output.event("case", id=case.id, name=case.name, shape=case.shape, channels=case.channels, kind=case.kind)
        if project is None:
            raise UserError(f"None of the {len(sources)} images could be used; the reasons stand above.")
        output.say(f"{project.folder.name}: {len(project.cases)} case(s), classes {', '.join(c.name for c in table)}.")


def label(
    folder: Path, masks: Sequence[Path], unlabelled: int | None, maps: Sequence[str], output: Output, *, objects: bool = False
) -> None:
    """Takes masks as labels of the cases with the same stem: all of them, or none when one does not fit."""
    with writable(folder, output) as project:
        meanings = mappings(maps, project.classes)
        pairs = matched(masks, project.cases)
        edits: list[tuple[Case, Edit]] = []
        with output.progress(2 * len(pairs)) as bar:
            for done, (path, case) in enumerate(pairs, start=1):
                bar.at(done, path.name)
                values = read_mask_onto(path, case.shape, case.geometry)
                labels = project.store(case).load(case.shape).labels
                edit = mask_edit(labels, values, project.classes, path, unlabelled=unlabelled, mapping=meanings, objects=objects)
                if edit is not None:
                    edits.append((case, edit))
            for done, (case, edit) in enumerate(edits, start=len(pairs) + 1):
                bar.at(done, case.name)
                store = project.store(case)
                labels = store.load(case.shape).labels
                store.append(Kind.EDIT, edit)
                labels.apply(edit)
                counts = {c.name: int(labels.counts[c.value]) for c in project.classes}
                output.event("labelled", case=case.id, name=case.name, voxels=counts, unlabelled=int(labels.counts[UNLABELLED]))
        output.say(f"{len(edits)} of {len(pairs)} mask(s) changed the labels; {len(project.cases)} case(s) in the project.")


def writable(folder: Path, output: Output) -> Project:
    """A project open for writing; ProjectError says why it cannot be."""
    project = Project.open(folder)
    if project.read_only:
        raise ProjectError(folder, " ".join(project.notices) or "cannot be written to.")
    for text in project.notices:
        output.say(text)
    return project


def export(folder: Path, kind: str, out: Path, what: str, output: Output, *, tta: str = "auto") -> None:
    """Masks of all cases in one format, with legend and measurements; cases without any are told and left out."""
    if kind not in FORMATS or not FORMATS[kind].writes:
        raise UserError(f"--format {kind!r} cannot be written; choose {', '.join(n for n, f in FORMATS.items() if f.writes)}.")
    with Project.open(folder, read_only=True) as project, output.progress(0) as bar:
        choice = ExportChoice("segmentation" if what == "segmentation" else "labels", (kind,), pictures=False)
        for event in write_export(_material(project, what, tta), project.cases, project.classes, out, choice):
            bar.at(event.done, event.path.name if event.path else "")
            output.event("exported", case=event.case, path=str(event.path or ""), problem=event.problem)
            if event.problem and len(project.cases) > 1:  # of a single case it is the error
                output.say(event.problem)
    output.say(f"Exported to {out}.")


def _material(project: Project, what: str, tta: str) -> ExportSource:
    """Torch is imported only where a prediction is to be made."""
    if what == "labels":
        return stored(project)
    from unetstudio.commands.segmentation import predicted

    return predicted(project, tta)
