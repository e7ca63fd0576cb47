"""A day in the real program on a series full of patient data, with all its files and network connections recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

RECORDER = """
import os, socket, sys
log = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
NAMES = ("socket.getaddrinfo", "socket.gethostby", "socket.getnameinfo", "urllib.", "http.client.", "ftplib.", "smtplib.", "webbrowser.")
def hook(event, arguments):
    line = ""
    if event == "socket.bind" and arguments[1][:2] == ("::1", 0):
        return  # a library tests for IPv6 on this computer only
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind") and arguments[0].family != socket.AF_UNIX:
        line = f"network {event} {arguments[1:]}"
    elif event.startswith(NAMES):
        line = f"network {event} {arguments}"
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        flags = arguments[2] or 0
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or set(arguments[1] or "") & set("wax+"):
            line = "write " + os.path.abspath(os.fsdecode(arguments[0]))
    if line:
        os.write(log, (line.replace("\\n", " ") + "\\n").encode("utf-8", "surrogateescape"))
sys.addaudithook(hook)
"""

TEXTS = {"AE": 16, "CS": 16, "LO": 64, "LT": 400, "PN": 64, "SH": 16, "ST": 200, "UT": 400, "UC": 100, "UR": 100}
"""Value representations that hold free text, and its largest length."""
LEFT_ALONE = {
    *("Modality", "PhotometricInterpretation", "ImageType", "SpecificCharacterSet", "PatientPosition", "PresentationLUTShape"),
    *("TransferSyntaxUID", "MediaStorageSOPClassUID", "SOPClassUID", "LossyImageCompression", "RescaleType", "PixelPresentation"),
    *("VolumetricProperties", "VolumeBasedCalculationTechnique", "PatientOrientation", "OverlayType", "OverlaySubtype"),
}
"""Elements that an image needs, or that identify nobody."""


@dataclass(frozen=True)
class Day:
    """The planted texts, the folders the program could write to, and the recorded calls."""

    root: Path
    canaries: dict[str, str]  # text and its element
    status: int
    spoken: str  # standard output and error
    network: list[str]
    written: list[Path]
    system_calls: str  # connects and sends as strace saw them; "" without strace


def planted(folder: Path) -> dict[str, str]:
    """Make a CT series of 3 slices in which every element that can hold text has a unique one."""
    folder.mkdir()
    canaries: dict[str, str] = {}

    def canary(where: str, longest: int) -> str:
        text = f"ZQ{len(canaries):04d}KANARI"[:longest]
        canaries[text] = where
        return text

    def uid(where: str) -> str:
        text = f"1.2.826.0.1.3680043.8.498.77{len(canaries):05d}7331"
        canaries[text] = where
        return text

    common = Dataset()
    for keyword in sorted(k for k in keyword_dict if k):
        try:
            kind = dictionary_VR(keyword)
        except KeyError:
            continue
        if keyword in LEFT_ALONE or keyword.startswith(
            ("Command", "Affected", "Requested", "Move", "MediaStorage", "FileSet", "Overlay", "Curve")
        ):
            continue
        group = keyword_dict[keyword] >> 16
        if group in (0x0000, 0x0002, 0x0004, 0xFFFE, 0x7FE0) or group not in (
            0x0008,
            0x0010,
            0x0012,
            0x0018,
            0x0020,
            0x0032,
            0x0038,
            0x0040,
            0x4008,
        ):
            continue
        if kind in TEXTS:
            setattr(common, keyword, canary(keyword, TEXTS[kind]))
        elif kind == "UI" and keyword != "SOPInstanceUID":
            setattr(common, keyword, uid(keyword))
    common.PatientBirthDate, common.StudyDate, common.AcquisitionDate = "19370211", "19981103", "19981104"
    common.PatientBirthTime, common.StudyTime, common.PatientAge = "031415.926535", "172839.405162", "061Y"
    canaries |= {"19370211": "PatientBirthDate", "19981103": "StudyDate", "19981104": "AcquisitionDate"}
    canaries |= {"031415.926535": "PatientBirthTime", "172839.405162": "StudyTime"}
    inner = Dataset()
    inner.PatientName, inner.PatientID = canary("OtherPatientIDsSequence.PatientName", 64), canary("OtherPatientIDsSequence.PatientID", 64)
    common.OtherPatientIDsSequence = Sequence([inner])
    block = common.private_block(0x0009, canary("private creator", 64), create=True)
    block.add_new(0x01, "LO", canary("private text", 64))
    block.add_new(0x02, "OB", canary("private bytes", 64).encode())
    block.add_new(0x03, "PN", canary("private name", 64))
    texture = np.random.default_rng(0).integers(0, 400, (3, 48, 56)).astype(np.uint16)
    texture[:, :, 28:] += 900
    for number, pixels in enumerate(texture):
        dataset = Dataset()
        dataset.update(common)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid(f"SOPInstanceUID {number}")
        dataset.file_meta.ImplementationVersionName = canary("ImplementationVersionName", 16)
        dataset.file_meta.SourceApplicationEntityTitle = canary("SourceApplicationEntityTitle", 16)
        dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number + 1
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 2.5 * number], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness, dataset.PatientWeight = [0.7, 0.7], 2.5, "71.2834659"
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = *pixels.shape, 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation, dataset.PixelData = 15, 0, pixels.tobytes()
        dataset.preamble = canary("preamble", 64).encode().ljust(128, b"\0")
        dataset.save_as(folder / f"IM{number}", enforce_file_format=True)
    canaries["71.2834659"] = "PatientWeight"
    return canaries


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Record the program's whole day, which takes about half a minute."""
    root = tmp_path_factory.mktemp("day")
    with pydicom.config.disable_value_validation():
        canaries = planted(root / "series")
    (root / "recorder").mkdir()
    (root / "recorder" / "sitecustomize.py").write_text(RECORDER)
    places = {
        name: root / "home" / name.lower() for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "TMPDIR")
    }
    for place in places.values():
        place.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name != "UNETSTUDIO_HOME"}
    environment |= {name: str(place) for name, place in places.items()}
    environment |= {"HOME": str(root / "home"), "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen", "LOGNAME": "clinician"}
    environment |= {"PYTHONPATH": str(root / "recorder"), "RECORD": str(root / "record"), "PYTHONDONTWRITEBYTECODE": "1"}
    trace = root / "trace"
    strace = shutil.which("strace") if sys.platform == "linux" else None
    before = [strace, "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg,bind", "-o", str(trace)] if strace else []
    words = [sys.executable, str(Path(__file__).with_name("whole_flow.py")), str(root / "series"), str(root / "exports")]
    done = subprocess.run([*before, *words], env=environment, capture_output=True, timeout=240, check=False, cwd=root / "home")
    record = (root / "record").read_text(errors="surrogateescape").splitlines()
    written = {Path(line.removeprefix("write ")) for line in record if line.startswith("write ")}
    return Day(
        root,
        canaries,
        done.returncode,
        (done.stdout + done.stderr).decode(errors="replace"),
        [line for line in record if line.startswith("network")],
        sorted(written),
        trace.read_text(errors="replace") if trace.exists() else "",
    )
