"""A project.json from a stranger, with a right checksum, is opened only if this program could have written it."""

import hashlib
import json
import math
from dataclasses import replace

import pytest

from unetstudio.data.case import ReviewState
from unetstudio.errors import ProjectError
from unetstudio.project.manifest import Manifest, decode, encode
from unetstudio.project.manifest_file import BACKUP, MANIFEST
from unetstudio.project.manifest_validation import REMOVED
from unetstudio.project.project import Project


def sealed(values):
    """As text with the checksum that belongs to it."""
    body = (
        json.dumps({name: value for name, value in values.items() if name != "sha256"})
        .removesuffix("}")
        .replace('{"version"', '{\n"version"', 1)
        .encode()
    )
    return body + b',\n"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n'


@pytest.fixture
def values(project):
    """What the project's file says."""
    return json.loads((project.folder / MANIFEST).read_bytes())


FORGERIES = {
    "a case's id that leads out": lambda v: v["cases"][0].update(id="../../../evil"),
    "a case's id that is a number": lambda v: v["cases"][0].update(id=7),
    "a case's id that is a list": lambda v: v["cases"][0].update(id=["0123456789"]),
    "a case twice": lambda v: v["cases"].append(v["cases"][0]),
    "a uuid that leads out": lambda v: v.update(uuid="../../home"),
    "a hash that is none": lambda v: v["cases"][0].update(sha256="0"),
    "a path of no characters": lambda v: v["cases"][0]["source"].update(path=""),
    "a path with a zero in it": lambda v: v["cases"][0]["source"].update(path="one\0.png"),
    "a path that is a number": lambda v: v["cases"][0]["source"].update(path=3),
    "a part that is a number": lambda v: v["cases"][0]["source"].update(part=3),
    "a part with a zero in it": lambda v: v["cases"][0]["source"].update(part="t=\0"),
    "a part of two lines": lambda v: v["cases"][0]["source"].update(part="t=1\nt=2"),
    "a part without end": lambda v: v["cases"][0]["source"].update(part="t" * 10_000),
    "a shape of 10 TB": lambda v: v["cases"][0].update(shape=[10**4, 10**5, 10**5]),
    "a shape below zero": lambda v: v["cases"][0].update(shape=[1, -4, -4]),
    "a shape of text": lambda v: v["cases"][0].update(shape=["1", "4", "4"]),
    "a shape of four": lambda v: v["cases"][0].update(shape=[1, 1, 4, 4]),
    "no channels": lambda v: v["cases"][0].update(channels=0),
    "a spacing of nothing": lambda v: v["cases"][0]["geometry"].update(spacing=[0, 1, 1]),
    "a spacing that is no number": lambda v: v["cases"][0]["geometry"].update(spacing=[1, 1, math.nan]),
    "a spacing beyond all numbers": lambda v: v["cases"][0]["geometry"].update(spacing=[1, 1, 10**400]),
    "half an orientation": lambda v: v["cases"][0]["geometry"].update(affine=[[1, 0, 0, 0]]),
    "an unknown review state": lambda v: v["cases"][0].update(review="perfect"),
    "a class of value 255": lambda v: v["classes"]["classes"][0].update(value=255),
    "a class's value twice": lambda v: v["classes"]["classes"][0].update(value=1),
    "a colour of four": lambda v: v["classes"]["classes"][0].update(colour=[1, 2, 3, 4]),
    "a colour too bright": lambda v: v["classes"]["classes"][0].update(colour=[1, 2, 300]),
    "a class without name": lambda v: v["classes"]["classes"][0].pop("name"),
    "a thousand classes": lambda v: v["classes"].update(classes=v["classes"]["classes"] * 500),
    "settings of another kind": lambda v: v["training"].update(depth="4"),
    "steps that are no steps": lambda v: v.update(steps=["threshold"]),
    "a view that is no view": lambda v: v.update(view=[]),
    "no cases at all": lambda v: v.pop("cases"),
    "a time beyond all time": lambda v: v.update(created=1e99),
    "a version below zero": lambda v: v.update(version=-1),
    "a version that is none": lambda v: v.update(version=True),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.parametrize("version", [1, 99])
def test_that_a_forged_manifest_is_refused_with_one_sentence(project, values, forge, version):
    if "version" not in str(forge.__code__.co_consts):
        values["version"] = version
    forge(values)
    for name in (MANIFEST, BACKUP):
        (project.folder / name).write_bytes(sealed(values))
    project.close()
    with pytest.raises(ProjectError) as refusal:
        Project.open(project.folder)
    assert str(refusal.value).startswith("project.json") and "\n" not in str(refusal.value)
    assert not (project.folder / "lock").exists()


@pytest.mark.parametrize("text", ["[" * 200_000, '{"version": 1, "view": ' + "[" * 100_000, '{"version": 1' + "0" * 10_000])
def test_that_a_manifest_nested_without_end_is_refused(project, text):
    body = text.encode()
    data = body + b',\n"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n'
    with pytest.raises(ProjectError):
        decode(data, project.folder / MANIFEST)


def test_that_what_no_window_would_remember_is_taken_out_of_the_view(project, values):
    good = values["cases"][0]["id"]
    values["view"] = {
        REMOVED: {"0" * 64: "../../evil", "1" * 64: good, "short": good},
        "annotated": {good: "much"},
        "views": {good: 7},
        "case": 3,
        "active_class": -1,
        "theirs": [1, 2],
    }
    found = decode(sealed(values), project.folder / MANIFEST)
    assert found.view == {REMOVED: {"1" * 64: good}, "annotated": {}, "views": {}, "theirs": [1, 2]}


def test_that_everything_this_program_can_write_opens_again(project, case):
    odd = [
        replace(case, id=f"{number:016x}", name=name, review=state)
        for number, (name, state) in enumerate(zip(["", "x" * 5000, "\ud800", "名"], ReviewState, strict=True))
    ]
    manifest = replace(project.manifest, cases=tuple(odd), view={"case": odd[0].id})
    path = project.folder / MANIFEST
    assert decode(encode(manifest, project.folder), path) == manifest
    assert isinstance(decode(encode(Manifest("0" * 32, 0.0), project.folder), path), Manifest)
