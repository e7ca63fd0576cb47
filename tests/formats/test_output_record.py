"""The record of written files: forged ones reach nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unetstudio.errors import UserError
from unetstudio.formats.finding.folder import RECORD
from unetstudio.formats.masks.output_record import Record


@pytest.mark.parametrize("name", ["../secret", "a/../../secret", "/etc/hostname", "c:\\secret", "..\\secret", ""])
def test_that_a_forged_record_leads_to_no_file_outside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / RECORD).write_text(json.dumps({"files": {name: None, "mask.png": None}}))
    record = Record(folder, "masks")
    record.claim(["mask.png"], [])
    record.finish()
    assert list(json.loads((folder / RECORD).read_bytes())["files"]) == []


@pytest.mark.parametrize("content", ["[" * 100_000, '{"files": [1]}', '{"files": {"a.png": 7}}', "null", ""])
def test_that_an_unreadable_record_makes_no_file_ours(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD).write_text(content)
    (tmp_path / "a.png").write_bytes(b"mine")
    with pytest.raises(UserError, match="is not as this program wrote it"):
        Record(tmp_path, "masks").claim(["a.png"], [])
