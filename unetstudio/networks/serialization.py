"""Serialisation of nested values with tensors, such as an optimiser's state, as one safetensors file, without pickle."""

from __future__ import annotations

import json
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from unetstudio.errors import CheckpointError

METADATA = "unetstudio"
"""Key of our JSON in a safetensors file's metadata."""


def pack(tree: Any) -> bytes:
    """Serialise dicts (with str or int keys), lists, tuples, tensors, numbers, strings, bools and None to the bytes of a file."""
    tensors: dict[str, Tensor] = {}
    outline = _outline(tree, tensors)
    return save_tensors(tensors, {METADATA: json.dumps(outline)})


def unpack(content: bytes, device: torch.device | str = "cpu") -> Any:
    """Restore what `pack` serialised, bit for bit; raise CheckpointError for bytes that `pack` did not write."""
    try:
        tensors = load_tensors(content)
        outline = json.loads(metadata(content)[METADATA])
        return _rebuild(outline, tensors, torch.device(device))
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError("The state of the training run is damaged; training can begin afresh from the weights alone.") from error


def metadata(content: bytes) -> dict[str, str]:
    """Read the metadata of a safetensors file; raise ValueError if it has no readable header."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    return {str(k): str(v) for k, v in header.get("__metadata__", {}).items()}


def _outline(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Outline a value as JSON that names the type of each container and tensor, so that tuples and int keys survive; fill `tensors`."""
    match value:
        case Tensor():
            name = str(len(tensors))
            tensors[name] = value.detach().cpu().contiguous().clone()
            return {"tensor": name}
        case dict():
            return {"dict": [[_key(k), _outline(v, tensors)] for k, v in value.items()]}
        case list() | tuple():
            return {type(value).__name__: [_outline(v, tensors) for v in value]}
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(f"{type(value).__name__} cannot be kept in a checkpoint")


def _key(key: Any) -> str | int:
    if type(key) not in (str, int):
        raise TypeError(f"{key!r} cannot be a key in a checkpoint")
    return key  # type: ignore[no-any-return]  # one of the two


def _rebuild(outline: Any, tensors: dict[str, Tensor], device: torch.device) -> Any:
    match outline:
        case {"tensor": name}:
            return tensors[name].to(device)
        case {"dict": pairs}:
            return {k: _rebuild(v, tensors, device) for k, v in pairs}
        case {"list": values}:
            return [_rebuild(v, tensors, device) for v in values]
        case {"tuple": values}:
            return tuple(_rebuild(v, tensors, device) for v in values)
    return outline
