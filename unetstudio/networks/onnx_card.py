"""The card of an exported network: everything needed to use it without this program, as plain values and as a Markdown page."""

from __future__ import annotations

from typing import Any

import torch

from unetstudio import RESEARCH_USE
from unetstudio.data.intensity import LIMIT, Intensity
from unetstudio.data.local_contrast import FLOOR
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.networks.network import Network


def card_of(checkpoint: Checkpoint, network: Network, opset: int, difference: float) -> dict[str, Any]:
    """Return the checkpoint's card with the graph's inputs and outputs under "onnx"; `difference` is that measured with ONNX Runtime."""
    axes = list("zyx"[3 - checkpoint.dims :])
    smallest = network.input_shape((1,) * checkpoint.dims)
    step = [b - a for a, b in zip(smallest, network.input_shape(tuple(n + 1 for n in smallest)), strict=True)]
    return {
        **checkpoint.to_json(),
        "title": network.title,
        "source": network.source,
        "parameters": network.parameters_count,
        "use": RESEARCH_USE,
        "onnx": {
            "opset": opset,
            "exporter": f"PyTorch {torch.__version__}",
            "largest_difference": difference,
            "input": {
                "name": "image",
                "type": "float32",
                "axes": ["batch", "channel", *axes],
                "channels": channels(Intensity.from_json(checkpoint.intensity)) if checkpoint.intensity else [],
                "smallest": list(smallest),
                "step": step,
            },
            "output": {
                "name": "logits",
                "type": "float32",
                "axes": ["batch", "class", *axes],
                "classes": [{"value": entry.value, "name": entry.name} for entry in checkpoint.classes],
                "lost_on_each_side": list(network.valid_margin),
            },
            "tiles": {"context_on_each_side": list(network.receptive_margin), "equal_to_whole": network.exact},
        },
    }


def channels(intensity: Intensity) -> list[str]:
    """Return a sentence for each input channel: how it is computed from the stored values."""
    lines = []
    for window in intensity.windows:
        source = f"stored channel {window.channel}, "
        if intensity.each:
            source += "of which the 0.5 and 99.5 percentiles of the scan at hand become -1 and 1"
        else:
            source += f"of which {window.low:g} becomes -1 and {window.high:g} becomes 1"
        lines.append(f"{source}, linearly, within -{LIMIT:g} to {LIMIT:g}; values that are not finite: -1, or {LIMIT:g} for infinity")
    if intensity.local:
        lines += [
            f"channel {place} minus its mean m, over s + {FLOOR:g}, within -{LIMIT:g} to {LIMIT:g}; m and s are mean and standard deviation"
            f" in each slice under a Gaussian of {intensity.sigma:g} pixels, cut at 3 of these, the image mirrored at its borders"
            for place in range(intensity.channels)
        ]
    lines += [f"response {n} of unetstudio.data.filters, times {factor:g}" for n, factor in enumerate(intensity.filters)]
    return lines


def markdown(card: dict[str, Any], checkpoint_page: str = "") -> str:
    """Format the Markdown page beside the file; `checkpoint_page` is the checkpoint's own page and comes last."""
    graph = card["onnx"]
    image, logits, tiles = graph["input"], graph["output"], graph["tiles"]
    axes = {side: ", ".join(graph[side]["axes"]) for side in ("input", "output")}
    sizes = ", ".join(f"{s} + {d}n" for s, d in zip(image["smallest"], image["step"], strict=True))
    score = "none" if card["score"] is None else f"mean Dice {card['score']:.3f} on labels held out"
    lines = [
        f"# {card['title']} for {', '.join(entry['name'] for entry in logits['classes'])}",
        f"{card['use']}",
        f"{card['parameters']:,} parameters; {card['source']}. Trained for {card['step']:,} steps, {card['seconds']:.0f} s, by U-Net Studio"
        f" {card['program']}, {card['created']}. Score: {score}. Checkpoint {card['id']}.",
        "## Input",
        f"`{image['name']}`: {image['type']} ({axes['input']}). Sizes along {', '.join(image['axes'][2:])}: {sizes}, any n from 0 on;"
        " pad by mirroring." + ("" if card["dims"] == 3 else " Slices of a volume are a batch."),
        _spacing(card["spacing"]),
        "Input channels:",
        "\n".join(f"{place}. {text}" for place, text in enumerate(image["channels"])),
        "Stored values of an inverted image (MONOCHROME1, white is zero) are turned round first.",
        "With Python, `Intensity.from_json(card['intensity']).of(scan).prepare(scan.voxels)` of `unetstudio.data.intensity` makes them.",
        "## Output",
        f"`{logits['name']}`: {logits['type']} ({axes['output']}), {_output_size(logits['lost_on_each_side'])}. A softmax over the classes"
        " gives probabilities, the largest is the class:",
        "\n".join(f"{place}. {entry['name']}, value {entry['value']} in masks" for place, entry in enumerate(logits["classes"])),
        _tiles(tiles),
        f"ONNX Runtime was tried: its logits differed from PyTorch's by {graph['largest_difference']:.1g} at most.",
    ]
    return "\n\n".join([*lines, *([checkpoint_page] if checkpoint_page else [])]) + "\n"


def _spacing(spacing: list[float] | tuple[float, ...] | None) -> str:
    if spacing is None:
        return "The voxel size of the training images is not known."
    return f"Trained on voxels of {' x '.join(f'{mm:g}' for mm in spacing)} mm (z, y, x); others are not resampled by us."


def _output_size(margin: list[int]) -> str:
    return f"smaller than the input by {' and '.join(map(str, margin))} on each side" if any(margin) else "as large as the input"


def _tiles(tiles: dict[str, Any]) -> str:
    margin = ", ".join(map(str, tiles["context_on_each_side"]))
    if tiles["equal_to_whole"]:
        return (
            f"A large image can go through in tiles: with {margin} voxels of context on each side, cut away afterwards, and tiles that"
            " start at whole steps, the result is that of the whole image."
        )
    return f"Every output depends on the whole input: let tiles of a large image overlap by {margin} voxels and blend them."
