"""What the worker tells of networks: which there are, what they cost on this computer, and one of them as an ONNX file."""

from __future__ import annotations

from collections.abc import Generator

import torch

from unetstudio import __version__
from unetstudio.errors import UserError
from unetstudio.inference.attention import Gated
from unetstudio.networks.computer import describe
from unetstudio.networks.device import choose_device, choose_precision, free_memory, is_out_of_memory, use_threads
from unetstudio.networks.machine_cache import processor_name
from unetstudio.networks.network import NETWORKS, create, ordered_networks
from unetstudio.networks.onnx_export import export_network
from unetstudio.training.plan import usual_network
from unetstudio.training.start import to_use
from unetstudio.training.trial import cost_of
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import DescribeNetworks, NetworkChoice, NetworkCost

TOO_LARGE = "needs more memory than there is"


def choices() -> tuple[NetworkChoice, ...]:
    """All networks, also those of other packages."""
    return tuple(
        NetworkChoice(
            name,
            kind.title,
            kind.description,
            kind.dims,
            tuple(kind.presets),
            kind.suits_cpu,
            source=kind.source,
            shows_attention=issubclass(kind, Gated),
        )
        for name, kind in ordered_networks()
    )


def describe_networks(request: DescribeNetworks) -> Generator[NetworkCost | None, None, None]:
    """One NetworkCost for each network and dimension asked for; None is yielded to let others have a turn."""
    machine = f"{processor_name()}, {describe()}, PyTorch {torch.__version__}, U-Net Studio {__version__}"
    for name, dims in request.wanted or [(name, dims) for name, kind in ordered_networks() for dims in kind.dims]:
        yield None
        yield (_measured if request.measure else _sized)(name, dims, machine)


def export(request: ExportNetwork) -> Generator[NetworkExported, None, None]:
    """Takes some seconds; UserError when the packages for it are not installed, or there is nothing to export yet."""
    source = request.source
    if source.is_dir():
        source = to_use(source / "checkpoints")
    written = export_network(source, request.out)
    yield NetworkExported(written.path, written.card, written.difference)


def _sized(name: str, dims: int, machine: str) -> NetworkCost:
    """Counted without memory for weights."""
    presets = []
    with torch.device("meta"):
        network, patch, batch = usual_network(name, dims, choose_device("auto", dims))
        for preset in NETWORKS[name].presets_for(dims):
            presets.append((preset, create(name, 1, 2, dims, preset).parameters_count))
    return NetworkCost(name, dims, network.parameters_count, patch, batch, tuple(presets), machine)


def _measured(name: str, dims: int, machine: str) -> NetworkCost:
    """With the seconds and the memory of a training step, or the reason why there are none."""
    sized = _sized(name, dims, machine)
    device, threads = choose_device("auto", dims), torch.get_num_threads()
    seconds, size, problem = None, 0, ""
    with torch.random.fork_rng(devices=[]):  # a training that goes on afterwards draws what it would have drawn
        try:
            use_threads()
            network, patch, batch = usual_network(name, dims, device)
            cost = cost_of(network, patch, batch, choose_precision(device, dims))
            seconds, size = cost.seconds, cost.bytes
        except UserError:  # refused before anything was allocated
            problem = TOO_LARGE
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            problem = TOO_LARGE
        finally:
            torch.set_num_threads(threads)
            free_memory(device)
    return NetworkCost(name, dims, sized.parameters, sized.patch, sized.batch, sized.presets, machine, seconds, size, problem)
