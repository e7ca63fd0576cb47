"""Export of a trained network as an ONNX file that other programs can run, with its card inside and beside the file.

The graph maps the input channels that `data.intensity` computes to logits. The conversion of voxels to channels is described in the card
and is not part of the graph: it needs the whole image, for mirroring at its borders and for percentiles, and not a tile.
"""

from __future__ import annotations

import io
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unetstudio import RESEARCH_USE, __version__
from unetstudio.atomic_file import replace_file
from unetstudio.errors import CheckpointError, UserError
from unetstudio.networks.checkpoint import load
from unetstudio.networks.network import Network
from unetstudio.networks.onnx_card import card_of, markdown
from unetstudio.networks.output_window import crop_bounds
from unetstudio.networks.serialization import METADATA

OPSET = 17
"""Version of the operator set, published in 2022, so that older runtimes can run the file."""

MOST_BYTES = 2**31 - 2**24
"""Largest size of the weights in bytes: an ONNX file is one message of less than 2 GiB."""

TOLERANCE = 1e-3
"""Largest tolerated difference of logits, relative to the largest logit; 1e-6 is usual. Beyond it no file is written."""


@dataclass(frozen=True)
class OnnxFile:
    """An exported file, its card as JSON and Markdown, and the largest difference between ONNX Runtime's and PyTorch's logits."""

    path: Path
    card: Path
    text: Path
    difference: float


def export_network(checkpoint: Path, out: Path) -> OnnxFile:
    """Export a checkpoint's network to `out` after checking on images of two sizes that ONNX Runtime agrees with PyTorch.

    Raise UserError if the required packages are not installed, CheckpointError for a checkpoint that cannot be read or exported.
    """
    _need_packages()
    loaded, network = load(checkpoint)
    if out.suffix != ".onnx":
        out = out.with_name(out.name + ".onnx")
    plain = to_onnx(network)
    difference = largest_difference(network, plain)
    card = card_of(loaded, network, OPSET, difference)
    content = _with_card(plain, card)
    beside = checkpoint.with_suffix(".md")
    checkpoint_page = beside.read_text(encoding="utf-8") if beside.is_file() else ""
    files = OnnxFile(out, out.with_name(out.name + ".json"), out.with_name(out.name + ".md"), difference)
    replace_file(files.path, content)
    replace_file(files.card, json.dumps(card, indent=1).encode())
    replace_file(files.text, markdown(card, checkpoint_page).encode())
    return files


class Windowed(nn.Module):
    """A network that computes only a window; `bounds` (crop, axis, start and stop) int64 are those of `Network.crops`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, bounds: Tensor) -> Tensor:
        """Map (N, C, ...) to (N, K, ...) of the window's size."""
        crops = [(slice(None), slice(None), *(slice(axis[0], axis[1]) for axis in crop)) for crop in bounds]
        logits: Tensor = self.network(image, crops)
        return logits


def to_onnx(network: Network, *, windowed: bool = False) -> bytes:
    """Export the graph from `image` (batch, C, [z,] y, x) to `logits`, for any batch size and any size that `Network.input_shape` allows.

    With `windowed`, which needs a network with crops, the graph also takes `bounds`.
    """
    size = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    if size > MOST_BYTES:
        raise CheckpointError(f"This network has {size / 2**30:.1f} GB of weights, and an ONNX file holds less than 2 GB.")
    file = io.BytesIO()
    axes = {0: "batch", **{2 + place: axis for place, axis in enumerate("zyx"[3 - network.config.dims :])}}
    logits_axes = {axis: name if axis == 0 or not (windowed or any(network.valid_margin)) else f"{name}_out" for axis, name in axes.items()}
    example = torch.zeros(2, network.config.in_channels, *_sizes(network)[0])
    module: nn.Module = network.eval()
    inputs = {"image": example}
    if windowed:
        shape = tuple(example.shape[2:])
        crops = network.crops(shape, [(n // 4, n // 4 + max(1, n // 2)) for n in shape])
        assert crops is not None
        module, inputs["bounds"] = Windowed(network).eval(), crop_bounds(crops)
    with torch.no_grad(), warnings.catch_warnings():
        # The tracing exporter is 50 times faster than the newer one, which needs another package and warns too. Its warnings, about values
        # taken as constants, are checked afterwards on images of two sizes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            file,  # type: ignore[arg-type]  # takes a file, too
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_axes={"image": axes, "logits": logits_axes},
        )
    return file.getvalue()


def largest_difference(network: Network, content: bytes) -> float:
    """Return the largest difference of ONNX Runtime's logits from PyTorch's on noise images of two sizes.

    Raise CheckpointError if it is too large for a rounding error.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    random, worst = torch.Generator().manual_seed(0), 0.0
    for batch, shape in enumerate(_sizes(network), start=1):
        x = torch.randn(batch, network.config.in_channels, *shape, generator=random)
        with torch.inference_mode():
            ours: Tensor = network.eval()(x)
        theirs = torch.from_numpy(session.run(["logits"], {"image": x.numpy()})[0])
        difference = float((ours - theirs).abs().max())
        worst = max(worst, difference)
        if not difference <= TOLERANCE * max(1.0, float(ours.abs().max())):
            raise CheckpointError(f"ONNX Runtime computes something else from this {type(network).title}; nothing was written.")
    return worst


def _sizes(network: Network) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of a small input image and of one that is a step larger along each axis."""
    small = network.input_shape(tuple(2 * step for step in network.size_multiple))
    return small, network.input_shape(tuple(n + 1 for n in small))


def _with_card(content: bytes, card: dict[str, Any]) -> bytes:
    """Add the card to the graph."""
    import onnx

    graph = onnx.load_from_string(content)
    graph.producer_name, graph.producer_version, graph.doc_string = "U-Net Studio", __version__, f"{card['title']}. {RESEARCH_USE}"
    graph.metadata_props.add(key=METADATA, value=json.dumps(card))
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


def _need_packages() -> None:
    """Raise a UserError if a required package is missing."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UserError(f"To export a network as ONNX, the package {error.name} is needed: pip install 'unetstudio[onnx]'") from error
