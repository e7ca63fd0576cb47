"""The report on this computer: its hardware, what PyTorch uses of it, its training speed, and the remedy where a GPU is unused."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass

import psutil
import torch

from unetstudio.networks.device import choose_device, cores
from unetstudio.networks.machine_cache import processor_name
from unetstudio.networks.network import create
from unetstudio.networks.precision_choice import choose_precision
from unetstudio.networks.self_test import mps_computes_right

Row = tuple[str, str]

WHEELS = "https://download.pytorch.org/whl"
"""Index of PyTorch's own builds for NVIDIA GPUs; the Python Package Index has none for Windows."""

QUIET = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Process flags that keep a console window from flashing up on Windows."""

TRIAL_SECONDS = 5.0

FIRST_STEPS = 40
"""Training steps after which a small network's first prediction is usually worth looking at."""


@dataclass(frozen=True)
class Report:
    """The report: pairs of a heading and its text, and a paragraph on what to do where a GPU is present but unused, or ""."""

    rows: tuple[Row, ...]
    remedy: str = ""


@dataclass(frozen=True)
class NvidiaCard:
    """A GPU as reported by the NVIDIA driver, whether or not PyTorch can use it: `capability` such as 8.6, `driver` its major version."""

    name: str
    memory: str
    capability: float
    driver: int


def describe() -> str:
    """Name the device that training will use: "NVIDIA GeForce RTX 3060", "Apple GPU" or "CPU, 4 cores"."""
    device = choose_device()
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "mps":
        return "Apple GPU"
    return f"CPU, {cores()} core{'s' if cores() > 1 else ''}"


def examine(measure: bool = True) -> Generator[None, None, Report]:
    """Yield between short pieces of work and return the report; `measure` adds a speed test of at most five seconds."""
    cards = nvidia_cards()
    yield
    memory = psutil.virtual_memory()
    threads = psutil.cpu_count() or 1
    rows = [
        ("Processor", f"{processor_name()}, {cores()} cores, {threads} threads{_number_formats()}"),
        ("Memory", f"{memory.total / 2**30:.0f} GB, {memory.available / 2**30:.0f} GB free"),
        ("Graphics", _graphics(cards)),
        ("PyTorch", f"{torch.__version__}, trains on {describe()}"),
    ]
    if measure:
        steps = yield from _speed()
        rows.append(("Speed", speed_sentence(steps)))
    return Report(tuple(rows), remedy_for(cards))


def report(measure: bool = True) -> Report:
    """Make the report in a single call, for callers that can wait."""
    steps = examine(measure)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Report = end.value
            return made


def nvidia_cards(command: str = "nvidia-smi") -> list[NvidiaCard]:
    """List all NVIDIA GPUs that the driver sees; [] without a driver."""
    program = shutil.which(command)
    if program is None:
        return []
    query = [program, "--query-gpu=name,memory.total,compute_cap,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True, creationflags=QUIET).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    cards = []
    for line in answer.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 4:
            cards.append(NvidiaCard(fields[0], fields[1], _number(fields[2]), int(_number(fields[3].partition(".")[0]))))
    return cards


def remedy_for(cards: list[NvidiaCard]) -> str:
    """Say how to make PyTorch use the GPU; "" when it does, or when there is none."""
    if torch.backends.mps.is_available():
        return (
            ""
            if mps_computes_right()
            else "This PyTorch computes wrong numbers on the Apple GPU, so the processor is used; update PyTorch."
        )
    if not cards or torch.cuda.is_available():
        return ""
    card = cards[0]
    if card.driver < 525:
        return f"The {card.name} is not used because its driver is too old. Install the newest NVIDIA driver, restart, and look here again."
    if torch.version.cuda is not None:
        return (
            f"The {card.name} is not used: PyTorch's CUDA {torch.version.cuda} does not start with driver {card.driver}. Update the driver."
        )
    return (
        f"The {card.name} is not used because the installed PyTorch was built for the processor only. Close U-Net Studio and run:\n"
        f"{install_command(card)}"
    )


def install_command(card: NvidiaCard) -> str:
    """Return the pip command that installs PyTorch for a card: CUDA 13 needs driver 580 and the Turing generation, or newer."""
    build = "cu130" if card.driver >= 580 and card.capability >= 7.5 else "cu126"
    version = torch.__version__.partition("+")[0]
    return f'"{sys.executable}" -m pip install --force-reinstall torch=={version} --index-url {WHEELS}/{build}'


def speed_sentence(steps: float) -> str:
    """Say what a number of training steps a second means for the user."""
    wait = max(1, round(FIRST_STEPS / steps))
    speed = f"{steps:.0f}" if steps >= 10 else f"{steps:.1f}"
    return f"{speed} training steps a second with the usual 2D U-Net: a first prediction about {wait} s after the second class is painted."


def _speed() -> Generator[None, None, float]:
    """Measure training steps a second of the network and batch that live painting uses: 8 patches of 128 x 128."""
    precision = choose_precision(choose_device())
    yield
    network = precision.place(create("unet", 2, 2, depth=3, base=16))
    optimizer = torch.optim.AdamW(network.parameters())
    x = precision.place(torch.randn(8, 2, 128, 128))
    count, start = -2, time.perf_counter()  # the first two include set-up
    begun = start
    while count < 2 or (time.perf_counter() - begun < TRIAL_SECONDS and count < 200):
        if count == 0:
            start = time.perf_counter()
        optimizer.zero_grad()
        with precision.autocast():
            logits = network(x)
        loss = logits.float().square().mean()
        loss.backward()
        optimizer.step()
        loss.item()  # waits for a GPU
        count += 1
        yield
    return count / (time.perf_counter() - start)


def _graphics(cards: list[NvidiaCard]) -> str:
    if torch.cuda.is_available():
        every = (torch.cuda.get_device_properties(n) for n in range(torch.cuda.device_count()))
        return ", ".join(f"{card.name} with {card.total_memory / 2**30:.0f} GB" for card in every)
    if torch.backends.mps.is_available():
        return "Apple GPU" if mps_computes_right() else "Apple GPU, not used"
    if cards:
        return ", ".join(f"{card.name} with {card.memory}, not used" for card in cards)
    return "no GPU that PyTorch could use"


def _number_formats() -> str:
    if torch.cpu._is_amx_tile_supported():
        return ", AMX"
    return ", bf16" if torch.cpu._is_avx512_bf16_supported() else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
