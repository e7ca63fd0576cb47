"""Discovery of the images among the files and folders that a user drops or names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.finding.folder import contents_of
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.left_out import LeftOut
from unetstudio.formats.finding.mask_folders import is_named_like_masks, is_of_this_program, named_after
from unetstudio.formats.finding.members import without_members
from unetstudio.formats.finding.natural_sort import natural_key
from unetstudio.formats.finding.recognition import folder_format, format_titles, recognise, stem, unknown_format
from unetstudio.formats.finding.series_images import file_images, series_images
from unetstudio.formats.format import Format

DEEPEST = 8
"""Largest depth of nested folders that is searched."""
MOST_FOLDERS = 5_000
"""Largest number of folders that is searched."""


@dataclass(frozen=True)
class Discovery:
    """The images among files and folders, each once, and sentences about what was left out."""

    images: tuple[FoundImage, ...]
    notes: tuple[str, ...] = ()


def discover(paths: Sequence[Path]) -> list[Source]:
    """Find every image among files and folders; see `find_images`."""
    return [image.source for image in find_images(paths).images]


def find_images(paths: Sequence[Path]) -> Discovery:
    """Find every image among files and folders, in natural order of names, each once; a folder's DICOM slices of one series are one image.

    Subfolders are searched too. Left out, and said, are masks beside images: subfolders named like masks or labels, and those with files
    named as the images beside are; also hidden files, projects, and what is no image. Raise FormatError when nothing can be opened.
    """
    named, below = _Search(), _Search()
    files = list(dict.fromkeys(path for path in paths if not path.is_dir()))
    folders = [path for path in paths if path.is_dir()]
    named.take_files(files)
    for folder in folders:
        search = _Search()
        search.take_folder(folder, DEEPEST)
        search.group_slices()
        below.add(search)
    images = [*(image for image in named.images if not _is_covered(image.source, below.images)), *below.images]
    if not images:
        raise _nothing(paths, files, folders, named)
    images += [FoundImage(Source(path)) for path in named.left_out.no_image]  # reading these raises a specific error
    named.left_out.no_image.clear()
    once: dict[Source, FoundImage] = {}
    for image in images:
        once.setdefault(Source(image.source.path.resolve(), image.source.part), image)
    kept, members = without_members(list(once.values()))
    for search in (named, below):
        search.left_out.no_image = [path for path in search.left_out.no_image if path.resolve() not in members]
    return Discovery(tuple(kept), (*named.left_out.sentences(), *below.left_out.sentences()))


class _Search:
    """A search: the images found so far, the DICOM files that are still to be grouped, and what was left out."""

    def __init__(self) -> None:
        self.images: list[FoundImage] = []
        self.left_out = LeftOut()
        self._slices: list[Path] = []
        self._searched: set[Path] = set()

    def take_files(self, files: Sequence[Path]) -> None:
        """Take files that the user named, in the given order, series of slices last; raise FormatError for one that cannot be opened."""
        self._take({path: recognise(path) for path in files})
        images, self.left_out.slices = series_images(self._slices, named=True)
        self.images += images

    def take_folder(self, folder: Path, depth: int) -> None:
        """Take a folder that is an image, or what is in it and below."""
        variant = folder_format(folder)
        if variant is not None and variant.images:
            self._take_file(folder)
            return
        if folder.resolve() in self._searched:
            return
        self._searched.add(folder.resolve())
        contents = contents_of(folder)
        self.left_out.hidden += contents.hidden
        self.left_out.projects += contents.projects
        before, count = len(self.images), self._count
        self._take({path: _recognised(path) for path in contents.files})
        stems = {stem(image.source.path) for image in self.images[before:]}
        masks: list[Path] = []
        for child in contents.subfolders:
            if depth == 0 or len(self._searched) >= MOST_FOLDERS:
                self.left_out.folders.append(child)
            elif is_named_like_masks(child):
                masks.append(child)
            elif is_of_this_program(child) or _holds_masks_of(stems, child):
                self.left_out.mask_folders.append(child)
            else:
                self._take_below(child, depth - 1)
        if self._count > count:
            self.left_out.mask_folders += masks
        else:  # nothing that they could be masks of
            for child in masks:
                self._take_below(child, depth - 1)

    def group_slices(self) -> None:
        """Group the slices of all folders into series, and put all images in order."""
        images, slices = series_images(self._slices)
        self.left_out.slices += slices
        self.images = sorted([*self.images, *images], key=lambda image: [natural_key(name) for name in _home(image.source).parts])

    def add(self, other: _Search) -> None:
        """Take over what another search found."""
        self.images += other.images
        self.left_out.add(other.left_out)

    @property
    def _count(self) -> int:
        return len(self.images) + len(self._slices)

    def _take_below(self, folder: Path, depth: int) -> None:
        try:
            self.take_folder(folder, depth)
        except FormatError as error:  # a subfolder that may not be read
            self.left_out.unreadable.append(str(error))

    def _take(self, files: Mapping[Path, tuple[str, Format] | None]) -> None:
        for path, recognised in files.items():
            if recognised is None:
                self.left_out.no_image.append(path)
            elif not recognised[1].images:
                self.left_out.masks_alone.append(path)
            elif recognised[0] == "dicom":
                self._slices.append(path)
            else:
                self._take_file(path)

    def _take_file(self, path: Path) -> None:
        images = file_images(path)
        self.images += images
        if not images:
            self.left_out.no_image.append(path)


def _home(source: Source) -> Path:
    """Return the folder in which an image is listed."""
    return source.path if source.path.is_dir() else source.path.parent


def _nothing(paths: Sequence[Path], files: Sequence[Path], folders: Sequence[Path], named: _Search) -> FormatError:
    """Make the error for paths among which there is no image."""
    if len(paths) == 1 and files:
        path, left_out = files[0], named.left_out
        if left_out.masks_alone:
            return unknown_format(path)
        if left_out.slices:
            return FormatError(path, "this DICOM file holds no image (it may be a report, a plan, or cut short).")
        return FormatError(path, "it holds no image; choose the file that does.") if _recognised(path) else unknown_format(path)
    where = folders[0] if folders else (files[0] if files else Path("nothing"))
    return FormatError(where, f"nothing here can be opened as an image; the formats known are {format_titles()}.")


def _recognised(path: Path) -> tuple[str, Format] | None:
    """Return name and format of a file in a folder; None for an unknown or unreadable one."""
    try:
        return recognise(path)
    except FormatError:
        return None


def _holds_masks_of(stems: set[str], folder: Path) -> bool:
    """Whether a folder's files are named as the images beside it are; DICOM files are never masks of pictures."""
    if not stems:
        return False
    try:
        files = contents_of(folder).files
    except FormatError:
        return False
    alike = [files[place] for place in named_after(stems, [stem(path) for path in files])]
    return any((recognised := _recognised(path)) is not None and recognised[0] != "dicom" for path in alike)


def _is_covered(source: Source, images: Iterable[FoundImage]) -> bool:
    """Whether a file that was named is among the images found in folders, or a slice of a series there."""
    path = source.path.resolve()
    places = {image.source.path.resolve() for image in images}
    if path in places:
        return True
    recognised = _recognised(path) if path.is_file() else None
    return recognised is not None and recognised[0] == "dicom" and not places.isdisjoint(path.parents)
