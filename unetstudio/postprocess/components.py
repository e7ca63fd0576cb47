"""Connected components of a mask, and the labels around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import tight


def components(mask: NDArray[np.bool_], *, corners: bool) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the components of a (Z, Y, X) mask: return ids (0 outside), and voxels per id (entry 0, the outside, is not meaningful).

    `corners` joins voxels that touch at a corner or an edge (8 or 26 neighbours), otherwise only through faces (4 or 6).
    """
    if mask.shape[0] == 1:
        plane = np.ascontiguousarray(mask[0]).view(np.uint8)
        _, numbered, stats, _ = cv2.connectedComponentsWithStats(plane, connectivity=8 if corners else 4, ltype=cv2.CV_32S)
        return np.asarray(numbered, np.int32)[None], np.asarray(stats, np.int64)[:, cv2.CC_STAT_AREA]
    from scipy import ndimage

    ids: NDArray[np.int32] = np.zeros(mask.shape, np.int32)
    box = tight(mask)
    if box.empty:
        return ids, np.zeros(1, np.int64)
    inside = mask[box.slices]
    part, count = ndimage.label(inside, ndimage.generate_binary_structure(3, 3 if corners else 1))
    ids[box.slices] = part
    return ids, np.bincount(part[inside], minlength=int(count) + 1).astype(np.int64)


def kept_by_hand(ids: NDArray[np.int32], painted: NDArray[np.bool_] | None) -> NDArray[np.int32]:
    """Return the ids of the components that contain a painted voxel."""
    return np.zeros(0, np.int32) if painted is None else np.unique(ids[painted])


def borders(
    labels: NDArray[np.uint8], ids: NDArray[np.int32], where: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the labels that touch each component through faces: (id, label outside, number of faces), sorted by id and label.

    `ids` (Z, Y, X) is 0 outside the components, `where` the flat indexes of their voxels; faces between two components and at the edge
    of the array do not count.
    """
    flat_ids, flat_labels = ids.reshape(-1), labels.reshape(-1)
    own = flat_ids[where].astype(np.int64)
    _, rows, columns = ids.shape
    votes = []
    for stride, length in ((rows * columns, ids.shape[0]), (columns, rows), (1, columns)):
        if length == 1:
            continue
        place = where // stride % length
        for towards, edge in ((-stride, 0), (stride, length - 1)):
            inside = place != edge
            there = where[inside] + towards
            outside = flat_ids[there] == 0
            votes.append(own[inside][outside] * 256 + flat_labels[there[outside]])
    keys, counts = np.unique(np.concatenate(votes or [np.zeros(0, np.int64)]), return_counts=True)
    return keys // 256, keys % 256, counts.astype(np.int64)
