"""The images that an array with more axes than (C, Z, Y, X) holds, such as times and positions: their keys, names and places."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.part import Part, key_of
from unetstudio.formats.voxel_files.axes import WORDS, axis_roles, unique_axes

MOST_NAMED = 4
"""Number of images up to which a note names them all."""


@dataclass(frozen=True)
class ArrayImage:
    """One image in an array: `roles` names the array's axes as `axis_roles` does, `places` is the place on each axis that counts images."""

    part: Part
    roles: str
    places: dict[int, int] = field(default_factory=dict)


def images_along(axes: str, shape: tuple[int, ...], *, key: dict[str, int | str] | None = None, name: str = "") -> list[ArrayImage]:
    """Return the images of an array, in the array's order; `key` and `name` tell the array apart from others in the file."""
    axes = unique_axes(axes)
    roles = axis_roles(axes, shape)
    counting = [n for n, role in enumerate(roles) if role == "-"]
    long = [n for n in counting if shape[n] > 1]
    images = []
    for where in itertools.product(*(range(shape[n]) for n in counting)):
        places = dict(zip(counting, where, strict=True))
        keys = {**(key or {}), **{axes[n].lower(): places[n] for n in long}}
        names = [name] * bool(name) + [f"{WORDS.get(axes[n], 'image')} {places[n] + 1}" for n in long]
        images.append(ArrayImage(Part(key_of(**keys), ", ".join(names)), roles, places))
    return images


def chosen(parts: Sequence[Part], key: str, path: Path) -> int:
    """Return the place of a part among those of a file, 0 for an empty key; raise FormatError when the file no longer holds it."""
    if not key:
        return 0
    place = next((n for n, part in enumerate(parts) if part.key == key), None)
    if place is None:
        raise FormatError(path, f'it no longer holds the image "{key}"; add the file again and choose among its images.')
    return place


def first_of_several(parts: Sequence[Part], key: str) -> tuple[str, ...]:
    """Return a sentence when a file was opened without a choice among its images."""
    if key or len(parts) < 2:
        return ()
    names = ", ".join(part.name for part in parts[:MOST_NAMED]) + (" ..." if len(parts) > MOST_NAMED else "")
    return (f"It holds {len(parts)} images ({names}); this is the first.",)
