"""Where a network runs and in which number format: chosen by what the machine has and, for bf16, by what it really gains."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeVar, overload

import psutil
import torch
from torch import Tensor, nn

from unetstudio.errors import UserError
from unetstudio.networks.allocator import give_back, keep_freed_memory

AnyModule = TypeVar("AnyModule", bound=nn.Module)

PRECISIONS = ("auto", "float32", "bf16")
"""What a user may ask for; auto takes bf16 where it gains."""


@dataclass(frozen=True)
class Precision:
    """`dtype` is that of convolutions; weights, norms' statistics, losses and outputs stay float32."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    channels_last: bool = False
    reason: str = "float32"

    def autocast(self) -> AbstractContextManager[None]:
        """Round the forward pass and the loss."""
        if self.dtype == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    @overload
    def place(self, what: Tensor) -> Tensor: ...

    @overload
    def place(self, what: AnyModule) -> AnyModule: ...

    def place(self, what: Tensor | nn.Module) -> Tensor | nn.Module:
        """A network, or a batch (N, C, ...), on the device and in the memory layout chosen."""
        if isinstance(what, nn.Module):
            what.to(self.device)
            volumes = any(isinstance(layer, nn.Conv3d) for layer in what.modules())
            return what.to(memory_format=self._layout(5 if volumes else 4))  # type: ignore[call-overload, no-any-return]
        what = what.to(self.device, non_blocking=True)
        return what.contiguous(memory_format=self._layout(what.dim()))

    @property
    def needs_scaler(self) -> bool:
        """Whether gradients can underflow: float16 wants a torch.amp.GradScaler."""
        return self.dtype == torch.float16

    def _layout(self, dimensions: int) -> torch.memory_format:
        if not self.channels_last or dimensions not in (4, 5):
            return torch.contiguous_format
        return torch.channels_last if dimensions == 4 else torch.channels_last_3d


def choose_device(name: str = "auto", dims: int = 2) -> torch.device:
    """auto, cpu, cuda, cuda:N or mps, for networks of `dims` dimensions; a UserError says why one that was asked for cannot be had."""
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


def choose_precision(device: torch.device, dims: int = 2, wanted: str = "auto") -> Precision:
    """The quickest number format and layout that is safe for networks of `dims` dimensions, or the format `wanted`.

    Known for most x86 processors. With avx512_bf16 and no tile registers (AMX), bf16 was measured 1.5 to 2.4 times faster than float32
    on an EPYC and slower on a Xeon: these, and processors of other kinds, are tried out for a second, once, and the answer is kept.
    UserError for a format that there is not, here or anywhere. A processor's memory is from now on kept for the next tensor.
    """
    if wanted not in PRECISIONS:
        raise UserError(f"There is no precision {wanted!r}: choose auto, float32 or bf16.")
    if device.type == "cuda":
        return _on_cuda(device, dims, wanted)
    if device.type == "mps":
        # channels_last gives wrong BatchNorm gradients there, and half precision is no faster
        if wanted == "bf16":
            raise UserError("bf16 is no faster on an Apple GPU and not offered there; choose precision auto or float32.")
        return Precision(device, reason="float32 on the Apple GPU")
    keep_freed_memory()
    if wanted == "bf16":
        return Precision(device, torch.bfloat16, True, "bf16, channels last, as you chose")
    if wanted == "auto" and torch.cpu._is_amx_tile_supported():
        return Precision(device, torch.bfloat16, True, "bf16, channels last: this processor has tile registers for it")
    return _tried_out(device, dims, wanted)


def _on_cuda(device: torch.device, dims: int, wanted: str) -> Precision:
    if wanted == "float32":
        return Precision(device, channels_last=dims == 2, reason="float32, as you chose")
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == "bf16" and not bf16:
        raise UserError("This GPU does not compute in bf16; choose precision auto, which takes fp16 there, or float32.")
    kind = torch.bfloat16 if bf16 else torch.float16
    return Precision(device, kind, channels_last=dims == 2, reason=f"{'bf16' if bf16 else 'fp16'} on the GPU's tensor cores")


def _tried_out(device: torch.device, dims: int, wanted: str) -> Precision:
    """On a processor: float32 in the better layout, or bf16 where it may gain and does."""
    from unetstudio.networks.precision_benchmark import quickest

    told = ", as you chose" if wanted == "float32" else ""
    plain = Precision(device, reason="float32" + told)
    last = Precision(device, channels_last=True, reason="float32, channels last" + told)
    candidates = {"float32, channels last": last}
    if wanted == "auto" and torch.cpu._is_avx512_bf16_supported():
        candidates["bf16, channels last"] = Precision(device, torch.bfloat16, True)
    elif not torch.cpu._is_avx2_supported():
        candidates = {"float32": plain, "float32, channels last": last}
    if len(candidates) == 1:
        return last
    chosen, gain = quickest(candidates, dims)
    if chosen.startswith("bf16"):
        return replace(candidates[chosen], reason=f"{chosen}: {gain:.1f} times as fast as float32 in a trial on this computer")
    return candidates[chosen]


def use_threads(wanted: int = 0, spare: int = 1) -> int:
    """Sets torch's processor threads and returns their number: `wanted`, or all physical cores this process may use but `spare`."""
    threads = wanted if wanted > 0 else max(1, cores() - spare)
    torch.set_num_threads(threads)
    return threads


_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "could not create a primitive", "could not create a memory")
"""What torch says, and oneDNN below it, which does not tell why it could not make what a step needs."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of a GPU or of the processor; torch raises a bare RuntimeError for the latter."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)


def is_device_lost(error: BaseException) -> bool:
    """Whether a GPU failed so that only a fresh process can use it again: an assertion on it, or a bad access, spoils all that follows."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def free_bytes(device: torch.device) -> int:
    """Memory that could be had now; an Apple GPU shares the processor's."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by PyTorch, for what comes next
        return int(torch.cuda.mem_get_info(device)[0]) + held
    return int(psutil.virtual_memory().available)


def free_memory(device: torch.device) -> None:
    """Gives back what is held in reserve."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    else:
        give_back()


def cores() -> int:
    """Physical cores this process may use: hyper-threads of one core share its arithmetic."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or usable, usable))
