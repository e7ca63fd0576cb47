"""What a step costs."""

import torch
from networks.tiny import tiny

from unetstudio.networks.device import Precision
from unetstudio.networks.network import BYTES_PER_PARAMETER
from unetstudio.training.network_plan import usual_network
from unetstudio.training.trial import cost_of


def test_that_a_step_is_timed_and_its_memory_counted() -> None:
    network = tiny("unet", 2, inputs=1, classes=2)
    cost = cost_of(network, (30, 40), 2, Precision(torch.device("cpu")))
    assert cost.patch == (32, 40)
    assert cost.seconds > 0
    first_layer = 2 * 4 * 32 * 40 * 4  # patches, channels, voxels, float32
    assert cost.bytes > cost.parameters * BYTES_PER_PARAMETER + 4 * first_layer


def test_that_a_larger_batch_keeps_more_memory() -> None:
    few, many = (cost_of(tiny("unet", 2, inputs=1), (32, 32), n, Precision(torch.device("cpu"))) for n in (2, 8))
    assert many.bytes > few.bytes


def test_that_the_usual_network_is_smaller_on_a_processor() -> None:
    (small, patch, _), (large, larger, _) = (usual_network("unet", 2, torch.device(kind)) for kind in ("cpu", "cuda"))
    assert small.parameters_count < large.parameters_count
    assert patch < larger
