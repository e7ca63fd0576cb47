"""Variants found by name: every module of one package, and the entry points of the same group from other packages."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Generic, TypeVar

from unetstudio.errors import UserError

T = TypeVar("T")

log = logging.getLogger(__name__)
"""Warns of each variant of another package that is left out; without a `Reporter` the warning goes to standard error."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A variant and where it comes from: its dotted name in a module, or the package that brought it."""

    variant: T
    origin: str


class Registry(Generic[T]):
    """Named variants of one kind (tools, networks, formats ...), in order of registration.

    `group` is both the package that holds the built-in variants, one file each, and the entry-point group through which other packages add
    theirs. Nothing is imported before the first look-up. A name belongs to whoever registered it first: a second built-in variant of that
    name is a UserError, one from another package is left out with a warning.
    """

    def __init__(self, group: str, noun: str) -> None:
        self.group = group
        self.noun = noun
        self._entries: dict[str, Entry[T]] = {}
        self._loaded = self._loading = False
        self._lock = RLock()

    def register(self, name: str, *, origin: str = "") -> Callable[[T], T]:
        """Return a decorator that registers a variant: `@TOOLS.register("brush")`.

        UserError when something else has the name; a module imported anew replaces its own variant. `origin` is for variants that do not
        carry their module's name, such as instances of a shared class.
        """

        def keep(variant: T) -> T:
            self._add(name, variant, origin or _dotted_name(variant))
            return variant

        return keep

    def __getitem__(self, name: str) -> T:
        self._load()
        if name not in self._entries:
            raise UserError(f"There is no {self.noun} named {name!r}. Known: {', '.join(self._entries)}.")
        return self._entries[name].variant

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._entries)

    def items(self) -> list[tuple[str, T]]:
        """Return name and variant of each, built-in ones first."""
        self._load()
        return [(name, entry.variant) for name, entry in self._entries.items()]

    def _add(self, name: str, variant: T, origin: str) -> None:
        holder = self._entries.get(name)
        if holder is not None and holder.variant is not variant and holder.origin != origin:
            raise UserError(f"There are two {self.noun}s named {name!r}: one of {holder.origin}, one of {origin}. Rename one of them.")
        self._entries[name] = Entry(variant, origin)

    def _load(self) -> None:
        """Import all variants at the first look-up; other threads wait until that is done."""
        if self._loaded:
            return
        with self._lock:
            if self._loaded or self._loading:  # a variant may look others up while it is imported
                return
            self._loading = True
            try:
                package = importlib.import_module(self.group)
                for module in pkgutil.iter_modules(package.__path__):
                    importlib.import_module(f"{self.group}.{module.name}")
                for entry in entry_points(group=self.group):
                    self._load_entry_point(entry)
                self._loaded = True
            finally:
                self._loading = False

    def _load_entry_point(self, entry: EntryPoint) -> None:
        """Add a variant of another package; a clash of names or a fault in that package must not keep the program from starting."""
        package = entry.dist.name if entry.dist is not None else entry.module
        before = dict(self._entries)
        try:
            variant = entry.load()
            holder = self._entries.get(entry.name)
            if holder is None or holder.variant is not variant:  # otherwise its module has registered it, as our own modules do
                self._add(entry.name, variant, f"the package {package}")
        except UserError as error:
            self._entries = before
            log.warning("%s Until then that of the package %s is left out.", error, package)
        except Exception as error:  # noqa: BLE001 - importing another package may raise anything
            self._entries = before
            log.warning("The %s %r of the package %s is left out: %s: %s", self.noun, entry.name, package, type(error).__name__, error)


class Reporter(logging.Handler):
    """Passes warnings about left-out variants to a function, until `close`."""

    def __init__(self, take: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._take = take
        log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one warning on; called by the log."""
        self._take(record.getMessage())

    def close(self) -> None:
        """Stop passing warnings on."""
        log.removeHandler(self)
        super().close()


def _dotted_name(variant: object) -> str:
    """Return module and name of a class or function, or of an instance's class."""
    named = variant if hasattr(variant, "__qualname__") else type(variant)
    return f"{named.__module__}.{getattr(named, '__qualname__', '')}"
