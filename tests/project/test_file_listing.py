"""A folder that cannot be read is told, and is neither empty nor missing."""

import os
import sys

import pytest

from unetstudio.errors import ProjectError
from unetstudio.project import file_listing


def test_that_what_lies_in_a_folder_is_listed_by_name(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "a").mkdir()
    assert file_listing.list_folder(tmp_path) == [tmp_path / "a", tmp_path / "b"]


def test_that_a_folder_that_does_not_exist_holds_nothing(tmp_path):
    assert (
        file_listing.list_folder(tmp_path / "none") == []
        and not file_listing.exists(tmp_path / "none")
        and not file_listing.is_folder(tmp_path / "none")
    )


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_that_a_link_is_a_link_and_leads_to_its_folder(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    assert file_listing.is_link(tmp_path / "link") and file_listing.is_folder(tmp_path / "link") and not file_listing.is_link(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="paths of another kind there")
def test_that_a_look_that_is_refused_is_told():
    """A name that the system takes for no name at all."""
    long = "x" * os.pathconf("/", "PC_NAME_MAX")
    for look in (file_listing.list_folder, file_listing.exists, file_listing.is_folder, file_listing.is_link, file_listing.modified_at):
        with pytest.raises(ProjectError, match="could not be read"):
            look(file_listing.Path(f"/{long}x"))
