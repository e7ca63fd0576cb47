"""Example images from the scikit-image package, so that a first trial needs no data of one's own."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from unetstudio.errors import FormatError

IMAGES = {"ihc.png": "immunohistochemistry.png"}
"""File in scikit-image's data folder, and the name of its copy: colon tissue, stained brown where a protein is, nuclei blue."""


def example_images(documents: Path) -> list[Path]:
    """Copy the example images into a folder of the user's, unless they are there, and return their paths."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise FormatError("example", "the example images come with scikit-image, which is missing; install it with pip.")
    source = Path(spec.submodule_search_locations[0]) / "data"
    folder = documents / "U-Net Studio example"
    copies = []
    for name, title in IMAGES.items():
        copy = folder / title
        if not copy.exists():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, copy)
            except OSError as error:
                raise FormatError(
                    copy, f"the example cannot be copied there ({error.strerror}); check the folder {folder.parent}."
                ) from error
        copies.append(copy)
    return copies
