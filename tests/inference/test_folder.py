"""Images predicted into a folder: masks, what is kept from before, and which are doubtful."""

import csv
from pathlib import Path

import cv2
import nibabel
import numpy as np
import pytest

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError, ProjectError, UserError
from unetstudio.formats import read_mask
from unetstudio.inference import mask_files
from unetstudio.inference.events import MaskWritten, Refused, TilePredicted
from unetstudio.inference.folder import PredictionTarget, predict_to_folder
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.output_manifest import MaskEntry, as_csv
from unetstudio.inference.prediction_options import USUAL_OPTIONS, MemoryLimits, PredictionOptions
from unetstudio.postprocess.uncertainty import mean_uncertainty

CLASSES = ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)])


def run(predictor: NetworkPredictor, wanted: list[PredictionTarget], out: Path, options: PredictionOptions = USUAL_OPTIONS) -> list[object]:
    return [e for e in predict_to_folder(predictor, wanted, out, (), CLASSES, options) if isinstance(e, (MaskWritten, Refused))]


def test_that_an_unreadable_image_is_told_and_the_next_is_written(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    wanted = [PredictionTarget(Source(tmp_path / "gone.png"), "gone"), PredictionTarget(Source(image), "cell")]
    refused, written = run(predictor, wanted, tmp_path / "out")
    assert isinstance(refused, Refused)
    assert "gone.png" in refused.why
    assert isinstance(written, MaskWritten)
    assert read_mask(Path(written.path))[0].shape == (1, 26, 30)
    assert not list((tmp_path / "out").glob("*.tmp"))


def test_that_an_image_that_fails_while_it_is_predicted_is_left_out(
    predictor: NetworkPredictor, image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = image.with_name("other.png")
    other.write_bytes(image.read_bytes())
    wanted = [PredictionTarget(Source(image), "cell"), PredictionTarget(Source(other), "other")]
    monkeypatch.setattr(mask_files, "MOST_OBJECTS", -1)
    assert [type(event) for event in run(predictor, wanted, tmp_path / "out", PredictionOptions(objects=True))] == [Refused, Refused]

    def damaged() -> None:
        raise ProjectError(tmp_path / "labels.h5", "is damaged.")

    refused, written = run(predictor, [PredictionTarget(Source(image), "cell", damaged), wanted[1]], tmp_path / "out")
    assert isinstance(refused, Refused) and isinstance(written, MaskWritten)


def test_that_images_of_one_name_from_two_folders_have_a_mask_each(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    second = tmp_path / "second" / image.name
    second.parent.mkdir()
    second.write_bytes(image.read_bytes())
    out = tmp_path / "out"
    for _ in range(2):
        for source in (image, second):
            run(predictor, [PredictionTarget(Source(source), "cell")], out)
    assert sorted(path.name for path in out.glob("*.png")) == ["cell-2.png", "cell.png"]
    assert len((out / "doubt.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_that_two_runs_do_not_write_into_one_folder_at_once(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    wanted = [PredictionTarget(Source(image), "cell")]
    job = predict_to_folder(predictor, wanted, tmp_path / "out", (), CLASSES)
    next(job)
    with pytest.raises(UserError, match="Another run is writing masks into out"):
        run(predictor, wanted, tmp_path / "out")
    job.close()
    assert isinstance(run(predictor, wanted, tmp_path / "out")[0], MaskWritten)


def test_that_nothing_is_written_when_no_image_can_be_read(predictor: NetworkPredictor, tmp_path: Path) -> None:
    run(predictor, [PredictionTarget(Source(tmp_path / "gone.png"), "gone")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_that_an_image_in_the_folder_is_never_written_over(predictor: NetworkPredictor, image: Path) -> None:
    before = image.read_bytes()
    with pytest.raises(UserError, match="is one of the images"):
        run(predictor, [PredictionTarget(Source(image), "cell")], image.parent)
    assert {p.name: p.read_bytes() for p in image.parent.iterdir()} == {"cell.png": before}


def test_that_a_mask_of_ours_is_replaced_and_one_that_was_changed_since_is_not(
    predictor: NetworkPredictor, image: Path, tmp_path: Path
) -> None:
    wanted = [PredictionTarget(Source(image), "cell")]
    run(predictor, wanted, tmp_path / "out")
    run(predictor, wanted, tmp_path / "out")
    (tmp_path / "out" / "cell.png").write_bytes(b"corrected by hand")
    with pytest.raises(UserError, match="not as this program wrote it"):
        run(predictor, wanted, tmp_path / "out")
    assert (tmp_path / "out" / "cell.png").read_bytes() == b"corrected by hand"


def test_that_painted_voxels_win(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    painted = np.zeros((1, 26, 30), np.bool_)
    painted[0, :5] = True
    values = np.ones((1, 26, 30), np.uint8)
    for value in (0, 1):
        out = tmp_path / str(value)
        run(predictor, [PredictionTarget(Source(image), "cell", lambda v=value: (values * v, painted))], out)  # type: ignore[misc]
        assert (read_mask(out / "cell.png")[0][0, :5] == value).all()


def test_that_a_file_in_the_place_of_the_folder_is_named(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(FormatError, match="a file of this name is in the way"):
        run(predictor, [PredictionTarget(Source(image), "cell")], tmp_path / "out")


def test_that_what_was_made_before_is_kept_until_something_it_depends_on_changes(
    predictor: NetworkPredictor, image: Path, tmp_path: Path
) -> None:
    out, wanted = tmp_path / "out", [PredictionTarget(Source(image), "cell")]

    def before(wanted: list[PredictionTarget] = wanted, options: PredictionOptions = USUAL_OPTIONS) -> bool:
        (event,) = run(predictor, wanted, out, options)
        assert isinstance(event, MaskWritten)
        return event.before

    assert not before()
    assert before()
    assert not before(options=PredictionOptions(again=True))
    assert not before(options=PredictionOptions(tta="on"))
    painted = [PredictionTarget(Source(image), "cell", lambda: (np.ones((1, 26, 30), np.uint8), np.ones((1, 26, 30), np.bool_)))]
    assert not before(painted)
    assert before(painted)
    cv2.imwrite(str(image), np.zeros((26, 30), np.uint8))
    assert not before(painted)
    predictor.checkpoint = "beef"
    assert not before(painted)


def test_that_an_image_that_is_replaced_while_it_is_predicted_is_predicted_again(
    predictor: NetworkPredictor, image: Path, tmp_path: Path
) -> None:
    targets = [PredictionTarget(Source(image), "cell")]
    for event in predict_to_folder(predictor, targets, tmp_path / "out", (), CLASSES):
        if isinstance(event, TilePredicted):
            cv2.imwrite(str(image), np.zeros((26, 30), np.uint8))
    (again,) = run(predictor, targets, tmp_path / "out")
    assert isinstance(again, MaskWritten) and not again.before


def test_that_a_run_that_was_stopped_goes_on_with_what_is_missing(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    for name in "ab":
        (image.parent / f"{name}.png").write_bytes(image.read_bytes())
    wanted = [PredictionTarget(Source(image.parent / f"{name}.png"), name) for name in ("cell", "a", "b")]
    job = predict_to_folder(predictor, wanted, tmp_path / "out", (), CLASSES)
    while not isinstance(event := next(job), MaskWritten) or event.done < 2:
        pass
    job.close()
    assert [event.before for event in run(predictor, wanted, tmp_path / "out")] == [True, True, False]


def test_that_images_are_listed_by_mean_uncertainty(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(image.parent / "flat.png"), np.full((26, 30), 90, np.uint8))
    wanted = [PredictionTarget(Source(image.parent / f"{name}.png"), name) for name in ("cell", "flat")]
    events = run(predictor, wanted, tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "doubt.csv").read_text(encoding="utf-8").splitlines()))
    found = [float(row["doubt"]) for row in rows]
    assert found == sorted(found, reverse=True)
    assert {row["mask"] for row in rows} == {"cell.png", "flat.png"}
    assert sorted(round(event.mean_uncertainty, 4) for event in events) == sorted(found)


def test_that_the_list_says_how_much_there_is_of_each_structure(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    values = np.zeros((1, 26, 30), np.uint8)
    values[0, 2:6, 2:7] = 1
    cv2.imwrite(str(image.parent / "plain.png"), np.zeros((26, 30), np.uint8))
    painted = PredictionTarget(Source(image), "cell", lambda: (values, np.ones(values.shape, np.bool_)))
    run(predictor, [painted, PredictionTarget(Source(image.parent / "plain.png"), "plain")], tmp_path / "out")
    text = (tmp_path / "out" / "doubt.csv").read_text(encoding="utf-8")
    (row,) = (row for row in csv.DictReader(text.splitlines()) if row["image"] == "cell.png")
    assert (row["cell_voxels"], row["cell_mm2_or_mm3"]) == ("20", "")  # a PNG of unknown pixel size


def test_that_an_area_is_told_where_the_pixel_size_is_known_and_nothing_where_none_was_counted() -> None:
    large = MaskEntry("b.tif", "b.tif", "", None, {}, 0.25, "/b.tif")
    rows = list(csv.DictReader(as_csv([large, MaskEntry("a.tif", "a.png", "", 0.5, {"cell": 20}, 0.25, "/a.tif")]).splitlines()))
    assert [row["image"] for row in rows] == ["a.tif", "b.tif"]
    assert [row["cell_mm2_or_mm3"] for row in rows] == ["5", ""]
    assert [row["doubt"] for row in rows] == ["0.5000", ""]


def test_that_the_mean_uncertainty_is_that_where_structures_may_be() -> None:
    share = np.zeros((1, 20, 20), np.uint8)
    assert mean_uncertainty(np.stack([255 - share, share])) == 0
    share[0, 5:10, 5:10] = 255
    sure = mean_uncertainty(np.stack([255 - share, share]))
    share[0, 5:10, 5:10] = 140
    assert sure < 0.01 < 0.5 < mean_uncertainty(np.stack([255 - share, share]))


def test_that_objects_are_numbered_when_asked(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    values = np.zeros((1, 26, 30), np.uint8)
    values[0, 2:6, 2:6] = values[0, 15:20, 15:20] = 1
    wanted = [PredictionTarget(Source(image), "cell", lambda: (values, np.ones(values.shape, np.bool_)))]
    run(predictor, wanted, tmp_path / "out", PredictionOptions(objects=True))
    found = read_mask(tmp_path / "out" / "cell.png")[0]
    assert sorted(np.unique(found)) == [0, 1, 2] and ((found > 0) == (values > 0)).all()


def test_that_mirrored_views_are_for_small_images_and_networks_that_know_them() -> None:
    small, large = Scan(np.zeros((1, 1, 256, 256), np.uint8)), Scan(np.zeros((1, 1, 256, 257), np.uint8))
    assert PredictionOptions().uses_tta(small, mirrored=True)
    assert not PredictionOptions().uses_tta(small, mirrored=False)
    assert not PredictionOptions().uses_tta(large, mirrored=True)
    assert PredictionOptions("on").uses_tta(large, mirrored=False) and not PredictionOptions("off").uses_tta(small, mirrored=True)
    with pytest.raises(UserError, match="auto, on, off"):
        PredictionOptions("sometimes")
    with pytest.raises(UserError, match="no engine 'tensor'"):
        PredictionOptions(engine="tensor")


def test_that_one_slice_of_a_patient_is_predicted_into_its_place(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    pixels = cv2.imread(str(image), cv2.IMREAD_GRAYSCALE)
    affine = np.array([[-0.7, 0, 0, 30], [0, 0, 5, -20], [0, 0.7, 0, 7], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(pixels.T[..., None], affine), tmp_path / "slice.nii.gz")
    wanted = [PredictionTarget(Source(tmp_path / "slice.nii.gz"), "slice")]
    for name, options in (("whole", USUAL_OPTIONS), ("pieces", PredictionOptions(limits=MemoryLimits(picture=1)))):
        (written,) = run(predictor, wanted, tmp_path / name, options)
        assert Path(written.path).name == "slice.nii.gz"
        mask = nibabel.load(written.path)
        assert mask.shape == (30, 26, 1)
        assert np.allclose(mask.affine, affine)
        assert int(mask.header["sform_code"]) == 2
