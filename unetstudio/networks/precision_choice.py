"""The number format and memory layout of a network, chosen by the hardware and, for bf16, by its measured gain."""

from __future__ import annotations

from dataclasses import replace

import torch

from unetstudio.errors import UserError
from unetstudio.networks.allocator import keep_freed_memory
from unetstudio.networks.device import Precision
from unetstudio.networks.precision_benchmark import quickest

PRECISIONS = ("auto", "float32", "bf16")
"""The values of the setting; auto takes bf16 where it is faster."""


def choose_precision(device: torch.device, dims: int = 2, requested: str = "auto") -> Precision:
    """Choose the fastest number format and layout that is safe for networks of `dims` dimensions, or the format `requested`.

    With avx512_bf16 and no tile registers (AMX), bf16 was measured 1.5 to 2.4 times faster than float32
    on an EPYC and slower on a Xeon: on these, and other processors, a benchmark of a second runs once, and its result is cached.
    Raise UserError for a format that is unknown or not available here. On a CPU, freed memory is kept for the next tensor from then on.
    """
    if requested not in PRECISIONS:
        raise UserError(f"There is no precision {requested!r}: choose auto, float32 or bf16.")
    if device.type == "cuda":
        return _on_cuda(device, dims, requested)
    if device.type == "mps":
        # channels_last gives wrong BatchNorm gradients there, and half precision is no faster
        if requested == "bf16":
            raise UserError("bf16 is no faster on an Apple GPU and not offered there; choose precision auto or float32.")
        return Precision(device, reason="float32 on the Apple GPU")
    keep_freed_memory()
    if requested == "bf16":
        return Precision(device, torch.bfloat16, True, "bf16, channels last, as you chose")
    if requested == "auto" and torch.cpu._is_amx_tile_supported():
        return Precision(device, torch.bfloat16, True, "bf16, channels last: this processor has tile registers for it")
    return _tried_out(device, dims, requested)


def _on_cuda(device: torch.device, dims: int, requested: str) -> Precision:
    if requested == "float32":
        return Precision(device, channels_last=dims == 2, reason="float32, as you chose")
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if requested == "bf16" and not bf16:
        raise UserError("This GPU does not compute in bf16; choose precision auto, which takes fp16 there, or float32.")
    kind = torch.bfloat16 if bf16 else torch.float16
    return Precision(device, kind, channels_last=dims == 2, reason=f"{'bf16' if bf16 else 'fp16'} on the GPU's tensor cores")


def _tried_out(device: torch.device, dims: int, requested: str) -> Precision:
    """Choose for a CPU: float32 in the faster layout, or bf16 where the benchmark says it gains."""
    by_user = ", as you chose" if requested == "float32" else ""
    plain = Precision(device, reason="float32" + by_user)
    last = Precision(device, channels_last=True, reason="float32, channels last" + by_user)
    candidates = {"float32, channels last": last}
    if requested == "auto" and torch.cpu._is_avx512_bf16_supported():
        candidates["bf16, channels last"] = Precision(device, torch.bfloat16, True)
    elif not torch.cpu._is_avx2_supported():
        candidates = {"float32": plain, "float32, channels last": last}
    if len(candidates) == 1:
        return last
    name, gain = quickest(candidates, dims)
    if name.startswith("bf16"):
        return replace(candidates[name], reason=f"{name}: {gain:.1f} times as fast as float32 in a trial on this computer")
    return candidates[name]
