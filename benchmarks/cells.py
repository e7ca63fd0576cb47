"""Results of long benchmarks in a file of JSON lines: each finished cell is added at once, and skipped when the benchmark is run again."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from unetstudio.networks.computer import describe
from unetstudio.networks.machine_cache import processor_name

Key = tuple[object, ...]


class Cells:
    """The finished cells of a file; the values named by `keys` tell one from another."""

    def __init__(self, path: Path, keys: tuple[str, ...]) -> None:
        self._path, self._keys = path, keys
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._cells = {self._key(cell): cell for cell in map(json.loads, lines)}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._cells.values())

    def __contains__(self, key: Key) -> bool:
        return key in self._cells

    def get(self, *key: object) -> dict[str, Any] | None:
        """Return the cell of a key, if it is finished."""
        return self._cells.get(key)

    def add(self, cell: dict[str, Any]) -> None:
        """Add a finished cell to the file, with the commit that it was measured at."""
        cell = cell | {"commit": commit()}
        self._cells[self._key(cell)] = cell
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(cell) + "\n")
        print({name: value for name, value in cell.items() if not isinstance(value, list)}, flush=True)

    @property
    def commits(self) -> list[str]:
        """The commits at which the cells were measured, in the order of the file."""
        return list(dict.fromkeys(cell["commit"] for cell in self))

    def _key(self, cell: dict[str, Any]) -> Key:
        return tuple(cell.get(name) for name in self._keys)


def commit() -> str:
    """Return the commit of the program, with a + where files were changed since."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", here, *words], capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "../unetstudio", "../resources")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def machine() -> str:
    """Describe the computer and the versions, for the line above a table."""
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__}"
    return f"{processor_name()}; {describe()}, {torch.get_num_threads()} threads; {platform.system()} {platform.release()}, {versions}"
