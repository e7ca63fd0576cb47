"""What was once measured on this computer, kept in the user's cache and never in a project, so that it is measured once."""

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

FILE = "machine_cache.json"


def cache_folder() -> Path:
    """Where it is kept; UNETSTUDIO_CACHE, or UNETSTUDIO_HOME, moves it."""
    if moved := os.environ.get("UNETSTUDIO_CACHE"):
        return Path(moved)
    if home := os.environ.get("UNETSTUDIO_HOME"):
        return Path(home) / "cache"
    return Path(platformdirs.user_cache_dir("unetstudio", appauthor=False))


def recall(question: str) -> Any:
    """What was found for this question by this PyTorch on this processor and system; None when it was not asked yet."""
    return _read().get(_key(question))


def remember(question: str, answer: Any) -> Any:
    """Keeps a plain value and returns what stands: another process may have answered meanwhile, and one answer serves all.

    A cache that cannot be written is no reason to stop: the question is asked again next time.
    """
    known = _read()
    if _key(question) not in known:
        known[_key(question)] = answer
        try:
            replace_file(cache_folder() / FILE, json.dumps(known, indent=1).encode(), parents=True)
        except FormatError:
            return answer
    return known[_key(question)]


def processor_name() -> str:
    """As its maker calls it, or the architecture where the system does not tell."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    if sys.platform == "darwin":
        asked = subprocess.run(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False)
        return asked.stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def _key(question: str) -> str:
    system = f"macOS {platform.mac_ver()[0]}" if sys.platform == "darwin" else platform.system()
    return f"{question}; PyTorch {torch.__version__}; {processor_name()}; {system}"


def _read() -> dict[str, Any]:
    try:
        known = json.loads((cache_folder() / FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
