"""Receptive fields equal what a layer of torch really reads."""

import pytest
import torch
from torch import nn

from unetstudio.networks.receptive_field import ReceptiveField


@pytest.mark.parametrize(("kernel", "stride", "pad"), [(3, 1, 1), (3, 2, 1), (2, 2, 0), (7, 1, 3), (3, 1, 100)])
def test_that_a_convolution_reads_what_is_said(kernel: int, stride: int, pad: int) -> None:
    layer = nn.Conv1d(1, 1, kernel, stride=stride, padding=pad)
    wanted = ReceptiveField(pad // stride + 4, pad // stride + 6)  # clear of the border
    assert seen(layer, wanted) == wanted.through(kernel, stride, pad)


@pytest.mark.parametrize(("kernel", "stride", "pad"), [(2, 2, 0), (4, 2, 0), (4, 2, 1), (16, 8, 0), (16, 8, 4), (1, 1, 0)])
@pytest.mark.parametrize("first", [64, 65, 67, 71])
def test_that_a_transposed_convolution_reads_what_is_said(kernel: int, stride: int, pad: int, first: int) -> None:
    layer = nn.ConvTranspose1d(1, 1, kernel, stride=stride, padding=pad)
    wanted = ReceptiveField(first, first + 2)
    assert seen(layer, wanted) == wanted.through_up(kernel, stride, pad)


def test_that_the_margin_is_that_of_the_side_with_more() -> None:
    assert ReceptiveField(-3, 12).margin(step=8) == 5
    assert ReceptiveField(-6, 8).margin(step=8) == 6
    assert ReceptiveField(0, 3).margin(step=8) == 0


def seen(layer: nn.Module, wanted: ReceptiveField) -> ReceptiveField:
    """The inputs that get a gradient from the wanted outputs."""
    nn.init.ones_(layer.weight)  # type: ignore[arg-type]
    x = torch.zeros(1, 1, 120, requires_grad=True)
    layer(x)[0, 0, wanted.first : wanted.last + 1].sum().backward()
    assert x.grad is not None
    read = x.grad[0, 0].nonzero()
    return ReceptiveField(int(read.min()), int(read.max()))
