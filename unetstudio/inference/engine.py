"""Inference engines for long predictions on the CPU: PyTorch, or a faster engine that gives the same masks.

A network is converted once and compared with PyTorch on a part of the scan; an engine whose masks differ is not used.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from unetstudio.errors import UserError
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, compute_window
from unetstudio.networks.output_window import Crop, Window, crop_bounds, crop_to

ENGINES = {"auto": "Automatic", "torch": "PyTorch", "openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
"""Names on the command line, and titles; the faster engines in the order in which they are tried."""

MOST_DIFFERENCE = 1e-3
"""Largest difference of probabilities in float32, where 1e-5 is usual; the class may differ only where two are within twice this."""

MOST_CHANGED = 1e-3
"""Share of voxels whose class may differ between bf16 and float32, unless PyTorch's own bf16 changes more."""

LEAST_SPEEDUP = 1.1
"""Speed relative to PyTorch that an engine must reach."""

KEPT_SHAPES = 3
"""Tile shapes that an engine keeps compiled: those of one row. Each takes memory, and a tenth of a second to compile again."""

KEPT_SHAPES_TTA = {4: 6, 8: 9}
"""Tile shapes to keep compiled, by the number of TTA passes: mirrored, a tile at the left border becomes one at the right."""

ALL_SHAPES = 9
"""Number of distinct tile shapes and windows: at either border and between them, along two axes."""

POLL_MILLISECONDS = 50
"""Interval in milliseconds at which a running computation checks for an interruption."""


class Engine(Protocol):
    """Computes logits (N, K, ...) from (N, C, [Z,] Y, X) float32 on the CPU; only those of a window where the network gives `crops`.

    `kept_shapes` is the number of input shapes kept compiled.
    """

    kept_shapes: int

    def __call__(self, batch: Tensor, crops: Sequence[Crop] = ()) -> Tensor: ...


class OpenVino:
    """OpenVINO, compiled in a tenth of a second for each shape of tile and window: fixed shapes run faster than dynamic ones."""

    def __init__(self, graph: bytes, precision: Precision) -> None:
        import openvino

        self._core = openvino.Core()
        self._model = self._core.read_model(graph)
        self._options = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision.dtype == torch.bfloat16 else "f32",
            "INFERENCE_NUM_THREADS": str(torch.get_num_threads()),
            "NUM_STREAMS": "1",
        }
        self._requests: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self.kept_shapes = KEPT_SHAPES

    def __call__(self, batch: Tensor, crops: Sequence[Crop] = ()) -> Tensor:
        request = self._request(tuple(batch.shape), crop_bounds(crops))
        request.start_async({0: batch.contiguous().numpy()})
        try:
            while not request.wait_for(POLL_MILLISECONDS):  # lets an interruption through
                pass
        except BaseException:
            request.cancel()
            raise
        return torch.from_numpy(request.get_output_tensor(0).data.copy())

    def _request(self, shape: tuple[int, ...], bounds: Tensor) -> Any:
        key = (shape, tuple(bounds.flatten().tolist()))
        if key not in self._requests:
            self._requests[key] = self._core.compile_model(self._fixed(shape, bounds), "CPU", self._options).create_infer_request()
            while len(self._requests) > self.kept_shapes:
                self._requests.popitem(last=False)
        self._requests.move_to_end(key)
        return self._requests[key]

    def _fixed(self, shape: tuple[int, ...], bounds: Tensor) -> Any:
        """Return the graph for one input shape, with the bounds as a constant."""
        from openvino import opset8

        model = self._model.clone()
        if len(bounds):
            _, free = model.get_parameters()
            free.output(0).replace(opset8.constant(bounds.numpy()).output(0))
            model.remove_parameter(free)
        model.reshape(list(shape))
        return model


class OnnxRuntime:
    """ONNX Runtime, always in float32, for any shape."""

    def __init__(self, graph: bytes, precision: Precision) -> None:
        import onnxruntime

        del precision
        self.kept_shapes = 0
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self, batch: Tensor, crops: Sequence[Crop] = ()) -> Tensor:
        inputs = {"image": batch.contiguous().numpy(), **({"bounds": crop_bounds(crops).numpy()} if crops else {})}
        return torch.from_numpy(self._session.run(["logits"], inputs)[0])


KINDS: dict[str, Callable[[bytes, Precision], Engine]] = {"openvino": OpenVino, "onnxruntime": OnnxRuntime}


@dataclass(frozen=True)
class EngineChoice:
    """An engine (None for PyTorch), its `name` in ENGINES, the reason for the choice in words, and the seconds it took for the probe."""

    engine: Engine | None
    name: str
    words: str
    seconds: float = 0.0


def installed(name: str) -> bool:
    """Whether an engine, and the package that converts networks for it, are installed."""
    return all(importlib.util.find_spec(package) is not None for package in (name, "onnx"))


def choose_engine(
    network: Network, precision: Precision, probe: Tensor, window: Window, requested: str = "auto", repeats: float = math.inf
) -> EngineChoice:
    """Choose the first installed engine that gives the same masks on a window of `probe` (N, C, ...), a part of a scan, and is faster
    for `repeats` times the work of the probe, compilation for each tile shape included.

    Raise UserError when an engine chosen by name is unknown, not installed, fails, or is not for this device; with "auto" an engine
    that fails is not used.
    """
    names = [name for name in KINDS if installed(name)] if requested == "auto" else [_checked(requested, precision)]
    if precision.device.type != "cpu" or requested == "torch" or not names:
        return EngineChoice(None, "torch", "PyTorch" if names else "PyTorch; pip install 'unetstudio[fast]' brings quicker engines")
    from unetstudio.networks.onnx_export import to_onnx

    _, torch_seconds = _seconds(partial(_by_torch, network, precision, window=window), probe)
    reasons, graph = [], b""
    for name in names:
        try:
            graph = graph or to_onnx(network, windowed=network.crops(tuple(probe.shape[2:]), window) is not None)
            engine = KINDS[name](graph, precision)
            compute = partial(_by_engine, network, engine, window)
            set_up, seconds = _seconds(compute, probe)
            same, words = _compare(network, precision, compute, probe, window, exact=isinstance(engine, OnnxRuntime))
        except Exception as error:  # other packages raise anything; PyTorch can always compute the network
            if requested == name:
                raise UserError(f"{ENGINES[name]} fails on this network ({str(error)[:200]}); choose the engine torch.") from error
            reasons.append(f"{ENGINES[name]} fails on this network")
            continue
        each = seconds + ALL_SHAPES * set_up / repeats
        if same and (each * LEAST_SPEEDUP < torch_seconds or requested == name):
            return EngineChoice(
                engine, name, f"{ENGINES[name]}, {torch_seconds / seconds:.1f} times as fast as PyTorch here; {words}", seconds
            )
        reasons.append(f"{ENGINES[name]} is no faster here" if same else f"{ENGINES[name]} gives other masks ({words})")
    return EngineChoice(None, "torch", f"PyTorch: {'; '.join(reasons)}", torch_seconds)


def _checked(requested: str, precision: Precision) -> str:
    """Return the name `requested` if that engine can compute here; raise UserError otherwise."""
    if requested not in ENGINES:
        raise UserError(f"There is no engine {requested!r}: choose {', '.join(ENGINES)}.")
    if requested != "torch" and precision.device.type != "cpu":
        raise UserError(f"{ENGINES[requested]} computes on the processor: choose --device cpu, or the engine torch.")
    if requested != "torch" and not installed(requested):
        raise UserError(f"{ENGINES[requested]} is not installed; this brings it: pip install 'unetstudio[fast]'")
    return requested


def _compare(
    network: Network, precision: Precision, compute: Callable[[Tensor], Tensor], probe: Tensor, window: Window, *, exact: bool
) -> tuple[bool, str]:
    """Return whether an engine gives PyTorch's float32 masks on the probe and, in float32, on noise; and how close it comes, in words."""
    full = partial(_by_torch, network, Precision(precision.device, channels_last=precision.channels_last), window=None)
    if exact or precision.dtype == torch.float32:
        noise = torch.randn(probe.shape, generator=torch.Generator().manual_seed(0))
        differences = [_difference(crop_to(full(x), window), compute(x)) for x in (probe, noise)]
        worst = max(difference for difference, _ in differences)
        return worst <= MOST_DIFFERENCE and not any(flipped for _, flipped in differences), f"probabilities differ by at most {worst:.1g}"
    truth = crop_to(full(probe), window).argmax(1)
    ours = float((_by_torch(network, precision, probe, window).argmax(1) != truth).float().mean())
    theirs = float((compute(probe).argmax(1) != truth).float().mean())
    return theirs <= max(
        MOST_CHANGED, ours
    ), f"the class of {1 - theirs:.3%} of the voxels is that of float32 (PyTorch in bf16: {1 - ours:.3%})"


def _difference(ours: Tensor, theirs: Tensor) -> tuple[float, bool]:
    """Return the largest difference of probabilities, and whether a class changed where no other was close."""
    a, b = ours.softmax(1), theirs.softmax(1)
    best = a.topk(2, dim=1).values
    flipped = (a.argmax(1) != b.argmax(1)) & (best[:, 0] - best[:, 1] > 2 * MOST_DIFFERENCE)
    return float((a - b).abs().max()), bool(flipped.any())


@torch.inference_mode()
def _by_torch(network: Network, precision: Precision, batch: Tensor, window: Window | None) -> Tensor:
    with precision.autocast():
        placed = precision.place(batch)
        logits: Tensor = network(placed) if window is None else compute_window(network, placed, window)
    return logits.float()


def _by_engine(network: Network, engine: Engine, window: Window, batch: Tensor) -> Tensor:
    return compute_window(network, batch, window, engine)


def _seconds(compute: Callable[[Tensor], Tensor], probe: Tensor) -> tuple[float, float]:
    """Return the seconds of set-up, by which the first run takes longer, and the seconds of the faster of two more runs."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        compute(probe)
        taken.append(time.perf_counter() - start)
    first, *others = taken
    return max(0.0, first - min(others)), min(others)
