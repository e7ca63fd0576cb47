"""The user's cache of measurements of this computer, outside every project, so that each is made once."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs
import torch

from unetstudio.atomic_file import replace_file
from unetstudio.errors import FormatError

FILE = "findings.json"


def cache_folder() -> Path:
    """Return the folder of the cache; UNETSTUDIO_CACHE, or UNETSTUDIO_HOME, moves it."""
    if moved := os.environ.get("UNETSTUDIO_CACHE"):
        return Path(moved)
    if home := os.environ.get("UNETSTUDIO_HOME"):
        return Path(home) / "cache"
    return Path(platformdirs.user_cache_dir("unetstudio", appauthor=False))


def recall(question: str) -> Any:
    """Return the cached answer for this PyTorch, processor and system; None when there is none."""
    return _read().get(_key(question))


def remember(question: str, answer: Any, *, replace: bool = False) -> Any:
    """Cache a plain value and return the valid one: without `replace` the first answer serves all processes.

    A cache that cannot be written is no error: the measurement is repeated next time.
    """
    answers = _read()
    if replace or _key(question) not in answers:
        answers[_key(question)] = answer
        try:
            replace_file(cache_folder() / FILE, json.dumps(answers, indent=1).encode(), parents=True)
        except FormatError:
            return answer
    return answers[_key(question)]


def processor_name() -> str:
    """Return the processor's name, or the architecture where the system does not give it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    if sys.platform == "darwin":
        brand = subprocess.run(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False)
        return brand.stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def _key(question: str) -> str:
    system = f"macOS {platform.mac_ver()[0]}" if sys.platform == "darwin" else platform.system()
    return f"{question}; PyTorch {torch.__version__}; {processor_name()}; {system}"


def _read() -> dict[str, Any]:
    try:
        answers = json.loads((cache_folder() / FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return answers if isinstance(answers, dict) else {}
