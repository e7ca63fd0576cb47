"""Exported files: masks that other programs read, and never at the cost of an existing file."""

import csv
import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.stroke import Stroke
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import FORMATS, MaskDocument, read, read_mask
from unetstudio.formats.masks.output_record import RECORD
from unetstudio.project import prediction_file
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.export import ExportChoice, Exported, ExportSource, export, stored

CLASSES = ClassTable.named(["background", "cell", "scar"], [(116, 132, 153), (240, 60, 60), (60, 60, 240)])


def picture_case(folder: Path, name: str = "cell.png") -> Case:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (40, 60), np.uint8))
    geometry = Geometry((1.0, 0.001, 0.001))
    case_id = hashlib.sha256(name.encode()).hexdigest()[:16]
    return Case(case_id, path.stem, Source(path), "", (1, 40, 60), 1, "PNG", geometry, ReviewState.ACCEPTED)


def volume_case(folder: Path) -> Case:
    affine = np.array([[0, 0, -0.7, 5], [0, 0.7, 0, -3], [2.5, 0, 0, 8], [0, 0, 0, 1]], float)
    return Case("volume", "brain", Source(folder / "brain.nii.gz"), "", (5, 20, 24), 1, "NIfTI", Geometry.from_affine(affine))


def drawn(case: Case) -> LabelMap:
    labels = np.zeros(case.shape, np.uint8)
    labels[:, 5:15, 5:20] = 1
    labels[:, 18, 3:9] = 2
    labels[:, 0] = 255
    return LabelMap(labels)


def scan_of(case: Case) -> Scan:
    return Scan(np.random.default_rng(1).normal(0, 1, (1, *case.shape)).astype(np.float32), case.geometry)


def material(*cases: Case, **parts: object) -> ExportSource:
    scans = {case.source: scan_of(case) for case in cases}
    return replace(ExportSource(drawn, lambda case: drawn(case).values, lambda source: scans[source]), **parts)


def run(found: ExportSource, cases: list[Case], folder: Path, **choice: object) -> list[Exported]:
    return list(export(found, cases, CLASSES, folder, ExportChoice(**choice)))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_that_a_picture_becomes_a_png_of_class_values_under_its_stem(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    run(material(case), [case], tmp_path / "out")
    assert (read_mask(tmp_path / "out" / "cell.png")[0] == drawn(case).values).all()


def test_that_a_volume_becomes_a_nifti_of_the_same_geometry(tmp_path: Path) -> None:
    case = volume_case(tmp_path)
    run(material(case), [case], tmp_path / "out")
    values, geometry = read_mask(tmp_path / "out" / "brain.nii.gz")
    assert (values == drawn(case).values).all()
    assert np.allclose(geometry.matrix, case.geometry.matrix, atol=1e-4)


@pytest.mark.parametrize(("name", "suffix"), [("tiff", ".tif"), ("hdf5", ".h5"), ("nifti", ".nii.gz")])
def test_that_a_volume_survives_every_format_that_holds_one(name: str, suffix: str, tmp_path: Path) -> None:
    case = volume_case(tmp_path)
    run(material(case), [case], tmp_path / "out", formats=(name,), pictures=False, table=False)
    assert (read_mask(next((tmp_path / "out").glob(f"brain{suffix}*")))[0] == drawn(case).values).all()


def test_that_a_volume_among_pictures_does_not_become_a_png(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), volume_case(tmp_path)]
    events = run(material(*cases), cases, tmp_path / "out", formats=("png",), pictures=False, table=False)
    assert set(everything(tmp_path / "out")) == {"cell.png", "brain.nii.gz", "legend.json", RECORD}
    assert [event.note for event in events if event.note] == ["brain cannot be saved as PNG; it was saved as NIfTI instead."]
    assert not any(event.problem for event in events)


def test_that_a_single_slice_that_lies_in_a_patient_keeps_its_place(tmp_path: Path) -> None:
    case = replace(volume_case(tmp_path), shape=(1, 20, 24))
    run(material(case), [case], tmp_path / "out", pictures=False, table=False)
    assert np.allclose(read_mask(tmp_path / "out" / "brain.nii.gz")[1].matrix, case.geometry.matrix, atol=1e-4)


def test_that_a_format_that_holds_only_some_cases_is_left_out_for_the_others_without_a_word(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), volume_case(tmp_path)]
    events = run(material(*cases), cases, tmp_path / "out", formats=("png", "hdf5"), pictures=False, table=False)
    assert set(everything(tmp_path / "out")) == {"cell.png", "cell.h5", "brain.h5", "legend.json", RECORD}
    assert not any(event.note for event in events)


def test_that_cases_can_share_files_whose_names_are_claimed_before(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path / "images", name) for name in ("a.png", "b.png", "empty.png")]
    found = material(*cases, labels_of=lambda case: LabelMap.unlabelled(case.shape) if case is cases[2] else drawn(case))
    out = tmp_path / "out"
    events = run(found, cases, out, formats=("coco", "nnunet", "geojson"), pictures=False)
    data_set = "Dataset001_UNetStudio"
    parts = [f"imagesTr/{name}_0000.png" for name in "ab"] + [f"labelsTr/{name}.png" for name in "ab"] + ["dataset.json"]
    assert set(everything(out)) == {
        *(f"{data_set}/{part}" for part in parts),
        "coco.json",
        "a.geojson",
        "b.geojson",
        "legend.json",
        "measurements.csv",
        RECORD,
    }
    assert len(json.loads((out / "coco.json").read_text())["images"]) == 2
    assert events[-1].done == events[-1].total and [event.case for event in events if event.problem] == [cases[2].id]
    run(found, cases, out, formats=("coco", "nnunet"), pictures=False)
    (out / data_set / "labelsTr" / "b.png").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"b\.png"):
        run(found, cases, out, formats=("nnunet",), pictures=False)


def test_that_a_case_that_its_format_refuses_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), picture_case(tmp_path, "b.png")]

    def encode(document: MaskDocument) -> bytes:
        if document.name == "cell":
            raise FormatError("cell.png", "its slices have no place; choose NIfTI.")
        return b"mask"

    monkeypatch.setattr(FORMATS["tiff"], "encode", encode)
    events = run(material(*cases), cases, tmp_path / "out", formats=("tiff",), pictures=False)
    assert [event.problem for event in events if event.problem] == ["cell.png: its slices have no place; choose NIfTI."]
    assert (tmp_path / "out" / "b.tif").read_bytes() == b"mask" and not (tmp_path / "out" / "cell.tif").exists()
    with pytest.raises(UserError, match="no place"):
        run(material(cases[0]), cases[:1], tmp_path / "out", formats=("tiff",), pictures=False)


def test_that_two_formats_of_one_suffix_do_not_overwrite_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(FORMATS["tiff"], "suffixes", (".h5",))
    case = picture_case(tmp_path)
    run(material(case), [case], tmp_path / "out", formats=("hdf5", "tiff"), pictures=False, table=False)
    assert {"cell.h5", "cell-tiff.h5"} <= set(everything(tmp_path / "out"))


def test_that_a_mask_says_who_made_it_and_names_the_patient_only_when_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    case, documents = picture_case(tmp_path), list[MaskDocument]()
    monkeypatch.setattr(FORMATS["png"], "write", lambda path, document: documents.append(document))
    origin = np.full(case.shape, Origin.ACCEPTED | HELD_OUT, np.uint8)
    origin[:, 5] = Origin.PAINTED
    labels = LabelMap(drawn(case).values, origin)
    found = material(case, labels_of=lambda _: labels, checkpoint_of=lambda _: "3fa9c0de1b2277")
    run(found, [case], tmp_path / "out", formats=("png",), pictures=False)
    run(found, [case], tmp_path / "out", formats=("png",), pictures=False, what="segmentation", identified=True)
    assert [(document.made_by, document.identified) for document in documents] == [
        ("painted by hand, accepted from a prediction, accepted in review", False),
        ("predicted by checkpoint 3fa9c0de1b22, painted by hand, accepted from a prediction, accepted in review", True),
    ]


def test_that_progress_is_reported_file_by_file_and_ends(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), volume_case(tmp_path)]
    events = run(material(*cases), cases, tmp_path / "out")
    assert [event.done for event in events] == list(range(1, 7))
    assert {event.total for event in events} == {6}
    assert all(event.path is not None and event.path.is_file() for event in events)


def test_that_the_legend_names_values_and_says_research_use(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    run(material(case), [case], tmp_path / "out")
    legend = json.loads((tmp_path / "out" / "legend.json").read_text("utf-8"))
    assert RESEARCH_USE in json.dumps(legend)
    assert [(entry["value"], entry["name"]) for entry in legend["classes"]] == [(0, "background"), (1, "cell"), (2, "scar")]


def test_that_the_table_gives_sizes_per_case_and_class(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), volume_case(tmp_path)]
    run(material(*cases), cases, tmp_path / "out")
    comment, *lines = (tmp_path / "out" / "measurements.csv").read_text("utf-8").splitlines()
    rows = {(line["case"], line["class"]): line for line in csv.DictReader(lines)}
    assert RESEARCH_USE in comment
    cell, brain = rows["cell", "cell"], rows["brain", "cell"]
    assert (cell["voxels"], cell["objects"], cell["area_mm2"], cell["review"]) == ("150", "1", "0.00015", "accepted")
    assert (brain["voxels"], float(brain["volume_mm3"]), brain["imported_voxels"]) == ("750", pytest.approx(750 * 2.5 * 0.49), "750")


def test_that_the_overlay_shows_the_class_colour_where_the_class_is(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    black = Scan(np.zeros((3, *case.shape), np.uint8), case.geometry)
    run(material(case, read_scan=lambda _: black), [case], tmp_path / "out")
    found = cv2.imread(str(tmp_path / "out" / "overlays" / "cell.png"))[..., ::-1]
    scale = found.shape[1] / 60
    inside, outside = found[round(10 * scale), round(12 * scale)], found[round(10 * scale), round(40 * scale)]
    assert inside[0] > 60 > inside[2]
    assert outside.tolist() == [0, 0, 0]


def test_that_a_volume_is_pictured_and_so_is_an_image_of_one_pixel(tmp_path: Path) -> None:
    dot = replace(picture_case(tmp_path, "dot.png"), shape=(1, 1, 1))
    cases = [volume_case(tmp_path), dot]
    labels = {cases[0].id: drawn(cases[0]), dot.id: LabelMap(np.ones((1, 1, 1), np.uint8))}
    run(material(*cases, labels_of=lambda case: labels[case.id]), cases, tmp_path / "out")
    assert all(cv2.imread(str(tmp_path / "out" / "overlays" / name)) is not None for name in ("brain.png", "dot.png"))


def test_that_equal_stems_are_numbered(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path / "a"), picture_case(tmp_path / "b"), picture_case(tmp_path / "c", "CELL.png")]
    run(material(*cases), cases, tmp_path / "out", pictures=False, table=False)
    assert {"cell.png", "cell-2.png", "CELL-3.png"} <= set(everything(tmp_path / "out"))


def test_that_a_name_no_disk_accepts_is_mended(tmp_path: Path) -> None:
    case = replace(picture_case(tmp_path), name='T2: axial/"fat sat"?', source=Source(tmp_path, "0123456789ab"))
    run(material(case), [case], tmp_path / "out", pictures=False, table=False)
    assert "T2_ axial_fat sat_.png" in everything(tmp_path / "out")


def test_that_an_export_can_be_repeated_into_the_same_folder(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    run(material(case), [case], tmp_path / "out")
    other = LabelMap(np.full(case.shape, 2, np.uint8))
    run(material(case, labels_of=lambda _: other), [case], tmp_path / "out")
    assert (read_mask(tmp_path / "out" / "cell.png")[0] == 2).all()


def test_that_a_file_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    case = picture_case(tmp_path / "images")
    out = tmp_path / "out"
    out.mkdir()
    (out / "measurements.csv").write_text("mine")
    with pytest.raises(UserError, match=r"measurements\.csv"):
        run(material(case), [case], out)
    assert everything(out) == {"measurements.csv": b"mine"}


def test_that_a_mask_corrected_elsewhere_is_not_replaced(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    out = tmp_path / "out"
    run(material(case), [case], out)
    cv2.imwrite(str(out / "cell.png"), np.zeros((40, 60), np.uint8))
    before = everything(out)
    with pytest.raises(UserError, match=r"cell\.png"):
        run(material(case), [case], out)
    assert everything(out) == before


def test_that_masks_never_replace_the_images_they_belong_to(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    before = everything(tmp_path)
    with pytest.raises(UserError, match="another folder"):
        run(material(case), [case], tmp_path, pictures=False)
    assert everything(tmp_path) == before


def test_that_a_folder_that_cannot_be_made_is_reported_in_one_sentence(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    with pytest.raises(UserError, match="out: the folder cannot be made"):
        run(material(case), [case], tmp_path / "cell.png" / "out")


@pytest.mark.parametrize("failing", range(1, 6))
def test_that_a_full_disk_leaves_whole_files_and_the_export_can_be_repeated(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = picture_case(tmp_path / "images")
    out, flush, calls = tmp_path / "out", os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) >= failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="disk is full"):
        run(material(case), [case], out)
    monkeypatch.undo()
    assert len(everything(out)) == failing - 1
    run(material(case), [case], out)
    assert (read_mask(out / "cell.png")[0] == drawn(case).values).all()


def test_that_a_case_without_labels_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), picture_case(tmp_path, "empty.png")]
    found = material(*cases, labels_of=lambda case: drawn(case) if case is cases[0] else LabelMap.unlabelled(case.shape))
    events = run(found, cases, tmp_path / "out")
    assert [event.problem for event in events if event.problem] == [
        "empty has no labels yet; paint it, or export the segmentation instead."
    ]
    assert "empty.png" not in everything(tmp_path / "out")
    assert events[-1].done == events[-1].total


def test_that_nothing_to_export_is_reported_in_one_sentence(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    with pytest.raises(UserError, match="no labels yet"):
        run(material(case, labels_of=lambda case: LabelMap.unlabelled(case.shape)), [case], tmp_path / "out")
    with pytest.raises(UserError, match="no case"):
        run(material(case), [], tmp_path / "out")


def test_that_a_missing_image_costs_only_its_picture(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    case.source.path.unlink()
    events = run(material(case, read_scan=read), [case], tmp_path / "out")
    assert sum(bool(event.problem) for event in events) == 1
    assert {"cell.png", "measurements.csv"} <= set(everything(tmp_path / "out"))


def test_that_voxels_of_a_removed_class_leave_as_not_annotated(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    list(export(material(case), [case], CLASSES.removed(2), tmp_path / "out", ExportChoice()))
    assert set(np.unique(read_mask(tmp_path / "out" / "cell.png")[0])) == {0, 1, 255}


def test_that_a_format_without_masks_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    with pytest.raises(UserError, match="JPEG"):
        run(material(case), [case], tmp_path / "out", formats=("jpeg",))
    assert not (tmp_path / "out").exists()


def test_that_a_stopped_export_leaves_whole_files(tmp_path: Path) -> None:
    cases = [picture_case(tmp_path), picture_case(tmp_path, "b.png")]
    job = export(material(*cases), cases, CLASSES, tmp_path / "out", ExportChoice())
    next(job), next(job)
    job.close()
    assert (read_mask(tmp_path / "out" / "cell.png")[0] == drawn(cases[0]).values).all()
    assert not list((tmp_path / "out").glob("*.part"))


def test_that_a_project_is_exported_with_its_steps_and_strokes_on_top(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    with Project.create(tmp_path / "p.unetstudio", CLASSES) as project:
        project.add_cases([case])
        project.update(steps=({"step": "small_components", "enabled": True, "size": 5.0, "unit": "px"},))
        store = project.store(case)
        stroke = Stroke(store.load(case.shape).labels, 2, tool="brush")
        stroke.paint(Region((0, 2, 2), (1, 3, 4)), np.ones((1, 1, 2), np.bool_))
        edit = stroke.commit()
        assert edit is not None
        store.append(Kind.EDIT, edit)
        labels = np.zeros(case.shape, np.uint8)
        labels[0, 10:20, 10:20] = labels[0, 30, 30] = 1
        prediction = Prediction(case.shape, CLASSES.values, "abc")
        prediction.put(Region.whole(case.shape), np.stack([labels == v for v in CLASSES.values]).astype(np.uint8) * np.uint8(255), "abc")
        prediction_file.save(project.folder_of(case), prediction)
        source, classes = stored(project), project.classes
        project.update(classes=classes.removed(2))  # in the window, while the files are written
        list(export(source, project.cases, classes, tmp_path / "out", ExportChoice("segmentation")))
    found = read_mask(tmp_path / "out" / "cell.png")[0]
    assert (found[0, 2, 2:4] == 2).all()
    assert (found[0, 15, 15], found[0, 30, 30]) == (1, 0)
    lines = (tmp_path / "out" / "measurements.csv").read_text("utf-8").splitlines()[1:]
    scar = next(line for line in csv.DictReader(lines) if line["class"] == "scar")
    assert (scar["painted_voxels"], scar["predicted_voxels"]) == ("2", "0")


def test_that_a_case_never_predicted_cannot_be_exported_as_segmentation(tmp_path: Path) -> None:
    case = picture_case(tmp_path)
    with Project.create(tmp_path / "p.unetstudio", CLASSES) as project:
        project.add_cases([case])
        with pytest.raises(UserError, match="not been predicted"):
            list(export(stored(project), project.cases, CLASSES, tmp_path / "out", ExportChoice("segmentation")))
