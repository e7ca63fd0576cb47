"""The commands that make, fill and export projects: new, label, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from unetstudio.commands.damage import require_all, undamaged_labels
from unetstudio.commands.found_images import found_sources
from unetstudio.commands.output import Output
from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.palette import colours
from unetstudio.errors import ProjectError, UserError
from unetstudio.formats.finding.part_choice import ALL
from unetstudio.formats.masks.coding import decide
from unetstudio.formats.masks.mapping import mappings
from unetstudio.formats.masks.questions import refusal
from unetstudio.project.project import Project
from unetstudio.workspace.add_images import CaseRead, CaseRefused, add_images
from unetstudio.workspace.export import IDENTITY_IS_COPIED, ExportChoice, ExportSource, What, stored
from unetstudio.workspace.export import export as write_export
from unetstudio.workspace.export_plan import writers
from unetstudio.workspace.import_masks import label_values, mask_edit, survey
from unetstudio.workspace.mask_matching import matched
from unetstudio.workspace.open_project import OpenProject, new_project, open_project
from unetstudio.workspace.user_folders import documents

T = TypeVar("T")


def new(folder: Path, images: Sequence[Path], classes: Sequence[str], output: Output, parts: str = ALL) -> None:
    """Make a project of images. An image that cannot be read is reported and left out; it is an error when none can be read."""
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise UserError("--classes needs at least two different names, the background first: --classes background,membrane")
    sources = found_sources(images, parts, output)
    table = ClassTable.named(list(classes), colours(len(classes)))
    project: OpenProject | None = None
    with ExitStack() as opened, output.progress(len(sources)) as bar:
        for event in add_images(sources, None, lambda _: new_project(folder, table, documents())):
            if isinstance(event, OpenProject):
                project = opened.enter_context(event)
                continue
            source = event.source if isinstance(event, CaseRefused) else event.case.source
            bar.at(event.done, source.path.name)
            if isinstance(event, CaseRefused):
                output.say(event.text)
                output.event("refused", image=str(source.path), part=source.part, why=event.text)
            elif project is not None:
                _list(project, event, output)
        if project is None:
            raise UserError(f"None of the {len(sources)} images could be used; the reasons stand above.")
        output.say(f"{project.path.name}: {len(project.cases)} case(s), classes {', '.join(c.name for c in table)}.")


def _list(project: OpenProject, event: CaseRead, output: Output) -> None:
    """Add a case to the project and report it."""
    if added := project.cases.add(event.case):
        case = added.case
        output.event("case", id=case.id, name=case.name, shape=case.shape, channels=case.channels, kind=case.kind, part=case.source.part)
        for note in event.scan.notes:
            output.notice(f"{case.name}: {note}")


def label(
    folder: Path,
    masks: Sequence[Path],
    unlabelled: int | None,
    maps: Sequence[str],
    output: Output,
    *,
    objects: bool = False,
    accept_damage: bool = False,
) -> None:
    """Import masks as labels of the cases with the same stem: all of them, or none when one does not fit.

    A case that has lost strokes by damage is left out, unless that is accepted.
    """
    with open_project(folder, documents()) as project:
        _check_writable(folder, project.read_only, project.notices, output)
        classes = project.classes.table
        meanings = mappings(maps, classes)
        matches = matched(masks, project.cases.all)
        whole = [undamaged_labels(project, case, output, accept_damage=accept_damage) is not None for _, case in matches.pairs]
        pairs = [pair for pair, good in zip(matches.pairs, whole, strict=True) if good]
        with output.progress(3 * len(pairs)) as bar:
            summaries = []
            for read in survey(pairs):
                bar.at(read.done, read.summary.path.name)
                summaries.append(read.summary)
            coding = decide(summaries, classes, mapping=meanings, unlabelled=unlabelled, objects=objects)
            if coding.questions:
                raise refusal(coding.questions, classes)
            edits: list[tuple[Case, Edit]] = []
            for done, ((path, case), meaning) in enumerate(zip(pairs, coding.masks, strict=True), start=len(pairs) + 1):
                bar.at(done, path.name)
                labels = project.writer.project.store(case).load(case.shape).labels
                edit = mask_edit(labels, label_values(path, case, meaning), classes, path)
                if edit is not None:
                    edits.append((case, edit))
            for note in [*matches.notes, *(note for one in summaries for note in one.notes), *coding.words]:
                output.say(note)
            for done, (case, edit) in enumerate(edits, start=2 * len(pairs) + 1):
                bar.at(done, case.name)
                _store(project, case, edit, output)
        output.say(f"{len(edits)} of {len(pairs)} mask(s) changed the labels; {len(project.cases)} case(s) in the project.")
    require_all(whole.count(False), len(whole))


def writable(folder: Path, output: Output) -> Project:
    """Open a project for writing and report its notices; ProjectError says why it cannot be written to."""
    project = Project.open(folder)
    _check_writable(folder, project.read_only, project.notices, output)
    return project


def _check_writable(folder: Path, read_only: bool, notices: Sequence[str], output: Output) -> None:
    if read_only:
        raise ProjectError(folder, " ".join(notices) or "cannot be written to.")
    for text in notices:
        output.say(text)


def _store(project: OpenProject, case: Case, edit: Edit, output: Output) -> None:
    """Store an edit of a case's labels and report their new contents."""
    labels = project.writer.change_closed_case(case, lambda _: edit).labels
    counts = {c.name: int(labels.counts[c.value]) for c in project.classes.table}
    output.event("labelled", case=case.id, name=case.name, voxels=counts, unlabelled=int(labels.counts[UNLABELLED]))


def export(
    folder: Path,
    formats: Sequence[str],
    out: Path,
    what: str,
    output: Output,
    *,
    tta: str = "auto",
    identified: bool = False,
    accept_damage: bool = False,
) -> None:
    """Write masks of all cases, with legend and measurements; cases without any are reported and left out.

    So are those that have lost strokes by damage, unless that is accepted; UserError at the end says so.
    """
    damaged: dict[str, None] = {}
    known = dict(writers())
    wrong = [name for name in formats if name not in known]
    if wrong or not formats:
        raise UserError(f"--format {', '.join(wrong)!r} cannot be written; choose {', '.join(sorted(known))}.")
    with open_project(folder, documents(), read_only=True) as project, output.progress(0) as bar:
        kind: What = "segmentation" if what == "segmentation" else "labels"
        choice = ExportChoice(kind, tuple(formats), pictures=False, identified=identified)
        if identified and any(known[name].identifies for name in formats):
            output.say(IDENTITY_IS_COPIED)
        source = _noting_damage(_source(project.writer.project, what, tta, accept_damage=accept_damage), damaged)
        for event in write_export(source, project.cases.all, project.classes.table, out, choice):
            bar.at(event.done, event.path.name if event.path else "")
            output.event("exported", case=event.case, path=str(event.path or ""), problem=event.problem, note=event.note)
            if event.note:
                output.say(event.note)
            if event.problem and len(project.cases) > 1:  # with a single case this is the error
                output.say(event.problem)
        cases = len(project.cases)
    output.say(f"Exported to {out}.")
    require_all(len(damaged), cases)


def _noting_damage(source: ExportSource, damaged: dict[str, None]) -> ExportSource:
    """Return the same source, which adds the ids of cases whose labels cannot be read whole to `damaged`."""

    def noting(read: Callable[[Case], T]) -> Callable[[Case], T]:
        def noted(case: Case) -> T:
            try:
                return read(case)
            except ProjectError:
                damaged[case.id] = None
                raise

        return noted

    return replace(source, labels_of=noting(source.labels_of), segmentation_of=noting(source.segmentation_of))


def _source(project: Project, what: str, tta: str, *, accept_damage: bool) -> ExportSource:
    """Return the source of the exported labels; torch is imported only where a prediction is to be made."""
    if what == "labels":
        return stored(project, accept_damage=accept_damage)
    from unetstudio.commands.segmentation import predicted

    return predicted(project, tta, accept_damage=accept_damage)
