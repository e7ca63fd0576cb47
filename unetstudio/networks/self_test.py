"""Whether a device computes what the processor computes: some versions of PyTorch and macOS give wrong numbers on Apple GPUs."""

from __future__ import annotations

import torch

from unetstudio.networks.machine_cache import recall, remember
from unetstudio.networks.network import create

BASES = (8, 20)
"""Channels of the networks compared: a wrong convolution may be wrong for some numbers of channels only (PyTorch issue 197114)."""


def mps_computes_right(dims: int = 2) -> bool:
    """Whether forward and backward of our layers on the Apple GPU are right, once found out for a version of PyTorch and macOS.

    In the contiguous layout, in which networks run there: channels last gives wrong gradients of batch norm (PyTorch issue 175189).
    """
    question = f"right numbers on mps in {dims}D"
    known = recall(question)
    return bool(remember(question, agrees_with_cpu(torch.device("mps"), dims)) if known is None else known)


def agrees_with_cpu(device: torch.device, dims: int) -> bool:
    """Runs convolution, norm, pooling and up-convolution of `dims` dimensions on both, with gradients; False also where one is missing."""
    return all(_agrees(device, dims, base) for base in BASES)


def _agrees(device: torch.device, dims: int, base: int) -> bool:
    random = torch.random.get_rng_state()
    torch.manual_seed(0)
    network = create("unet", 2, 3, dims, depth=2, base=base)
    x = torch.randn(2, 2, *(16,) * dims)
    torch.random.set_rng_state(random)
    results = []
    for where in (torch.device("cpu"), device):
        try:
            network.to(where).zero_grad()
            logits = network(x.to(where))
            logits.square().mean().backward()
            results.append([logits.detach().cpu(), *(p.grad.cpu() for p in network.parameters() if p.grad is not None)])
        except RuntimeError:  # an operation that the device does not have
            return False
    return all(torch.allclose(a, b, rtol=1e-2, atol=1e-4) for a, b in zip(*results, strict=True))
