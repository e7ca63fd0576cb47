"""An older project is brought up to date on a copy."""

import hashlib
import json

import pytest

from unetstudio.errors import ProjectError
from unetstudio.project import manifest as manifests
from unetstudio.project.manifest import decode
from unetstudio.project.manifest_file import MANIFEST
from unetstudio.project.migrations import upgrade
from unetstudio.project.project import Project


def version_0(text: bytes) -> bytes:
    """As a version before the first might have written it: classes under another name."""
    values = json.loads(text)
    del values["sha256"]
    values = {"version": 0, "structures": values.pop("classes"), **{k: v for k, v in values.items() if k != "version"}}
    body = json.dumps(values).removesuffix("}").encode()
    return body + b',\n"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n'


def rename(values):
    return {"classes": values["structures"], **{k: v for k, v in values.items() if k != "structures"}}


def test_that_steps_are_taken_in_order():
    steps = {0: lambda v: {**v, "path": "a"}, 1: lambda v: {**v, "path": v["path"] + "b"}, 2: lambda v: {**v, "path": v["path"] + "c"}}
    assert upgrade({"version": 0}, steps, to=3) == {"version": 3, "path": "abc"}
    assert upgrade({"version": 2, "path": ""}, steps, to=3)["path"] == "c"


def test_that_an_older_project_is_upgraded_and_its_old_form_kept(project, monkeypatch):
    monkeypatch.setattr(manifests.decode, "__defaults__", ({0: rename},))
    path = project.folder / MANIFEST
    old = version_0(path.read_bytes())
    project.close()
    path.write_bytes(old)
    with Project.open(project.folder) as upgraded:
        assert upgraded.manifest == project.manifest
        assert (project.folder / "project.json.version-0").read_bytes() == old
        upgraded.save()
    assert decode(path.read_bytes(), path, {}).version == 1


def test_that_a_version_nobody_can_upgrade_is_refused(project):
    path = project.folder / MANIFEST
    with pytest.raises(ProjectError, match="is not a project of this program"):
        decode(version_0(path.read_bytes()), path)
