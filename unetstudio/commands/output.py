"""The output of a command: progress bar and messages on standard error; results, or one JSON object a line, on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from unetstudio.errors import UserError

WIDTH = 140
"""Columns of a table that goes to a file or another program."""


class Output:
    """Prints words, tables and objects; with `as_json` only objects reach standard output."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._words = Console(file=sys.stderr, highlight=False)

    def say(self, text: str) -> None:
        """Print one line for a person."""
        self._words.print(text, markup=False, soft_wrap=True)

    def notice(self, text: str) -> None:
        """Print something that the user should know, for a person and for a program."""
        self.say(text)
        self.event("notice", text=text)

    def event(self, name: str, /, **values: Any) -> None:
        """Print one JSON object for a program; nothing without --json."""
        if self.as_json:
            with _writable():
                sys.stdout.write(json.dumps({"event": name, **values}, default=str) + "\n")
                sys.stdout.flush()

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table on standard output; nothing with --json."""
        if self.as_json:
            return
        table = Table(title=title or None, title_justify="left")
        for place, heading in enumerate(headings):
            table.add_column(heading, justify="left" if place == 0 else "right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        with _writable():
            Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDTH).print(table, markup=False)
            sys.stdout.flush()

    def progress(self, total: float) -> Bar:
        """Make a progress bar on standard error, shown on a terminal only."""
        return Bar(self._words, total)


@contextmanager
def _writable() -> Iterator[None]:
    """Raise UserError when the standard output takes nothing more; the rest of it goes nowhere, so that the end can be orderly."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise UserError(f"The output cannot be written ({error.strerror}); free some space or send it elsewhere.") from error


class Bar:
    """A progress bar: `with output.progress(n) as bar: bar.at(3, "slice 3")`."""

    def __init__(self, console: Console, total: float) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task = self._progress.add_task("", total=total or None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def at(self, done: float, text: str = "") -> None:
        """Show how much is done, and the current item."""
        self._progress.update(self._task, completed=done, description=text)
