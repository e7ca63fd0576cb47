"""Reports on networks: which there are, what they cost on this computer, and the export of one as an ONNX file."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import torch

from unetstudio import __version__
from unetstudio.errors import UserError
from unetstudio.inference.attention import Gated
from unetstudio.networks.computer import describe
from unetstudio.networks.device import choose_device, free_memory, is_out_of_memory, use_threads
from unetstudio.networks.machine_cache import processor_name, recall, remember
from unetstudio.networks.network import NETWORKS, create, ordered_networks
from unetstudio.networks.onnx_export import export_network
from unetstudio.networks.precision_choice import choose_precision
from unetstudio.project.checkpoints import require
from unetstudio.project.output_guard import guard_onnx
from unetstudio.training.network_plan import usual_network
from unetstudio.training.trial import Cost, cost_of
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import DescribeNetworks, NetworkChoice, NetworkCost

TOO_LARGE = "needs more memory than there is"


def choices() -> tuple[NetworkChoice, ...]:
    """List all networks, including those of other packages."""
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
    """Yield one NetworkCost for each network and dimension asked for, and None to let others have a turn."""
    for name, dims in request.networks or [(name, dims) for name, kind in ordered_networks() for dims in kind.dims]:
        yield None
        sized = _sized(name, dims)
        yield _measured(sized) if request.measure else _remembered(sized)


def export(request: ExportNetwork) -> Generator[NetworkExported, None, None]:
    """Write a network as ONNX, which takes some seconds; UserError when the packages for it are missing, or there is no checkpoint yet."""
    source = request.source
    if source.is_dir():
        source = require(source / "checkpoints").path
    guard_onnx(request.out, force=True)  # the file dialog has asked
    written = export_network(source, request.out)
    yield NetworkExported(written.path, written.card, written.difference)


def _sized(name: str, dims: int) -> NetworkCost:
    """Count the parameters of a network without allocating its weights."""
    machine = f"{processor_name()}, {describe()}, PyTorch {torch.__version__}, U-Net Studio {__version__}"
    presets = []
    with torch.device("meta"):
        network, patch, batch = usual_network(name, dims, choose_device("auto", dims))
        for preset in NETWORKS[name].presets_for(dims):
            presets.append((preset, create(name, 1, 2, dims, preset).parameters_count))
    return NetworkCost(name, dims, network.parameters_count, patch, batch, tuple(presets), machine)


def _measured(sized: NetworkCost) -> NetworkCost:
    """Add the seconds and the memory of a training step, which are stored, or the reason why they could not be measured."""
    cost = _trial(sized.name, sized.dims)
    if cost is None:
        return replace(sized, problem=TOO_LARGE)
    remember(_question(sized), [round(cost.seconds, 4), cost.bytes], replace=True)
    return replace(sized, seconds=cost.seconds, bytes=cost.bytes)


def _trial(name: str, dims: int) -> Cost | None:
    """Time a step without side effects on a training that continues afterwards; None when memory does not suffice."""
    device, threads = choose_device("auto", dims), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        try:
            use_threads()
            network, patch, batch = usual_network(name, dims, device)
            return cost_of(network, patch, batch, choose_precision(device, dims))
        except UserError:  # refused before anything was allocated
            return None
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None
        finally:
            torch.set_num_threads(threads)
            free_memory(device)


def _remembered(sized: NetworkCost) -> NetworkCost:
    """Add what this version measured here before."""
    match recall(_question(sized)):
        case [int() | float() as seconds, int() as size] if seconds > 0 and size > 0:
            return replace(sized, seconds=float(seconds), bytes=size)
        case _:
            return sized


def _question(sized: NetworkCost) -> str:
    return f"cost of a usual step of {sized.name} in {sized.dims}D; {describe()}; U-Net Studio {__version__}"
