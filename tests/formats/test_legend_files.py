"""Legends beside masks, of this program and of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError
from unetstudio.formats import write_legend
from unetstudio.formats.masks.legend_files import legend_beside

SNAP = """################################################
# ITK-SnaP Label Description File
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "left kidney"
"""


def test_that_the_own_legend_is_read_with_names_colours_and_what_is_not_annotated(tmp_path: Path) -> None:
    write_legend(tmp_path / "legend.json", ClassTable.named(["background", "cell"], [(1, 2, 3), (255, 128, 0)]))
    found = legend_beside(tmp_path)
    assert found is not None
    assert (dict(found.names), dict(found.colours)) == ({0: "background", 1: "cell"}, {0: (1, 2, 3), 1: (255, 128, 0)})
    assert found.not_annotated == UNLABELLED


@pytest.mark.parametrize("labels", [{"background": 0, "liver": 1, "ignore": 2}, {"0": "background", "1": "liver", "2": "ignore"}])
def test_that_a_data_set_of_nnunet_is_read_also_from_the_folder_above(tmp_path: Path, labels: dict[str, object]) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    (tmp_path / "labelsTr").mkdir()
    for folder in (tmp_path, tmp_path / "labelsTr"):
        found = legend_beside(folder)
        assert found is not None
        assert (dict(found.names), found.not_annotated) == ({0: "background", 1: "liver"}, 2)


def test_that_regions_of_several_values_have_no_name(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "whole": [1, 2], "core": 2}}))
    found = legend_beside(tmp_path)
    assert found is not None
    assert dict(found.names) == {0: "background", 2: "core"}


@pytest.mark.parametrize(
    ("text", "names", "ignored"),
    [
        ("background\ncell\nscar\n", {0: "background", 1: "cell", 2: "scar"}, None),
        ("cell\nscar\n", {1: "cell", 2: "scar"}, None),
        ("0 background\n2: scar\n5,cell wall", {0: "background", 2: "scar", 5: "cell wall"}, None),
        ("__ignore__\n_background_\ncell", {0: "background", 1: "cell"}, None),
        ("0 background\n1 cell\n9 ignore", {0: "background", 1: "cell"}, 9),
    ],
)
def test_that_lists_of_names_are_read_with_and_without_values(
    tmp_path: Path, text: str, names: dict[int, str], ignored: int | None
) -> None:
    (tmp_path / "labels.txt").write_text(text)
    found = legend_beside(tmp_path)
    assert found is not None
    assert (dict(found.names), found.not_annotated) == (names, ignored)


def test_that_label_descriptions_of_itk_snap_are_known_by_their_contents(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("cell counts of Monday")
    (tmp_path / "mine.txt").write_text(SNAP)
    found = legend_beside(tmp_path)
    assert found is not None
    assert (dict(found.names), dict(found.colours)) == ({0: "background", 1: "left kidney"}, {0: (0, 0, 0), 1: (255, 0, 0)})


def test_that_a_colour_table_of_slicer_is_read(tmp_path: Path) -> None:
    (tmp_path / "table.ctbl").write_text("# Color table file\n0 Background 0 0 0 0\n1 left_kidney 221 130 101 255\n")
    found = legend_beside(tmp_path)
    assert found is not None
    assert (found.names[1], found.colours[1]) == ("left kidney", (221, 130, 101))


def test_that_there_may_be_none_and_that_other_files_are_none(tmp_path: Path) -> None:
    assert legend_beside(tmp_path) is None
    (tmp_path / "dataset.json").write_text(json.dumps({"images": []}))
    (tmp_path / "names.txt").write_text("\n".join(f"/data/{n}.png" for n in range(400)))
    assert legend_beside(tmp_path) is None


def test_that_a_damaged_legend_is_named(tmp_path: Path) -> None:
    (tmp_path / "legend.json").write_text('{"classes": [{"value":')
    with pytest.raises(FormatError, match=r"legend\.json: this legend beside the masks cannot be read"):
        legend_beside(tmp_path)
