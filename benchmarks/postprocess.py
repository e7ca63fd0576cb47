"""Benchmark of post-processing a 2048 x 2048 picture, each step against that of scikit-image or SciPy.

The limit is 100 ms per step from slider to screen; times are CPU times, which do not depend on the load of the machine.
Run: python benchmarks/postprocess.py
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
from scipy import ndimage
from skimage import filters, morphology, segmentation

from unetstudio.postprocess.segment import segment
from unetstudio.postprocess.stack import DEFAULT_STEPS, with_options

EDGE, LIMIT = 2048, 100.0
SPACING = (1.0, 5e-4, 5e-4)
ALL = ["threshold=0.4", "small_components=30", "fill_holes=200", "smooth=2"]


def predicted(grain: float) -> np.ndarray:
    """Make (2, 1, Y, X) uint8: smooth blobs with the fine grain of an undertrained network."""
    rng = np.random.default_rng(0)
    coarse = cv2.GaussianBlur(rng.standard_normal((EDGE, EDGE)).astype(np.float32), (0, 0), 14) * 80
    fine = cv2.GaussianBlur(rng.standard_normal((EDGE, EDGE)).astype(np.float32), (0, 0), 1.5) * grain
    share = (255 / (1 + np.exp(-coarse - fine))).round().astype(np.uint8)
    return np.stack([255 - share, share])[:, None]


def split_at_once(mask: np.ndarray, depth: float = 2.0) -> np.ndarray:
    """Number objects by scikit-image's h-maxima and watershed over the whole image."""
    distance = ndimage.distance_transform_edt(mask)
    seeds, _ = ndimage.label(morphology.h_maxima(distance, depth), np.ones((3, 3)))
    return segmentation.watershed(-distance, seeds, mask=mask, watershed_line=True)


def milliseconds(work: Callable[[], object]) -> float:
    """Return the shortest time of five runs."""
    seconds = []
    for _ in range(5):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds) * 1e3


def main() -> None:
    for grain, words in ((0.8, "calm prediction"), (4.0, "noisy prediction")):
        probabilities = predicted(grain)
        mask = probabilities[1, 0] > 127
        peers: dict[str, tuple[str, Callable[[], object]]] = {
            "": ("numpy argmax", lambda p=probabilities: p.argmax(axis=0)),
            "small_components=30": ("skimage remove_small_objects", lambda m=mask: morphology.remove_small_objects(m, max_size=29)),
            "fill_holes=0": ("scipy binary_fill_holes", lambda m=mask: ndimage.binary_fill_holes(m)),
            "smooth=2": ("skimage gaussian and > 0.5", lambda m=mask: filters.gaussian(m, 1) > 0.5),
            "split=2": ("skimage h_maxima and watershed", lambda m=mask: split_at_once(m)),
        }
        print(words)
        for option, (name, peer) in peers.items():
            steps = with_options(DEFAULT_STEPS, [option] if option else [])
            ours = milliseconds(lambda p=probabilities, s=steps: segment(p, (0, 1), s, SPACING))
            print(f"  {option or 'likeliest class':22} {ours:6.1f} ms   {name}: {milliseconds(peer):.1f} ms")
        whole = milliseconds(lambda p=probabilities: segment(p, (0, 1), with_options(DEFAULT_STEPS, ALL), SPACING))
        print(f"  {'all steps':22} {whole:6.1f} ms   limit {LIMIT:.0f} ms a step")


if __name__ == "__main__":
    main()
