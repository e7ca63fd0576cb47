"""Records that were written again after a refusal stand once in the record of who painted what."""

import errno

from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import ProjectError
from unetstudio.project.audit import audit_trail
from unetstudio.project.record import Kind
from unetstudio.project.store import LabelStore


def test_that_a_first_part_that_was_on_the_disk_after_all_breaks_no_chain(tmp_path, failing_disk):
    """Closing the file failed when all was written: the part stands in two journals."""
    labels = LabelMap.unlabelled((1, 20, 20))
    stroke = Stroke(labels, 1, tool="brush")
    stroke.paint(Region((0, 2, 2), (1, 5, 5)), labels.values[:, 2:5, 2:5] == 255)
    part = stroke.part()
    for call in range(1, 60):
        project = tmp_path / f"{call}.unetstudio"
        project.mkdir()
        store = LabelStore(project / "cases" / "abcdef01")
        store.load(labels.shape)
        disk = failing_disk(call, error=errno.EIO)
        try:
            store.append(Kind.PARTIAL, part)
        except ProjectError:
            failing_disk()
            store.append(Kind.PARTIAL, part)
        failing_disk()
        store.append(Kind.EDIT, part)
        lines = list(audit_trail(store.folder))
        assert [line.kind for line in lines] == [Kind.EDIT] and lines[0].chain_ok
        if not disk.failed:
            break
    assert 5 < call < 59
