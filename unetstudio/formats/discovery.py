"""Discovery of the scans among the files and folders that a user drops or names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.series import DEEPEST, Series, grouped, is_dicom, series_among, series_below
from unetstudio.formats.dicom.slices import Headers, read_headers
from unetstudio.formats.folder import files_in, subfolders_in
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.library_errors import translate_errors
from unetstudio.formats.natural_sort import natural_key
from unetstudio.formats.recognition import folder_format, format_name, format_of, format_titles, recognise, unknown_format


@dataclass
class _Search:
    """What a search of folders has come across: images in files and folders of their own, and the slices of DICOM series."""

    scans: list[Source] = field(default_factory=list)
    dicom: Headers = field(default_factory=Headers)

    def sources(self) -> list[Source]:
        """Return all scans folder by folder; segmentations stay out where there is anything else."""
        masks = {one.path for one in self.dicom.slices if one.modality == "SEG"}
        series = [one.source for one in grouped(self.dicom) if one.files[0] not in masks]
        found = self.scans + series
        if not found:
            found = [one.source for one in grouped(self.dicom)]
        return sorted(found, key=lambda one: [natural_key(name) for name in _home(one).parts])


def discover(paths: Sequence[Path]) -> list[Source]:
    """Find every scan among files and folders, in natural order of names; the DICOM slices of one series are one scan.

    The subfolders of a folder are searched only when none of its own files is an image, so that masks beside the images are left out; for
    DICOM they are searched always, since a series may lie in several folders and beside pictures of another kind. Hidden files and
    projects are skipped. Raise FormatError when nothing can be opened.
    """
    files, folders = [p for p in paths if not p.is_dir()], [p for p in paths if p.is_dir()]
    sources = _named(files)
    for folder in folders:
        sources += _images_in(folder) or _searched(folder)
    sources = _once(sources)
    if sources:
        return sources + [Source(path) for path in files if format_name(path) is None]  # reading these raises a specific error
    if len(paths) == 1 and files:
        raise unknown_format(files[0])
    where = folders[0] if folders else (files[0] if files else Path("nothing"))
    raise FormatError(where, f"nothing here can be opened as an image; the formats known are {format_titles()}.")


def _images_in(path: Path) -> list[Source]:
    """Return the images in a file, or in a folder that is itself an image; [] for masks without an image and for other folders."""
    variant = folder_format(path) if path.is_dir() else format_of(path)
    if variant is None or not variant.images:
        return []
    parts = translate_errors(path, variant.title, lambda: variant.parts(path))
    return [Source(path, part.key) for part in parts]


def _once(sources: Sequence[Source]) -> list[Source]:
    """Leave out images that lie in several files and are named by each of these, but for the first."""
    if len(sources) < 2:
        return list(sources)
    seen: set[tuple[frozenset[Path], str]] = set()
    kept: list[Source] = []
    for source in sources:
        identity = (frozenset(file.absolute() for file in _readable_files(source)), source.part)
        if len(identity[0]) < 2 or identity not in seen:
            kept.append(source)
        seen.add(identity)
    return kept


def _readable_files(source: Source) -> list[Path]:
    """Return the files of an image that is one file among others; reading a damaged one raises a specific error later."""
    variant = None if source.path.is_dir() else format_of(source.path)
    if variant is None or type(variant).files is Format.files:
        return [source.path]
    try:
        return translate_errors(source.path, variant.title, lambda: variant.files(source))
    except FormatError:
        return [source.path]


def _readable_images_in(path: Path) -> list[Source]:
    """Return the images in a file; reading a damaged one raises a specific error later."""
    try:
        return _images_in(path)
    except FormatError:
        return [Source(path)]


def _searched(folder: Path) -> list[Source]:
    search = _Search()
    _look_into(folder, search, DEEPEST, pictures=True)
    return search.sources()


def _look_into(folder: Path, search: _Search, depth: int, *, pictures: bool) -> None:
    """Add what lies in a folder and below it; without `pictures` only DICOM."""
    kinds = {path: format_name(path) for path in files_in(folder) if pictures or _may_be_dicom(path)}
    dicom = read_headers(path for path, kind in kinds.items() if is_dicom(path, kind))
    children = [child for child in subfolders_in(folder) if folder_format(child) is None] if depth > 0 else []
    scans = [one for path, kind in kinds.items() if kind not in (None, "dicom") for one in _readable_images_in(path)] if pictures else []
    scans += [one for child in subfolders_in(folder) if child not in children for one in _images_in(child)] if pictures else []
    search.scans += scans
    search.dicom.slices.extend(dicom.slices)
    search.dicom.damaged.extend(dicom.damaged)
    for child in children:
        _look_into(child, search, depth - 1, pictures=pictures and not scans and not dicom.slices)


def _may_be_dicom(path: Path) -> bool:
    """Whether the name is not that of another format."""
    name = path.name.lower()
    return not any(name.endswith(variant.suffixes) for kind, variant in FORMATS.items() if kind != "dicom")


def _named(files: Sequence[Path]) -> list[Source]:
    """Make a source for each file that the user named, and for the DICOM series that several of them belong to."""
    sources: list[Source] = []
    dicom: list[Path] = []
    for path in files:
        recognised = recognise(path)
        if recognised is not None and recognised[0] == "dicom":
            dicom.append(path)
        elif recognised is not None:
            sources += _images_in(path)
    series = series_among(dicom)
    for one in series:
        sources += [other.source for other in _whole(one)] if len(one.files) > 1 else [one.source]
    read = {path for one in series for path in one.files}
    told = {one.folder for one in series if len(one.files) > 1}  # whose notes name what was left out
    sources += [Source(path) for path in dicom if path not in read and path.parent not in told]  # reading these raises an error
    return list(dict.fromkeys(sources))


def _whole(named: Series) -> list[Series]:
    """Return the series that some files belong to, with the files that were not named."""
    return [one for one in series_below(named.folder) if set(one.files) & set(named.files) and len(one.files) > 1] or [named]


def _home(source: Source) -> Path:
    """Return the folder in which a scan is listed."""
    return source.path if source.path.is_dir() else source.path.parent
