"""Matching of masks with images by name: exact names first, then usual endings, then folders; names are compared in NFC."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.quantity import count_text
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import Format, recognise, stem
from unetstudio.formats.finding.folder import RECORD
from unetstudio.formats.masks.legend_files import is_legend
from unetstudio.formats.masks.output_record import stems

DEEPEST = 8
"""Largest depth of nested folders in which masks are looked for."""
MOST_DROPPED, FEW = 2000, 16
"""Number of files of a dropped folder whose names are compared, and of those that are opened whatever their names."""
BESIDE = {"measurements.csv", "doubt.csv", "provenance.json", "export.json"}
"""Names of other files that lie beside masks."""
SKIPPED = {"overlays", "cache"}
"""Folders beside masks that hold pictures of them."""
MASK_WORDS = r"masks?|labels?|segs?|segmentations?|simple segmentation|gt|ground[ _-]?truth|truth|annotations?|manual1?|cp_masks"
IMAGE_WORDS = r"images?|img|im|raw|scan"
MASK_AFFIXES = re.compile(rf"^({MASK_WORDS})[ _.\-]|([ _.\-]({MASK_WORDS})|\.ome)$", re.IGNORECASE)
IMAGE_AFFIXES = re.compile(rf"^({IMAGE_WORDS})[ _.\-]|([ _.\-]({IMAGE_WORDS})|_0000|\.ome)$", re.IGNORECASE)
"""Beginnings and endings that tell masks from images; nnU-Net numbers the channels of an image."""


@dataclass(frozen=True)
class Matches:
    """Pairs of mask and case, and sentences about what was tolerated and what was left out."""

    pairs: list[tuple[Path, Case]]
    notes: list[str] = field(default_factory=list)


def mask_files(paths: Sequence[Path], depth: int = DEEPEST) -> list[Path]:
    """Return the files of masks among files and folders, also in folders down to this depth; FormatError for a path that is not there."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FormatError(path, "there is no such file; check the path.")
        files += list(_inside(path, depth)) if path.is_dir() else [path]
    return files


class Dropped(Enum):
    """What files dropped on a project are."""

    IMAGES = "images"
    MASKS = "masks"
    EITHER = "either"  # images by their format, masks by their names


def dropped(paths: Sequence[Path], cases: Sequence[Case]) -> Dropped:
    """Tell masks from images: all are masks by their format, or all are named like images of the project, and none is one of these."""
    images = {case.source.path.resolve() for case in cases}
    files = [file for path in paths for file in (itertools.islice(_inside(path, 1), MOST_DROPPED) if path.is_dir() else [path])]
    if not files or any(file.resolve() in images for file in [*files, *paths]):
        return Dropped.IMAGES
    names = _Names(cases)
    alike = [names.knows(file) for file in files]
    if not all(alike) and len(files) > FEW:
        return Dropped.IMAGES
    variants = [mask_format(file) for file in files]
    if all(variant is not None and not variant.images for variant in variants):
        return Dropped.MASKS
    return Dropped.EITHER if all(alike) and all(variants) else Dropped.IMAGES


def plain(name: str) -> str:
    """Return a name as it is compared: macOS writes é as two characters, other systems as one."""
    return unicodedata.normalize("NFC", name)


def without_affix(name: str) -> str:
    """Return a mask's name without an ending or a beginning such as `_mask`, and without case."""
    return MASK_AFFIXES.sub("", plain(name)).casefold()


def matched(paths: Sequence[Path], cases: Sequence[Case]) -> Matches:
    """Pair masks, also those in folders, with cases. UserError when there is no pair at all, or an ambiguous one."""
    images = {case.source.path.resolve() for case in cases}
    names = _Names(cases)
    taken: dict[str, tuple[Path, Case]] = {}
    tolerated: list[str] = []
    unmatched: list[Path] = []
    explicit = set(paths)
    for file in (file for file in mask_files(paths) if file.resolve() not in images):
        variant = mask_format(file)
        if variant is None and file not in explicit:
            continue  # a note or a table beside the masks
        found, by_ending = _about(file, variant, cases, names)
        if by_ending and found:
            tolerated.append(f"{file.name} for {found[0].source.path.name}")
        if not found:
            unmatched.append(file)
        for case in found:
            chosen = file if case.id not in taken else _exact(taken[case.id][0], file, case)
            taken[case.id] = (chosen, case)
    if not taken:
        if strangers := [file.name for file in unmatched if _is_of_another_image(file, cases)]:
            raise UserError(f"{strangers[0]} says which image it is a mask of, and this image is not in the project; add the image first.")
        first = cases[0].source.path.name if cases else "none"
        raise UserError(f"No mask has the name of an image of the project (the first image is {first}): name masks as their images.")
    return Matches(list(taken.values()), _notes(tolerated, unmatched))


class _Names:
    """The names under which a mask may refer to a case."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = cases
        self._stems: dict[str, list[Case]] = {}
        self._loose: dict[str, list[Case]] = {}
        self._exported = dict(zip(map(plain, stems(cases)), cases, strict=True))
        for case in cases:
            for name in {plain(stem(case.source.path)), plain(case.name)} if case.source.part else {plain(stem(case.source.path))}:
                self._stems.setdefault(name, []).append(case)
                for short in {name.casefold(), IMAGE_AFFIXES.sub("", name).casefold(), plain(case.source.path.name).casefold()}:
                    self._loose.setdefault(short, []).append(case)

    def cases_of(self, file: Path) -> tuple[list[Case], bool]:
        """Return the case of a mask by its name, [] when there is none, and whether the names are only alike."""
        name = plain(stem(file))
        if name in self._exported and (file.parent / RECORD).is_file():  # this program's own export numbers equal names
            return [self._exported[name]], False
        if name in self._stems:
            return [_by_folder(file, name, self._stems[name])], False
        if name in self._exported:
            return [self._exported[name]], False
        for short in (MASK_AFFIXES.sub("", name), name.casefold(), without_affix(name)):
            for known in (self._stems, self._loose):
                if short in known:
                    return [_by_folder(file, short, list({case.id: case for case in known[short]}.values()))], True
        return [], False

    def images_of_one_file(self, file: Path) -> list[Case]:
        """Return the cases of a mask's name if they are images of one file; [] else."""
        cases = self._stems.get(plain(stem(file)), [])
        return cases if len(cases) > 1 and len({case.source.path for case in cases}) == 1 else []

    def knows(self, file: Path) -> bool:
        """Whether a mask is named like an image, or like several."""
        try:
            return bool(self.cases_of(file)[0])
        except FormatError:
            return True

    def named_among(self, cases: list[Case], file: Path) -> list[Case]:
        """Return those of the cases, all images of one file, whose name a mask has; all of them where it has none."""
        name = plain(stem(file))
        return [case for case in cases if plain(case.name) == name or self._exported.get(name) is case] or cases

    def case_of_image(self, image: Path, file: Path) -> Case | None:
        """Return the case of an image that an annotation file names, whose path may begin in another computer's folders."""
        alike = [case for case in self._cases if plain(case.source.path.name) == plain(image.name)]
        alike = alike or self._stems.get(plain(stem(image)), [])
        return _by_folder(file.parent / image, image.name, alike) if alike else None


def _about(file: Path, variant: Format | None, cases: Sequence[Case], names: _Names) -> tuple[list[Case], bool]:
    """Return the cases that a mask is for, as it says itself or as its name says, and whether the names are only alike."""
    if variant is None:
        return names.cases_of(file.with_suffix(""))  # reading it raises a specific error
    about = (names.case_of_image(Path(image.replace("\\", "/")), file) for image in variant.mask_images(file))
    if found := [case for case in about if case is not None]:
        return found, False
    answers = {case.id: variant.refers_to(file, case.source) for case in cases}
    if said := [case for case in cases if answers[case.id]]:
        return names.named_among(said, file), False
    if (images := names.images_of_one_file(file)) and len(variant.parts(file)) > 1:
        return images, False  # a mask for each image
    found, by_ending = names.cases_of(file)
    return [case for case in found if answers[case.id] is None], by_ending


def _is_of_another_image(file: Path, cases: Sequence[Case]) -> bool:
    """Whether a mask says that it belongs to none of these."""
    variant = mask_format(file)
    return variant is not None and bool(cases) and all(variant.refers_to(file, case.source) is False for case in cases)


def mask_format(file: Path) -> Format | None:
    """Return the format of a file; None for one that is no mask, or that cannot be opened."""
    try:
        recognised = recognise(file)
    except FormatError:
        return None
    return None if recognised is None else recognised[1]


def _by_folder(file: Path, name: str, cases: Sequence[Case]) -> Case:
    """Return the one of several images of a name whose folders are called as the mask's."""
    if len(cases) == 1:
        return cases[0]
    folders = [tuple(map(plain, case.source.path.absolute().parent.parts)) for case in cases]
    common = set.intersection(*map(set, folders))
    own = set(map(plain, file.absolute().parent.parts))
    scores = [len({part for part in parts if part not in common} & own) for parts in folders]
    best = [case for case, score in zip(cases, scores, strict=True) if score == max(scores)]
    if max(scores) > 0 and len(best) == 1:
        return best[0]
    raise FormatError(
        file,
        f"{len(cases)} images of the project are named {name}; rename image and mask so that each pair is alike, "
        f"or put masks into folders named as those of the images.",
    )


def _exact(first: Path, second: Path, case: Case) -> Path:
    """Return the one of two masks whose name is the image's, without an ending; FormatError when both or none are."""
    name = plain(stem(case.source.path))
    if first.suffix.lower() == ".hdr" and first.with_suffix(second.suffix) == second and second.suffix.lower() == ".img":
        return first  # a header and its voxels
    exact = [file for file in (first, second) if plain(stem(file)) == name]
    if first != second and len(exact) != 1:
        raise FormatError(second, f"{first.name} is a mask of the same image; give only one of them.")
    return exact[0] if exact else second


def _inside(folder: Path, depth: int) -> Iterable[Path]:
    """Yield the files that may be masks, and those of folders below."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix == ".unetstudio":
            continue
        if path.is_file() and path.name not in BESIDE and not is_legend(path) and not path.name.endswith("_probabilities.npz"):
            yield path
        elif path.is_dir() and depth > 0 and path.name.lower() not in SKIPPED:
            yield from _inside(path, depth - 1)


def _notes(tolerated: Sequence[str], unmatched: Sequence[Path]) -> list[str]:
    notes = []
    if tolerated:
        listed = ", ".join(tolerated[:3]) + (" …" if len(tolerated) > 3 else "")
        notes.append(f"{count_text(len(tolerated), 'mask')} matched by a name that is only alike: {listed}.")
    if unmatched:
        listed = ", ".join(path.name for path in unmatched[:3]) + (" …" if len(unmatched) > 3 else "")
        notes.append(f"{count_text(len(unmatched), 'file')} left out, since no image has the name: {listed}.")
    return notes
