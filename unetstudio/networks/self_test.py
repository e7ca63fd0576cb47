"""A check that a device computes the same as the CPU: some versions of PyTorch and macOS give wrong results on Apple GPUs."""

from __future__ import annotations

import torch

from unetstudio.networks.machine_cache import recall, remember
from unetstudio.networks.network import create

BASES = (8, 20)
"""Channels of the compared networks: a convolution may be wrong only for certain numbers of channels (PyTorch issue 197114)."""


def mps_computes_right(dims: int = 2) -> bool:
    """Whether our layers compute correctly on the Apple GPU, forward and backward; cached by version of PyTorch and macOS.

    Tensors are contiguous there: the channels-last layout gives wrong gradients of batch norm (PyTorch issue 175189).
    """
    question = f"right numbers on mps in {dims}D"
    cached = recall(question)
    return bool(remember(question, agrees_with_cpu(torch.device("mps"), dims)) if cached is None else cached)


def agrees_with_cpu(device: torch.device, dims: int) -> bool:
    """Compare convolution, norm, pooling, up-convolution and their gradients with the CPU; False also if the device lacks one of them."""
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
