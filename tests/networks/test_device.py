"""The device and number format are chosen by what is there, and refusals say what to do."""

import pytest
import torch

from unetstudio.errors import UserError
from unetstudio.networks.device import (
    Precision,
    choose_device,
    cores,
    free_bytes,
    is_out_of_memory,
    use_threads,
)
from unetstudio.networks.network import create
from unetstudio.networks.precision_choice import choose_precision
from unetstudio.networks.self_test import agrees_with_cpu, mps_computes_right

CPU = torch.device("cpu")


def test_that_the_processor_can_always_be_chosen() -> None:
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "cpu:1", "cuda:x", "mps:0", ""])
def test_that_an_unknown_device_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(UserError, match="choose auto, cpu, cuda"):
        choose_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has a GPU")
def test_that_an_absent_gpu_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match="--device cpu"):
        choose_device("cuda")


def test_that_the_chosen_format_trains_to_finite_float32_weights() -> None:
    for dims in (2, 3):
        precision = choose_precision(CPU, dims)
        network = precision.place(create("unet", 1, 2, dims, depth=1, base=4))
        with precision.autocast():
            logits = network(precision.place(torch.randn(1, 1, *(8,) * dims)))
        logits.float().mean().backward()
        assert all(p.dtype == torch.float32 and p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_that_choosing_a_format_leaves_the_random_numbers_alone() -> None:
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    choose_precision(CPU)
    assert torch.equal(torch.rand(3), expected)


def test_that_channels_last_reaches_pictures_and_volumes() -> None:
    precision = Precision(CPU, channels_last=True)
    assert precision.place(torch.zeros(1, 2, 4, 4)).is_contiguous(memory_format=torch.channels_last)
    assert precision.place(torch.zeros(1, 2, 4, 4, 4)).is_contiguous(memory_format=torch.channels_last_3d)


def test_that_half_precision_asks_for_a_scaler_and_bf16_does_not() -> None:
    assert Precision(CPU, torch.float16).needs_scaler
    assert not Precision(CPU, torch.bfloat16).needs_scaler


def test_that_the_self_test_accepts_a_device_that_computes_right() -> None:
    assert agrees_with_cpu(CPU, 2)
    assert agrees_with_cpu(CPU, 3)


def test_that_one_thread_remains_on_the_smallest_machine() -> None:
    before = torch.get_num_threads()
    try:
        assert use_threads(spare=10_000) == 1
        assert use_threads(1) == torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    assert cores() >= 1


def test_that_running_out_of_memory_is_told_from_other_errors() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("could not create a primitive"))  # oneDNN
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_that_there_is_memory_to_be_had() -> None:
    assert free_bytes(CPU) > 0


@pytest.mark.parametrize("dims", [2, 3])
def test_that_a_format_can_be_asked_for(dims: int) -> None:
    assert choose_precision(CPU, dims, "bf16").dtype == torch.bfloat16
    chosen = choose_precision(CPU, dims, "float32")
    assert chosen.dtype == torch.float32
    assert "as you chose" in chosen.reason


def test_that_an_unknown_format_is_refused_with_the_choices() -> None:
    with pytest.raises(UserError, match="auto, float32 or bf16"):
        choose_precision(CPU, 2, "half")


def test_that_half_numbers_are_refused_on_an_apple_gpu() -> None:
    assert choose_precision(torch.device("mps"), 2).dtype == torch.float32
    with pytest.raises(UserError, match="Apple GPU"):
        choose_precision(torch.device("mps"), 2, "bf16")


def test_that_a_gpu_that_is_not_there_computes_nothing_right() -> None:
    if not torch.backends.mps.is_available():
        assert not agrees_with_cpu(torch.device("mps"), 2)
        assert not mps_computes_right(3)
