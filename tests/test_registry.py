"""A registry gives each name to one variant: a second one is refused with both origins, and one of another package does no harm."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from unetstudio.errors import UserError
from unetstudio.registry import Registry

Install = Callable[..., None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of variants with one, `plain`, whose registry is `REGISTRY`."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from unetstudio.registry import Registry\nREGISTRY = Registry('shapes', 'shape')\n", encoding="utf-8"
    )
    (folder / "plain.py").write_text("from shapes import REGISTRY\n@REGISTRY.register('plain')\nclass Plain: ...\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield "shapes"
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def registry(package: str) -> Registry[Any]:
    """The registry of that package, not yet loaded."""
    made: Registry[Any] = importlib.import_module(package).REGISTRY
    return made


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Puts another package beside it as pip would, with one module and one entry point."""

    def put(distribution: str, module: str, text: str, group: str = "shapes", name: str = "plain", variant: str = "Other") -> None:
        (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
        folder = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8")
        (folder / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:{variant}\n", encoding="utf-8")
        importlib.invalidate_caches()

    return put


def test_that_a_built_in_variant_with_a_name_that_is_taken_is_refused_with_both_origins(registry: Registry[Any], tmp_path: Path) -> None:
    (tmp_path / "shapes" / "second.py").write_text(
        "from shapes import REGISTRY\n@REGISTRY.register('plain')\nclass Second: ...\n", encoding="utf-8"
    )
    for _ in range(2):  # a second look-up does not go on with half of the variants
        with pytest.raises(UserError, match=r"two shapes named 'plain': one of shapes\.plain\.Plain, one of shapes\.second\.Second"):
            registry["plain"]


def test_that_two_variants_of_one_module_cannot_share_a_name() -> None:
    registry: Registry[Any] = Registry("shapes", "shape")

    @registry.register("plain")
    class First: ...

    with pytest.raises(UserError, match=r"First.*Second"):

        @registry.register("plain")
        class Second: ...


def test_that_a_module_imported_anew_replaces_its_own_variant(registry: Registry[Any]) -> None:
    first = registry["plain"]
    importlib.reload(sys.modules["shapes.plain"])
    assert registry["plain"] is sys.modules["shapes.plain"].Plain
    assert registry["plain"] is not first
    assert list(registry) == ["plain"]


def test_that_a_look_up_beside_the_first_one_waits_for_all_variants(registry: Registry[Any], tmp_path: Path) -> None:
    text = "from shapes import *\nIMPORTING.set()\nGO.wait(20)\n@REGISTRY.register('slow')\nclass Slow: ...\n"
    (tmp_path / "shapes" / "slow.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    shapes: Any = sys.modules["shapes"]
    shapes.IMPORTING, shapes.GO = Event(), Event()
    names: list[list[str]] = []
    threads = [Thread(target=lambda: names.append(list(registry))) for _ in range(2)]
    threads[0].start()
    assert shapes.IMPORTING.wait(20)
    threads[1].start()
    threads[1].join(0.1)
    shapes.GO.set()
    for thread in threads:
        thread.join(20)
    assert names == [["plain", "slow"]] * 2


def test_that_a_package_cannot_replace_a_built_in_variant(
    registry: Registry[Any], install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("loud-shapes", "loud_shapes", "class Other: ...\n")
    assert registry["plain"].__module__ == "shapes.plain"
    (told,) = caplog.messages
    assert "shapes.plain.Plain" in told
    assert "the package loud-shapes" in told


def test_that_a_package_that_registers_a_taken_name_itself_is_left_out_whole(
    registry: Registry[Any], install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    text = "from shapes import REGISTRY\n@REGISTRY.register('round')\nclass Round: ...\n@REGISTRY.register('plain')\nclass Other: ...\n"
    install("loud-shapes", "loud_shapes", text)
    assert list(registry) == ["plain"]
    assert registry["plain"].__module__ == "shapes.plain"
    assert "loud_shapes.Other" in caplog.messages[0]


def test_that_of_two_packages_with_one_name_the_first_stays(
    registry: Registry[Any], install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("first-shapes", "first_shapes", "class Other: ...\n", name="round")
    install("second-shapes", "second_shapes", "class Other: ...\n", name="round")
    assert list(registry) == ["plain", "round"]
    (told,) = caplog.messages
    assert "the package first-shapes" in told and "the package second-shapes" in told


def test_that_a_package_may_both_register_its_variant_and_name_it(
    registry: Registry[Any], install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("round-shapes", "round_shapes", "from shapes import REGISTRY\n@REGISTRY.register('round')\nclass Other: ...\n", name="round")
    assert list(registry) == ["plain", "round"]
    assert caplog.messages == []


@pytest.mark.parametrize(("text", "word"), [("raise RuntimeError('out of order')\n", "out of order"), ("", "Other")])
def test_that_a_package_that_cannot_be_loaded_is_left_out_and_named(
    text: str, word: str, registry: Registry[Any], install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("broken-shapes", "broken_shapes", text, name="round")
    assert list(registry) == ["plain"]
    (told,) = caplog.messages
    assert "broken-shapes" in told and word in told
    assert caplog.records[0].levelno == logging.WARNING


def test_that_a_command_continues_and_names_the_package_in_one_line_on_standard_error(tmp_path: Path, install: Install) -> None:
    install("loud-networks", "loud_networks", "class Other: ...\n", "unetstudio.networks", "unet")
    call = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from unetstudio.app import main; sys.exit(main(['networks', '--json']))"
    ran = subprocess.run([sys.executable, "-c", call], check=True, capture_output=True, text=True, timeout=100)
    assert '"name": "unet"' in ran.stdout
    assert [line for line in ran.stderr.splitlines() if "loud-networks" in line and "unetstudio.networks.unet.UNet" in line]
