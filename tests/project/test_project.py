"""A project opens as it was saved, or says in one sentence why not."""

import errno
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.stroke import Stroke
from unetstudio.errors import ProjectError, UserError
from unetstudio.project import manifest as manifests
from unetstudio.project.case_changes import changed, moved, removed
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.manifest import encode
from unetstudio.project.manifest_file import BACKUP, MANIFEST, is_project
from unetstudio.project.project import Project, new_case
from unetstudio.project.record import Kind
from unetstudio.settings import TrainingSettings


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def another(case: Case, name: str, **fields: object) -> Case:
    scan = Scan(np.zeros((case.channels, *case.shape), np.uint8), name=name)
    return replace(new_case(Source(case.source.path.with_name(f"{name}.png")), scan, "1" * 64), **fields)


def test_that_a_project_opens_as_it_was_saved(project, case):
    volume = another(case, "volume", shape=(9, 30, 20), geometry=Geometry.from_affine(np.diag([1.5, 0.7, 0.7, 1.0])))
    project.add_cases([volume])
    project.update(steps=({"name": "fill_holes"},), view={"case": case.id, "zoom": 2.5}, training=TrainingSettings(depth=3))
    project.update(cases=changed(project.cases, volume.id, review=ReviewState.ACCEPTED))
    project.save()
    project.close()
    with Project.open(project.folder) as again:
        assert again.manifest == project.manifest and not again.read_only and again.notices == ()
        assert again.name == "study" and again.case(volume.id).review is ReviewState.ACCEPTED


def test_that_a_project_opens_by_its_manifest_too(project):
    project.close()
    with Project.open(project.folder / MANIFEST) as again:
        assert again.folder == project.folder


def test_that_the_project_may_be_moved_together_with_its_images(project, case, tmp_path):
    project.close()
    (tmp_path / "elsewhere").mkdir()
    for name in ("study.unetstudio", "images"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    with Project.open(tmp_path / "elsewhere" / "study.unetstudio") as moved:
        assert moved.cases[0].source.path == tmp_path / "elsewhere" / "images" / "one.png" and moved.cases[0].source.path.exists()


def test_that_a_project_on_a_read_only_disk_says_so_without_a_word_of_locks(project, failing_disk):
    project.close()
    failing_disk(1, errno.EROFS, stays=True)
    with Project.open(project.folder) as opened:
        assert opened.notices[0].startswith("study.unetstudio is shown for reading only: the disk is read-only.")


def test_that_a_second_window_opens_for_reading_and_saves_nothing(project):
    second = Project.open(project.folder)
    assert second.read_only and "reading only" in second.notices[0]
    with pytest.raises(ProjectError, match="for reading only"):
        second.save()
    second.close()
    assert not project.read_only and Project.open(project.folder).read_only


def test_that_a_process_that_only_reads_leaves_no_trace(project):
    before = names(project.folder)
    assert Project.open(project.folder, read_only=True).cases == project.cases
    assert names(project.folder) == before


def test_that_a_project_of_a_newer_version_opens_for_reading(project, monkeypatch):
    monkeypatch.setattr(manifests, "VERSION", 2)
    text = encode(project.manifest, project.folder)
    monkeypatch.undo()
    project.close()
    (project.folder / MANIFEST).write_bytes(text)
    newer = Project.open(project.folder)
    assert newer.read_only and "newer version" in newer.notices[0] and newer.cases == project.cases
    assert (project.folder / MANIFEST).read_bytes() == text and not (project.folder / "lock").exists()


def test_that_a_damaged_manifest_falls_back_to_the_one_before_and_says_so(project, case):
    before = project.manifest
    project.add_cases([another(case, "two")])
    project.save()
    project.close()
    path = project.folder / MANIFEST
    path.write_bytes(path.read_bytes().replace(b"two", b"owt"))
    with Project.open(project.folder) as again:
        assert again.manifest == before and "damaged" in again.notices[0]
    with Project.open(project.folder) as healed:
        assert healed.manifest == before and healed.notices == ()
    assert len(list(project.folder.glob("project.json.damaged-*"))) == 1


def test_that_no_flipped_byte_of_the_manifest_goes_unnoticed(project):
    project.close()
    path, before = project.folder / MANIFEST, project.manifest
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 7):
        data[place] ^= 0x01
        path.write_bytes(data)
        data[place] ^= 0x01
        again = Project.open(project.folder, read_only=True)
        assert again.manifest == replace(before, cases=again.cases) and "damaged" in again.notices[0]


def test_that_two_damaged_generations_are_an_error_and_stay_as_they_are(project):
    project.close()
    for name in (MANIFEST, BACKUP):
        (project.folder / name).write_bytes(b"{}")
    with pytest.raises(ProjectError, match="no whole backup"):
        Project.open(project.folder)
    assert (project.folder / MANIFEST).read_bytes() == b"{}" and not (project.folder / "lock").exists()


def test_that_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(ProjectError, match="is not a U-Net Studio project"):
        Project.open(tmp_path)
    assert not is_project(tmp_path) and names(tmp_path) == []


def test_that_a_project_is_not_made_in_a_folder_with_something_in_it(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ProjectError, match="is not empty"):
        Project.create(tmp_path)
    assert names(tmp_path) == ["letter.txt"]


def test_that_a_folder_that_cannot_be_written_opens_for_reading(project, failing_disk):
    project.close()
    failing_disk(1, errno.EROFS, stays=True)
    opened = Project.open(project.folder)
    assert opened.read_only and "read-only" in opened.notices[0] and opened.cases == project.cases


def test_that_a_save_that_fails_at_any_call_leaves_a_whole_project(project, case, failing_disk):
    for fails_at in range(1, 60):
        project.add_cases([another(case, f"more {fails_at}")])
        disk = failing_disk(fails_at)
        try:
            project.save()
        except ProjectError as error:
            assert "disk is full" in str(error)
        failing_disk()
        seen = Project.open(project.folder, read_only=True)
        assert seen.notices == () and len(seen.cases) in (len(project.cases) - 1, len(project.cases))
        project.save()
        if not disk.failed:
            break
    assert fails_at > 15 and len(Project.open(project.folder, read_only=True).cases) == len(project.cases)


def test_that_everything_in_the_folder_is_for_this_user_only(project, case, paint):
    store = project.store(case)
    labels = store.load(case.shape).labels
    store.append(Kind.EDIT, paint(labels, 1))
    store.checkpoint(labels)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in project.folder.rglob("*") if p.is_file()}
    assert modes == {0o600} and stat.S_IMODE(project.folder.stat().st_mode) == 0o700


def test_that_a_source_is_added_once_and_names_stay_apart(project, case):
    same_name = replace(another(case, "one"), source=Source(case.source.path.parent / "other" / "one.png"))
    added = project.add_cases([case, same_name])
    assert [c.name for c in added] == ["one (2)"] and [c.name for c in project.cases] == ["one", "one (2)"]


def test_that_a_source_handed_over_twice_is_added_once(project, case):
    two = another(case, "two")
    assert project.add_cases([two, two]) == (two,) and project.add_cases([two]) == ()
    project.update(cases=removed(project.cases, two.id))
    assert project.add_cases([two]) == (two,)


def test_that_sizes_may_differ_but_channels_may_not(project, case):
    project.add_cases([another(case, "large", shape=(1, 4000, 10))])
    with pytest.raises(UserError, match=r"colour has 3 channels and this project's images have 1 channel"):
        project.add_cases([another(case, "two"), another(case, "colour", channels=3)])
    assert [c.name for c in project.cases] == ["one", "large"]


def test_that_cases_keep_their_order_when_one_changes_moves_or_goes(project, case):
    two, three = project.add_cases([another(case, "two"), another(case, "three")])
    project.update(cases=changed(project.cases, two.id, review=ReviewState.REJECTED))
    assert [c.name for c in project.cases] == ["one", "two", "three"]
    project.update(cases=moved(project.cases, three.id, 0))
    assert [c.name for c in project.cases] == ["three", "one", "two"]
    project.update(cases=removed(project.cases, case.id))
    assert [c.name for c in project.cases] == ["three", "two"]


def test_that_labels_of_a_removed_case_stay_and_come_back_with_it(project, case, paint):
    store = project.store(case)
    store.append(Kind.EDIT, paint(store.load(case.shape).labels, 1))
    project.update(cases=removed(project.cases, case.id))
    project.save()
    project.add_cases([case])
    assert project.store(case).load(case.shape).sequence == 1


def test_that_a_project_that_leads_out_of_its_folder_is_refused(project, case):
    stranger = replace(project.manifest, cases=(replace(case, id="../../home"),))
    project.close()
    for name in (MANIFEST, BACKUP):
        (project.folder / name).write_bytes(encode(stranger, project.folder))
    with pytest.raises(ProjectError, match="never writes, and was not opened"):
        Project.open(project.folder)


def test_that_ten_thousand_cases_open(tmp_path, case):
    cases = tuple(
        replace(case, id=f"{n:016x}", name=f"case {n}", source=Source(case.source.path.with_name(f"{n}.png"))) for n in range(10_000)
    )
    with Project.create(tmp_path / "large.unetstudio") as project:
        project.update(cases=cases)
        project.save()
    with Project.open(project.folder) as again:
        assert again.cases == cases


def test_that_the_manifest_holds_no_patient_and_reads_like_text(project, case):
    text = (project.folder / MANIFEST).read_text("utf-8")
    assert '"path": "../images/one.png"' in text and str(case.source.path) not in text
    assert len([line for line in text.splitlines() if case.id in line]) == 1


def test_that_what_a_killed_program_left_half_written_is_swept_away(project):
    project.close()
    (project.folder / ".project.json.1234abcd.tmp").write_bytes(b"half")
    with Project.open(project.folder):
        assert not list(project.folder.glob(".*.tmp"))


def test_that_another_programs_project_json_is_not_taken_for_ours(tmp_path):
    (tmp_path / MANIFEST).write_text('{"name": "web-page", "version": 1}')
    assert not is_project(tmp_path)
    with pytest.raises(ProjectError, match="is not a U-Net Studio project"):
        Project.open(tmp_path)


def test_that_a_project_may_have_any_name(project):
    project.close()
    other = project.folder.rename(project.folder.with_name("results of May"))
    with Project.open(other) as found:
        assert found.cases == project.cases


def test_that_names_of_any_script_and_of_no_script_survive(project, case):
    project.update(
        cases=changed(project.cases, case.id, name="Schädel 頭 \udce9 \ud800", source=Source(case.source.path.with_name("頭\udce9.png")))
    )
    project.save()
    assert Project.open(project.folder, read_only=True).cases == project.cases


def test_that_a_project_whose_making_was_killed_can_be_made_again(tmp_path):
    folder = tmp_path / "study.unetstudio"
    folder.mkdir()
    (folder / ".project.json.0123.tmp").write_bytes(b"half")
    with Project.create(folder) as project:
        assert project.cases == ()


def test_that_another_project_in_the_place_of_ours_is_not_written_to(project, case, tmp_path):
    with Project.create(tmp_path / "other.unetstudio", ClassTable.named(["background", "bone"], [(0, 0, 0), (9, 9, 9)])) as other:
        before = read_bytes(other.folder / "project.json")
    store = project.store(case)
    labels = store.load(case.shape).labels
    project.folder.rename(tmp_path / "aside")
    (tmp_path / "other.unetstudio").rename(project.folder)
    stroke = Stroke(labels, 1, tool="brush")
    stroke.paint(Region((0, 0, 0), (1, 4, 4)), np.ones((1, 4, 4), np.bool_))
    project.update(view={"case": case.id})
    for write in (project.save, lambda: store.append(Kind.EDIT, stroke.commit())):
        with pytest.raises(ProjectError, match=r"is another project now|is in use by another program now"):
            write()
    assert project.read_only
    assert read_bytes(project.folder / "project.json") == before
    assert not (project.folder / "lock").exists()


def test_that_a_project_put_back_from_a_copy_is_still_ours(project, tmp_path):
    shutil.copytree(project.folder, tmp_path / "copy")
    shutil.rmtree(project.folder)
    (tmp_path / "copy" / "lock").unlink()
    (tmp_path / "copy").rename(project.folder)
    project.update(view={"zoom": 2})
    project.save()
    assert not project.read_only
