"""Where a network runs and in which number format: chosen by what the machine has and, for bf16, by what it really gains."""

from __future__ import annotations

import contextlib
import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar, overload

import psutil
import torch
from torch import Tensor, nn

from unetstudio.errors import UserError

AnyModule = TypeVar("AnyModule", bound=nn.Module)

GAIN = 1.15
"""A number format or layout must be so much faster in the trial than plain float32 to be taken."""


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


def choose_device(name: str = "auto") -> torch.device:
    """auto, cpu, cuda, cuda:N or mps; a UserError says why one that was asked for cannot be had."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() and mps_computes_right() else "cpu")
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
        if not mps_computes_right():
            raise UserError("This version of PyTorch computes wrong numbers on this Apple GPU; choose --device cpu or update PyTorch.")
    return torch.device(name)


def choose_precision(device: torch.device, dims: int = 2) -> Precision:
    """The quickest number format and layout that is safe for networks of `dims` dimensions.

    Known for x86 processors, so that a seed gives the same weights and masks twice: bf16 pays only with tile registers (AMX); with
    avx512_bf16 alone it trained a quarter to a third slower than float32 on a Xeon. Other processors are tried out for under a second.
    """
    if device.type == "cuda":
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        kind = torch.bfloat16 if bf16 else torch.float16
        return Precision(device, kind, channels_last=dims == 2, reason=f"{'bf16' if bf16 else 'fp16'} on the GPU's tensor cores")
    if device.type == "mps":
        # channels_last gives wrong BatchNorm gradients there, and half precision is no faster
        return Precision(device, reason="float32 on the Apple GPU")
    if torch.cpu._is_amx_tile_supported():
        return Precision(device, torch.bfloat16, True, "bf16, channels last: this processor has tile registers for it")
    candidates = [Precision(device), Precision(device, channels_last=True, reason="float32, channels last")]
    if torch.cpu._is_avx2_supported():
        return candidates[1]
    seconds = _trial(candidates, dims)
    best = min(candidates, key=lambda c: seconds[c])
    return best if seconds[candidates[0]] > GAIN * seconds[best] else candidates[0]


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
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def free_memory(device: torch.device) -> None:
    """Gives back what torch holds in reserve, after memory ran out."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def cores() -> int:
    """Physical cores this process may use: hyper-threads of one core share its arithmetic."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or usable, usable))


def mps_computes_right() -> bool:
    """Whether forward and backward of our layers on the Apple GPU give what the processor gives (some torch and macOS versions do not)."""
    return all(agrees_with_cpu(torch.device("mps"), dims) for dims in (2, 3))


def agrees_with_cpu(device: torch.device, dims: int) -> bool:
    """Runs convolution, norm, pooling and up-convolution of `dims` dimensions on both, with gradients."""
    from unetstudio.networks.network import create

    random = torch.random.get_rng_state()
    torch.manual_seed(0)
    network = create("unet", 2, 3, dims, depth=2, base=8)
    x = torch.randn(2, 2, *(16,) * dims)
    torch.random.set_rng_state(random)
    results = []
    for where in (torch.device("cpu"), device):
        network.to(where).zero_grad()
        logits = network(x.to(where))
        logits.square().mean().backward()
        results.append([logits.detach().cpu(), *(p.grad.cpu() for p in network.parameters() if p.grad is not None)])
    return all(torch.allclose(a, b, rtol=1e-2, atol=1e-4) for a, b in zip(*results, strict=True))


def _trial(candidates: list[Precision], dims: int) -> dict[Precision, float]:
    """Shortest of a few training steps of a small U-Net, taken in turns so that a busy moment of the machine hits all alike.

    A lone convolution is no guide: it was measured to favour float32 where the whole 3D network is four times quicker in bf16.
    """
    from unetstudio.networks.network import create

    random = torch.random.get_rng_state()
    x = torch.randn(2, 2, 64, 64) if dims == 2 else torch.randn(1, 2, 8, 32, 32)
    networks = {precision: precision.place(create("unet", 2, 2, dims, depth=2, base=16)) for precision in candidates}
    torch.random.set_rng_state(random)
    seconds = dict.fromkeys(candidates, float("inf"))
    limit = time.perf_counter() + 0.7
    for turn in range(6):
        for precision, network in networks.items():
            start = time.perf_counter()
            with precision.autocast():
                logits = network(precision.place(x))
            logits.float().square().mean().backward()
            if turn:  # the first turn pays for set-up
                seconds[precision] = min(seconds[precision], time.perf_counter() - start)
        if turn and time.perf_counter() > limit:
            break
    return seconds
