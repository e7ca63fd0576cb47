"""Translation of a library's errors about a file into a clear sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from unetstudio.errors import FormatError

T = TypeVar("T")


def translate_errors(path: Path, title: str, read: Callable[[], T]) -> T:
    """Return the result of `read`, or raise FormatError for anything that it raises; `title` names the format."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn of oddities they can handle
            return read()
    except FormatError:
        raise
    except MemoryError as error:
        raise FormatError(path, "there is not enough memory to open it; close other programs, or crop it.") from error
    except PermissionError as error:
        raise FormatError(path, "you are not allowed to read it; ask for permission or copy it.") from error
    except FileNotFoundError as error:
        raise FormatError(path, "there is no such file; it may have been moved or renamed.") from error
    except ImportError as error:
        raise FormatError(
            path, f"the library that reads {title} is missing or broken ({error.name}); install the program again."
        ) from error
    except Exception as error:  # decoders raise anything on damaged files
        raise FormatError(path, f"this {title} file is damaged or of an unusual kind, and cannot be read; export it again.") from error
