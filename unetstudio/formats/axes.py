"""Reordering of the axes of TIFF series and other arrays into (C, Z, Y, X)."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

_DEPTH = "ZTIQ"
"""Axes that may serve as depth, in order of preference: slices, time points, pages, anything."""

_CHANNELS = "CS"
"""Axes that make up the channels: channels of a microscope, samples of a colour."""


def without_time(samples: NDArray[Any], axes: str) -> tuple[NDArray[Any], str]:
    """Keep depth, channels, Y and X, and only the first entry of every other axis (time serves as depth when there is no Z)."""
    roles = axis_roles(axes, samples.shape)
    return samples[tuple(0 if axis == "-" else slice(None) for axis in roles)], roles.replace("-", "")


def axis_roles(axes: str, shape: tuple[int, ...]) -> str:
    """Rename the axes, with Z for the one that serves as depth and "-" for those of which only the first entry is used."""
    long = [axis for axis, size in zip(axes, shape, strict=True) if size > 1]
    depth = next((axis for axis in _DEPTH if axis in long), "")
    used = set(depth) | set(_CHANNELS) | {"Y", "X"}
    return "".join(axis if axis in used else "-" for axis in axes).replace(depth or "Z", "Z")


def channels_first(samples: NDArray[Any], axes: str) -> NDArray[Any]:
    """Arrange samples with these axes as (C, Z, Y, X); channels and colour samples together make C."""
    for axis in "SCZ":
        if axis not in axes:
            samples, axes = samples[None], axis + axes
    ordered = samples.transpose([axes.index(axis) for axis in "CSZYX"])
    return ordered.reshape(-1, *ordered.shape[2:])
