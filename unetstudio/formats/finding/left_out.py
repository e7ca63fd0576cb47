"""What a search for images left out, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

MOST_NAMED = 3
"""Number of names in a sentence."""


@dataclass
class LeftOut:
    """The files and folders that are not among the images found, by reason."""

    no_image: list[Path] = field(default_factory=list)
    masks_alone: list[Path] = field(default_factory=list)  # files of formats that hold masks and no image
    hidden: list[Path] = field(default_factory=list)
    projects: list[Path] = field(default_factory=list)
    mask_folders: list[Path] = field(default_factory=list)
    slices: list[Path] = field(default_factory=list)  # DICOM files in no series
    folders: list[Path] = field(default_factory=list)  # not searched
    unreadable: list[str] = field(default_factory=list)  # sentences

    def add(self, other: LeftOut) -> None:
        """Take over what another search left out."""
        for reason in fields(self):
            getattr(self, reason.name).extend(getattr(other, reason.name))

    def sentences(self) -> tuple[str, ...]:
        """Say what was left out and how to take it nevertheless, a sentence for each reason."""
        reasons = (
            (self.no_image, "{} left out: no image of a kind that this program knows."),
            (self.masks_alone, "{} left out: outlines or masks without an image, which can be imported as masks."),
            (self.slices, "{} left out: a DICOM file that is damaged, holds no image, or repeats a slice."),
            (self.hidden, "{} left out: hidden."),
            (self.projects, "{} left out: a project, which is opened by itself."),
            (self.mask_folders, "{} left out: masks of the images beside; open the folder itself if it holds images."),
            (self.folders, "{} left out: too many folders, or too deep; open the folder itself."),
        )
        return (*(sentence.format(_names(paths)) for paths, sentence in reasons if paths), *self.unreadable)


def _names(paths: Sequence[Path]) -> str:
    """Name a few, and count all that are more: "a.txt and b.txt were", "12 files (a.txt, b.txt, c.txt, …) were"."""
    names = [path.name for path in paths]
    if len(set(names[:MOST_NAMED])) < len(names[:MOST_NAMED]):  # such as the folder "masks" of several patients
        names = [f"{path.parent.name}/{path.name}" for path in paths]
    if len(names) == 1:
        return f"{names[0]} was"
    if len(names) <= MOST_NAMED:
        return f"{', '.join(names[:-1])} and {names[-1]} were"
    kind = "folders" if all(path.is_dir() for path in paths) else "files"
    return f"{len(names)} {kind} ({', '.join(names[:MOST_NAMED])}, …) were"
