"""The device of a network, its threads and memory, and its number format."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar, overload

import psutil
import torch
from torch import Tensor, nn

from unetstudio.errors import UserError
from unetstudio.networks.allocator import give_back

AnyModule = TypeVar("AnyModule", bound=nn.Module)


@dataclass(frozen=True)
class Precision:
    """A device with its number format: `dtype` is that of convolutions; weights, norm statistics, losses and outputs stay float32."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    channels_last: bool = False
    reason: str = "float32"

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context for the forward pass and the loss."""
        if self.dtype == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    @overload
    def place(self, item: Tensor) -> Tensor: ...

    @overload
    def place(self, item: AnyModule) -> AnyModule: ...

    def place(self, item: Tensor | nn.Module) -> Tensor | nn.Module:
        """Move a network, or a batch (N, C, ...), to the device and the chosen memory layout."""
        if isinstance(item, nn.Module):
            item.to(self.device)
            volumes = any(isinstance(layer, nn.Conv3d) for layer in item.modules())
            return item.to(memory_format=self._layout(5 if volumes else 4))  # type: ignore[call-overload, no-any-return]  # torch
        item = item.to(self.device, non_blocking=True)
        return item.contiguous(memory_format=self._layout(item.dim()))

    @property
    def needs_scaler(self) -> bool:
        """Whether gradients can underflow: float16 needs a torch.amp.GradScaler."""
        return self.dtype == torch.float16

    def _layout(self, dimensions: int) -> torch.memory_format:
        if not self.channels_last or dimensions not in (4, 5):
            return torch.contiguous_format
        return torch.channels_last if dimensions == 4 else torch.channels_last_3d


def choose_device(name: str = "auto", dims: int = 2) -> torch.device:
    """Return the device auto, cpu, cuda, cuda:N or mps for networks of `dims` dimensions; a UserError says why one is not available."""
    from unetstudio.networks.self_test import mps_computes_right

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() and mps_computes_right(dims) else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not (kind == "cuda" and index.isdecimal())):
        raise UserError(f"There is no device {name!r}: choose auto, cpu, cuda, cuda:N or mps.")
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise UserError("PyTorch cannot use an NVIDIA GPU on this computer; choose --device cpu, or see This computer for the remedy.")
        if int(index or 0) >= count:
            raise UserError(f"There is no GPU {index} here: this computer has {count}, counted from 0.")
    if kind == "mps":
        if not torch.backends.mps.is_available():
            raise UserError("PyTorch cannot use an Apple GPU on this computer; choose --device cpu.")
        if not mps_computes_right(dims):
            raise UserError(
                f"This version of PyTorch computes wrong numbers in {dims}D on this Apple GPU; choose --device cpu or update PyTorch."
            )
    return torch.device(name)


def use_threads(requested: int = 0, spare: int = 1) -> int:
    """Set torch's CPU threads and return their number: `requested`, or all physical cores this process may use except `spare`."""
    threads = requested if requested > 0 else max(1, cores() - spare)
    torch.set_num_threads(threads)
    return threads


_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "could not create a primitive", "could not create a memory")
"""Error texts of torch and of oneDNN, which does not give the reason when it cannot allocate."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, of a GPU or the CPU; torch raises a bare RuntimeError for the latter."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)


def is_device_lost(error: BaseException) -> bool:
    """Whether a GPU failed such that only a new process can use it: after an assertion or a bad access everything else fails too."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def free_bytes(device: torch.device) -> int:
    """Return the bytes of memory available now; an Apple GPU shares the CPU's."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by PyTorch's allocator
        return int(torch.cuda.mem_get_info(device)[0]) + cached
    return int(psutil.virtual_memory().available)


def free_memory(device: torch.device) -> None:
    """Return cached memory to the system."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    else:
        give_back()


def cores() -> int:
    """Count the physical cores this process may use: hyper-threads of a core share its arithmetic units."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or usable, usable))
