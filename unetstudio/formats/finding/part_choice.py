"""The choice among several images in one file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from unetstudio.errors import UserError
from unetstudio.formats.finding.found_image import FoundImage

ALL, FIRST = "all", "first"
MOST_TAKEN = 20
"""Largest number of images in a file that are all proposed."""
MOST_LISTED = 3
"""Number of names up to which all are said."""

Images = Sequence[FoundImage]


def files_of_several(images: Images) -> dict[Path, list[FoundImage]]:
    """Return the images of every file or folder that holds more than one."""
    by_path: dict[Path, list[FoundImage]] = {}
    for image in images:
        by_path.setdefault(image.source.path, []).append(image)
    return {path: inside for path, inside in by_path.items() if len(inside) > 1}


def proposed(images: Images) -> list[FoundImage]:
    """Return the images to open where nobody chooses: all of a file with up to `MOST_TAKEN`, of others the first."""
    left_out = {image for inside in files_of_several(images).values() if len(inside) > MOST_TAKEN for image in inside[1:]}
    return [image for image in images if image not in left_out]


def chosen(images: Images, choice: str) -> list[FoundImage]:
    """Return the images at the places that `choice` names in each file of several: "all", "first", or such as "1-3,5".

    Files with one image are always taken. UserError for a choice that is not understood, or places that a file does not have.
    """
    left_out: set[FoundImage] = set()
    for path, inside in files_of_several(images).items():
        places = _places(choice, len(inside), path)
        left_out.update(image for place, image in enumerate(inside, start=1) if place not in places)
    return [image for image in images if image not in left_out]


def sentences(images: Images, choice: str) -> list[str]:
    """Say of each file of several images what it holds, and which are taken."""
    said = []
    for path, inside in files_of_several(images).items():
        taken = "all are taken; choose with --parts 1-3,5 or --parts first" if choice == ALL else f"taken: {choice}"
        said.append(f"{path.name} holds {len(inside)} images ({_listed(inside)}); {taken}.")
    return said


def _listed(images: Images) -> str:
    names = [image.name or image.source.part for image in images]
    return ", ".join(names) if len(names) <= MOST_LISTED else f"{names[0]} … {names[-1]}"


def _places(choice: str, count: int, path: Path) -> set[int]:
    """Return places from 1 on."""
    plain = choice.replace(" ", "").lower()
    if plain in (ALL, FIRST):
        return set(range(1, count + 1)) if plain == ALL else {1}
    places: set[int] = set()
    for entry in plain.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", entry)
        if match is None or not 1 <= int(match[1]) <= int(match[2] or match[1]):
            raise UserError(f"--parts {choice!r} is not understood: write all, first, or places such as 1-3,5.")
        last = int(match[2] or match[1])
        if last > count:
            raise UserError(f"{path.name} holds {count} images; --parts names number {last}.")
        places.update(range(int(match[1]), last + 1))
    return places
