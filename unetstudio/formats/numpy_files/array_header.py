"""The header of an array of NumPy: its shape, type and order of memory, written as a literal of Python."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from unetstudio.errors import FormatError

MAGIC = b"\x93NUMPY"
_LONGEST = 2**20


@dataclass(frozen=True)
class ArrayHeader:
    """A parsed header."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns_first: bool


def read_array_header(file: IO[bytes], path: Path) -> ArrayHeader:
    """Parse the header, and leave the file where the values begin; raise FormatError when it is damaged."""
    start = file.read(8)
    wide = len(start) == 8 and start[6] > 1
    length = int.from_bytes(file.read(4 if wide else 2), "little")
    if not start.startswith(MAGIC) or length > _LONGEST:
        raise _damaged(path)
    try:
        fields = ast.literal_eval(file.read(length).decode("utf-8" if wide else "latin-1").strip())
        shape, dtype, columns_first = (
            fields["shape"],
            np.dtype(np.lib.format.descr_to_dtype(fields["descr"])),
            fields["fortran_order"],
        )
    except (ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError, UnicodeDecodeError):
        raise _damaged(path) from None
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
        raise _damaged(path)
    return ArrayHeader(shape, dtype, bool(columns_first))


def _damaged(path: Path) -> FormatError:
    return FormatError(path, "its header cannot be understood, so it is damaged; export it again.")
