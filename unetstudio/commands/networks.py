"""The command `networks`: lists the networks with their sizes and the cost of a training step on this computer."""

from __future__ import annotations

from unetstudio.commands.output import Output
from unetstudio.networks.network import ordered_networks
from unetstudio.worker.messages import DescribeNetworks, NetworkCost
from unetstudio.worker.network_jobs import describe_networks

HEADINGS = ("network", "dimensions", "parameters here", "in its presets")


def networks(measure: bool, output: Output) -> None:
    """List each network with its paper, its size for training on this computer and that of each preset; `measure` times training steps."""
    rows = []
    total = sum(len(kind.dims) for _, kind in ordered_networks())
    with output.progress(total) as bar:
        costs: dict[tuple[str, int], NetworkCost] = {}
        for cost in describe_networks(DescribeNetworks(0, measure=measure)):
            if cost is not None:
                costs[cost.name, cost.dims] = cost
                bar.at(len(costs), f"{cost.name} in {cost.dims}D")
                if measure:
                    _report(cost, output)
    for name, kind in ordered_networks():
        presets = {dims: dict(costs[name, dims].presets) for dims in kind.dims}
        described = {"title": kind.title, "description": kind.description, "source": kind.source, "suits_cpu": kind.suits_cpu}
        default = {dims: counts["default"] for dims, counts in presets.items() if "default" in counts}
        here = {dims: costs[name, dims].parameters for dims in kind.dims}
        output.event("network", name=name, **described, dims=kind.dims, parameters=default, presets=presets, here=here)
        output.say(f"{name}: {kind.title}. {kind.description}{'' if kind.suits_cpu else ' Best with a GPU.'}\n  {kind.source}")
        rows += [_row(costs[name, dims], measured=measure) for dims in kind.dims]
    output.table("", HEADINGS + (("seconds a step", "memory") if measure else ()), rows)


def _report(cost: NetworkCost, output: Output) -> None:
    """Send a measured cost, or why it could not be measured, as an event."""
    if cost.seconds is not None:
        figures = {"parameters": cost.parameters, "patch": cost.patch, "batch": cost.batch, "seconds": cost.seconds, "bytes": cost.bytes}
        output.event("cost", name=cost.name, dims=cost.dims, machine=cost.machine, **figures)
    elif cost.problem:
        output.event("cost", name=cost.name, dims=cost.dims, machine=cost.machine, problem=cost.problem)


def _row(cost: NetworkCost, *, measured: bool) -> list[str]:
    presets = ", ".join(f"{preset} {count:,}" for preset, count in cost.presets)
    row = [cost.name, f"{cost.dims}D", f"{cost.parameters:,}", presets]
    if measured and cost.seconds is not None:
        row += [f"{cost.seconds:.2f}", f"{cost.bytes / 2**20:,.0f} MB"]
    elif measured:
        row += ["", cost.problem]
    return row
