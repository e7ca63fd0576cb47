"""What was measured once on a computer is kept, and a cache that is damaged or cannot be written does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from unetstudio.networks.device import Precision
from unetstudio.networks.machine_cache import FILE, cache_folder, recall, remember
from unetstudio.networks.precision_benchmark import quickest

CPU = torch.device("cpu")
CANDIDATES = {"float32": Precision(CPU), "float32, channels last": Precision(CPU, channels_last=True)}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNETSTUDIO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_that_an_answer_is_kept(cache: Path) -> None:
    assert recall("how fast?") is None
    assert remember("how fast?", {"steps": 3}) == {"steps": 3}
    assert recall("how fast?") == {"steps": 3}
    assert recall("how large?") is None
    assert (cache / FILE).is_file()


def test_that_the_first_answer_stands() -> None:
    remember("how fast?", 3)
    assert remember("how fast?", 4) == 3


def test_that_an_answer_can_be_replaced() -> None:
    remember("how fast?", 3)
    assert remember("how fast?", 4, replace=True) == 4
    assert recall("how fast?") == 4


def test_that_another_pytorch_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    remember("how fast?", 3)
    monkeypatch.setattr(torch, "__version__", "99.0")
    assert recall("how fast?") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_that_a_damaged_cache_is_an_empty_one(content: bytes, cache: Path) -> None:
    cache.mkdir()
    (cache / FILE).write_bytes(content)
    assert recall("how fast?") is None
    assert remember("how fast?", 3) == recall("how fast?") == 3


def test_that_a_cache_that_cannot_be_written_is_no_reason_to_stop(cache: Path) -> None:
    cache.write_text("a file stands where the folder should be")
    assert remember("how fast?", 3) == 3


def test_that_the_cache_is_the_users_own_and_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UNETSTUDIO_CACHE")
    monkeypatch.setenv("UNETSTUDIO_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("UNETSTUDIO_HOME")
    assert "unetstudio" in cache_folder().parts


@pytest.mark.parametrize("dims", [2, 3])
def test_that_formats_compete_once(dims: int, cache: Path) -> None:
    first = quickest(CANDIDATES, dims)
    assert first[0] in CANDIDATES
    assert first[1] > 0
    written = (cache / FILE).read_bytes()
    assert quickest(CANDIDATES, dims) == first
    assert (cache / FILE).read_bytes() == written


def test_that_an_answer_that_makes_no_sense_is_not_believed() -> None:
    remember("quickest of float32, float32, channels last in 2D", {"chosen": "float128", "gain": "much"})
    assert quickest(CANDIDATES, 2)[0] in CANDIDATES
