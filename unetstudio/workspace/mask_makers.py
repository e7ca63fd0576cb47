"""Who made a mask, in a few words for its file: painted, imported, accepted, predicted by which checkpoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case, ReviewState
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import SOURCE, Origin

_WORDS = {Origin.PAINTED: "painted by hand", Origin.IMPORTED: "imported", Origin.ACCEPTED: "accepted from a prediction"}
_DIGITS = 12
_REVIEWED = {ReviewState.ACCEPTED: "accepted in review", ReviewState.CORRECTED: "corrected in review"}


def describe_makers(values: NDArray[np.uint8], origin: NDArray[np.uint8], case: Case, checkpoint: str) -> str:
    """Return words such as "predicted by checkpoint 3fa9c0de1b22, painted by hand, accepted in review"."""
    made = np.bincount((origin[values != UNLABELLED] & SOURCE).ravel(), minlength=len(Origin)) > 0
    words = [f"predicted by checkpoint {checkpoint[:_DIGITS]}"] if checkpoint else []
    words += [text for maker, text in _WORDS.items() if made[maker]]
    return ", ".join([*words, *([_REVIEWED[case.review]] if case.review in _REVIEWED else [])])
