"""A learner that fails in a chosen way: its process runs this in tests, with a network that fails, before the usual one."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch


@dataclass(frozen=True)
class Unwell:
    """A replacement of `child.serve` that does `fault` in training step `step`; only once in all processes with the file `once`."""

    fault: str
    step: int = 4
    once: Path | None = None

    def __call__(self, connection: Connection, log: Path | None) -> None:
        from unetstudio.networks.network import NETWORKS
        from unetstudio.networks.unet import UNet
        from unetstudio.worker.child import serve

        unwell, faults = self, FAULTS(connection)

        class Failing(UNet):
            """A network whose forward pass fails in training."""

            passes = 0

            def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
                if self.training:
                    Failing.passes += 1
                    if Failing.passes == unwell.step and not (unwell.once and unwell.once.exists()):
                        if unwell.once:
                            unwell.once.touch()
                        faults[unwell.fault]()
                return super().forward(x)

        NETWORKS.register("unwell")(Failing)
        serve(connection, log)


def FAULTS(connection: Connection) -> dict[str, Callable[[], object]]:  # noqa: N802 - a table that needs the pipe
    """Return the faults that may happen within a step."""

    def wait() -> None:
        threading.Event().wait()

    def spin() -> None:
        while True:
            time.perf_counter()

    def write(content: bytes) -> None:
        os.write(connection.fileno(), content)

    return {
        "exception": lambda: {}["broken on purpose"],
        "no memory": lambda: bytearray(2**62),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "segfault": lambda: ctypes.string_at(0),
        "abort": os.abort,
        "exit": lambda: os._exit(0),
        "sys.exit": lambda: sys.exit(0),
        "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "wait": wait,
        "spin": spin,
        "no pickle": lambda: connection.send_bytes(b"\x80\x04 this is no event"),
        "no event": lambda: connection.send({"no": "event"}),
        "zeros": lambda: write(bytes(64)),
        "noise": lambda: write(b"\xff" * 64),
        "huge length": lambda: write(struct.pack("!iQ", -1, 2**60)),
        "half a message": lambda: (write(struct.pack("!i", 1000) + b"half"), os._exit(0)),
        "half a message, then nothing": lambda: (write(struct.pack("!i", 2**29) + b"half"), wait()),
    }
