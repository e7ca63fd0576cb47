"""Images into the open project, or into one found or made for them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from unetstudio.data.classes import ClassTable
from unetstudio.data.palette import colours
from unetstudio.data.quantity import count_text
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.formats import discover
from unetstudio.project.locate import default_folder, project_beside
from unetstudio.workspace.intake import CaseRead, CaseRefused, intake, picture
from unetstudio.workspace.project_writer import REMOVED, OpenedProject, ProjectWriter, new_project, open_project

FIRST_CLASSES = ["Background", "Structure 1"]


def at_once(call: Callable[[], Any]) -> Any:
    """What the call returns."""
    return call()


def take_in(
    paths: Sequence[Path],
    writer: ProjectWriter | None,
    documents: Path,
    *,
    anew: bool = False,
    in_turn: Callable[[Callable[[], Any]], Any] = at_once,
) -> Generator[OpenedProject | CaseRead | CaseRefused, None, None]:
    """Images into the open project; or into the one beside them, unless it is to be made `anew`, or into a new one made there once the
    first image could be read. The caller lists the cases.

    `in_turn` opens and makes projects: after what was asked for before, such as letting go of that project.
    An image whose case was removed comes back under its old id, and with it what was painted on it.
    """
    sources = discover(paths)
    if writer is None and not anew and (beside := project_beside(list(paths))) is not None:
        opened = in_turn(lambda: open_project(beside, documents))
        writer = opened.writer
        yield opened
    taken = {case.sha256 for case in writer.project.cases} if writer is not None else set()
    channels = next((case.channels for case in writer.project.cases), None) if writer is not None else None
    for found in intake(sources, taken):
        if isinstance(found, CaseRead):
            if channels not in (None, found.case.channels):
                yield _refused(found, channels)
                continue
            channels = found.case.channels
            if writer is None:
                made = in_turn(partial(_made, paths, documents, found.scan))
                writer = made.writer
                yield made
            removed: dict[str, str] = writer.project.manifest.view.get(REMOVED, {})
            case = replace(found.case, id=removed.get(found.case.sha256, found.case.id))
            writer.keep_thumbnail(case.id, found.thumbnail)
            yield replace(found, case=case)
        elif writer is None and len(sources) == 1:
            raise UserError(found.text)  # why, and not only that nothing could be opened
        else:
            yield found
    if writer is None:
        raise UserError("None of these files could be opened as an image.")


def _made(paths: Sequence[Path], documents: Path, scan: Scan) -> OpenedProject:
    """A new project for these images, with colours that stand out against the first."""
    classes = ClassTable.named(FIRST_CLASSES, colours(len(FIRST_CLASSES), picture(scan)))
    return new_project(default_folder(list(paths), documents), classes, documents)


def _refused(found: CaseRead, channels: int | None) -> CaseRefused:
    """One network reads all images of a project."""
    text = (
        f"{found.case.source.path.name} has {count_text(found.case.channels, 'channel')}, this project's images have {channels}; "
        "open it in a project of its own."
    )
    return CaseRefused(found.case.source, text, found.done, found.total)
