"""The images in one file: each has a key, which is kept as `Source.part`, and a name that tells it apart for the user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One image of a file or folder that holds several.

    `key` is a short text without spaces that stays valid when the file is moved, such as "t=3" or "series=1,t=0"; it never holds an
    identifier of the patient. `name` is shown: "time 4", "echo 2, phase".
    """

    key: str = ""
    name: str = ""


def key_of(**places: int | str) -> str:
    """Return the key of an image, such as "series=1,t=0"."""
    return ",".join(f"{axis}={place}" for axis, place in places.items())


def places_in(key: str) -> dict[str, str]:
    """Return what `key_of` was made from, as text; {} for an empty key."""
    return dict(entry.split("=", 1) for entry in key.split(",") if "=" in entry)
