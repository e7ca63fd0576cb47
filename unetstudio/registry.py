"""Variants found by name: every module of one package, and entry points of the same group from other packages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from unetstudio.errors import UserError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named variants of one kind (tools, networks, formats ...), in order of registration.

    `group` is the package that holds the built-in variants, one file each, and at the same time the entry-point group from which other
    packages add theirs. Nothing is imported before the first look-up.
    """

    def __init__(self, group: str, noun: str) -> None:
        self.group = group
        self.noun = noun
        self._found: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: `@TOOLS.register("brush")`."""

        def keep(variant: T) -> T:
            self._found[name] = variant
            return variant

        return keep

    def __getitem__(self, name: str) -> T:
        self._load()
        if name not in self._found:
            raise UserError(f"There is no {self.noun} named {name!r}. Known: {', '.join(self._found)}.")
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._found)

    def items(self) -> list[tuple[str, T]]:
        """Name and variant of each, built-in ones first."""
        self._load()
        return list(self._found.items())

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self.group)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.group}.{module.name}")
        for entry in entry_points(group=self.group):
            self._found[entry.name] = entry.load()
