"""New projects beside the images; moved images found again by their hash and by nothing less."""

import errno
import hashlib
from dataclasses import replace

import pytest

from unetstudio.data.case import Source
from unetstudio.errors import ProjectError
from unetstudio.project.locate import default_folder, project_beside, relink
from unetstudio.project.project import Project


def hash_of(source: Source) -> str:
    return hashlib.sha256(source.path.read_bytes()).hexdigest()


@pytest.fixture
def lost(case):
    """The case with its true hash, and its image moved away."""
    return replace(case, sha256=hash_of(case.source))


def test_that_a_project_goes_beside_the_images(tmp_path, case):
    assert default_folder([case.source.path], tmp_path) == tmp_path / "images" / "images.unetstudio"


def test_that_the_project_of_a_series_goes_beside_its_folder(tmp_path):
    (tmp_path / "series").mkdir()
    assert default_folder([tmp_path / "series"], tmp_path / "documents") == tmp_path / "series.unetstudio"


def test_that_a_taken_name_is_numbered(tmp_path, case):
    first = default_folder([case.source.path], tmp_path)
    Project.create(first).close()
    assert default_folder([case.source.path], tmp_path) == tmp_path / "images" / "images 2.unetstudio"
    assert project_beside([case.source.path]) == first


def test_that_images_that_cannot_be_written_beside_get_a_project_in_the_documents(tmp_path, case, failing_disk):
    failing_disk(1, errno.EROFS, stays=True)
    assert default_folder([case.source.path], tmp_path / "documents") == tmp_path / "documents" / "images.unetstudio"


def test_that_asking_for_a_place_leaves_nothing_beside_the_images(tmp_path, case):
    default_folder([case.source.path], tmp_path)
    assert [path.name for path in case.source.path.parent.iterdir()] == ["one.png"]


def test_that_a_source_in_its_place_is_left_alone(project, case):
    assert relink(case, project.folder, hash_of) is case


def test_that_images_moved_beside_the_project_are_found(project, lost, tmp_path):
    (tmp_path / "images").rename(tmp_path / "pictures")
    assert relink(lost, project.folder, hash_of).source.path == tmp_path / "pictures" / "one.png"


def test_that_images_in_a_dropped_folder_are_found(project, lost, tmp_path, tmp_path_factory):
    far = tmp_path_factory.mktemp("far") / "deep"
    far.mkdir()
    (tmp_path / "images").rename(far / "images")
    with pytest.raises(ProjectError, match=r"one\.png: was moved; drop its new folder on the window"):
        relink(lost, project.folder, hash_of)
    assert relink(lost, project.folder, hash_of, [far.parent]).source.path == far / "images" / "one.png"


def test_that_another_image_of_the_same_name_is_not_taken(project, lost, tmp_path):
    lost.source.path.rename(tmp_path / "images" / "hidden")
    (tmp_path / "one.png").write_bytes(b"another picture")
    with pytest.raises(ProjectError, match="another image"):
        relink(lost, project.folder, hash_of)


def test_that_a_project_moved_without_its_images_finds_them_when_their_folder_is_dropped(project, lost, tmp_path, tmp_path_factory):
    project.update(cases=(lost,))
    project.save()
    project.close()
    far = tmp_path_factory.mktemp("far") / "study.unetstudio"
    project.folder.rename(far)
    with Project.open(far) as moved:
        (case,) = moved.cases
        with pytest.raises(ProjectError, match=r"one\.png: was moved; drop its new folder on the window"):
            relink(case, far, hash_of)
        assert relink(case, far, hash_of, [tmp_path / "images"]).source.path == lost.source.path
