"""The images that a command is given, with words about what was left out and what files of several images hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.commands.output import Output
from unetstudio.data.case import Source
from unetstudio.formats.finding.discovery import find_images
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_choice import chosen, sentences


def found_images(paths: Sequence[Path], parts: str, output: Output) -> list[FoundImage]:
    """Find the images among files and folders, of files of several those that `parts` names; UserError when there is none."""
    discovery = find_images(paths)
    taken = chosen(discovery.images, parts)
    for text in (*discovery.notes, *sentences(discovery.images, parts)):
        output.notice(text)
    return taken


def found_sources(paths: Sequence[Path], parts: str, output: Output) -> list[Source]:
    """Return the sources of `found_images`."""
    return [image.source for image in found_images(paths, parts, output)]
