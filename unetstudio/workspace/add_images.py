"""Adding images to a project: each is read once, hashed, measured and given a thumbnail; a project is made where there is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.palette import colours
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.formats import discover, read_to_paint, sha256_of
from unetstudio.formats.finding.part_names import image_name
from unetstudio.project.case_changes import other_channels
from unetstudio.project.locate import default_folder, project_beside
from unetstudio.project.project import new_case
from unetstudio.workspace.open_project import OpenProject, new_project, open_project
from unetstudio.workspace.thumbnail import picture, thumbnail

FIRST_CLASSES = ["Background", "Structure 1"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class CaseRead:
    """A new case, its scan (to show it at once) and its thumbnail as PNG bytes."""

    case: Case
    scan: Scan
    thumbnail: bytes
    done: int
    total: int


@dataclass(frozen=True)
class CaseRefused:
    """A file that did not become a case, with the reason in one sentence."""

    source: Source
    text: str
    done: int
    total: int
    duplicate: bool = False  # the only reason: it is in the project already


ImageEvent = CaseRead | CaseRefused


def at_once(call: Callable[[], T]) -> T:
    """Call a function and return its result."""
    return call()


def read_images(sources: Sequence[Source], taken: Collection[str] = ()) -> Generator[ImageEvent, None, None]:
    """Read each source; one whose content (SHA-256) is in `taken` or came before is refused as a duplicate."""
    digests = set(taken)
    paths = [source.path for source in sources]
    known: dict[Path, str] | None = {} if len(set(paths)) < len(paths) else None  # a file with many images is hashed once
    for done, source in enumerate(sources, start=1):
        try:
            scan, digest = read_to_paint(source), sha256_of(source, known)
        except UserError as error:
            yield CaseRefused(source, str(error), done, len(sources))
            continue
        if digest in digests:
            name = image_name(source) if source.part else source.path.name
            yield CaseRefused(source, f"{name}: this image is in the project already.", done, len(sources), duplicate=True)
            continue
        digests.add(digest)
        case = new_case(source, scan, digest)
        yield CaseRead(case, scan, thumbnail(scan), done, len(sources))


def add_images(
    sources: Sequence[Source], project: OpenProject | None, make: Callable[[Scan], OpenProject]
) -> Generator[OpenProject | ImageEvent, None, None]:
    """Read images for a project, or for the one that `make` makes for the first of them; the caller lists the cases with `CaseList.add`.

    An image whose case was removed comes back under its old id, with the labels painted on it. UserError when a single image cannot be read
    and there is no project.
    """
    cases = () if project is None else project.cases.all
    channels = cases[0].channels if cases else None
    for event in read_images(sources, {case.sha256 for case in cases}):
        if isinstance(event, CaseRefused):
            if project is None and len(sources) == 1:
                raise UserError(event.text)
            yield event
        elif channels not in (None, event.case.channels):
            yield CaseRefused(event.case.source, str(other_channels(event.case, channels)), event.done, event.total)
        else:
            channels = event.case.channels
            if project is None:
                project = make(event.scan)
                yield project
            case = replace(event.case, id=project.cases.id_before_removal(event.case.sha256) or event.case.id)
            project.writer.keep_thumbnail(case.id, event.thumbnail)
            yield replace(event, case=case)


def open_images(
    paths: Sequence[Path],
    project: OpenProject | None,
    documents: Path,
    *,
    sources: Sequence[Source] | None = None,
    anew: bool = False,
    in_turn: Callable[[Callable[[], OpenProject]], OpenProject] = at_once,
) -> Generator[OpenProject | ImageEvent, None, None]:
    """Read images for the open project, or else for the project beside them; a new one is made when there is none, or with `anew`.

    `sources` are the images in `paths` to be read, all of them by default. `in_turn` opens and makes projects after earlier requests, such
    as closing that very project. UserError when no image could be read.
    """
    sources = discover(paths) if sources is None else sources
    if project is None and not anew and (beside := project_beside(list(paths))) is not None:
        project = in_turn(partial(open_project, beside, documents))
        yield project
    opened = project is not None
    for event in add_images(sources, project, lambda scan: in_turn(partial(_make_project, paths, documents, scan))):
        opened = opened or isinstance(event, OpenProject)
        yield event
    if not opened:
        raise UserError("None of these files could be opened as an image.")


def _make_project(paths: Sequence[Path], documents: Path, scan: Scan) -> OpenProject:
    """Make a project for these images, with colours that stand out against the first."""
    classes = ClassTable.named(FIRST_CLASSES, colours(len(FIRST_CLASSES), picture(scan)))
    return new_project(default_folder(list(paths), documents), classes, documents)
