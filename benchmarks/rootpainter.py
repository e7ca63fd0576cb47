"""RootPainter's rule of learning from corrections, with this program's network, samples and augmentation.

The rule, as Smith et al. describe it (RootPainter: deep learning segmentation of biological images with corrective annotation, New
Phytologist 2022, doi:10.1111/nph.18387) and as their program has it:

- Training begins when two images carry strokes: one is learnt from, the other decides. Later images are learnt from until there are
  five times as many of these as of the others; then the next one decides.
- Patches are cut anywhere that has strokes. The loss is Dice plus 0.3 times the cross-entropy over all pixels of the patches: where
  nothing is annotated the logits are multiplied by zero, so that these pixels teach nothing, but count in both means.
- After each epoch the new weights and those in use are compared by F1 on the strokes of the deciding images, and the better are used.

What is ours: the U-Net, with group normalisation as theirs, on our input channels; AdamW at our rate, where they have SGD with momentum;
and epochs of five seconds instead of 612 patches, so that something is seen within minutes without a GPU. With more than one
foreground class, Dice and F1 are means over them.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from live_runner import CLOCKS
from material import segmented
from numpy.typing import NDArray
from stroke_sets import Task
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from unetstudio.augment.presets import choose_recipe
from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.palette import colours
from unetstudio.data.study import Study, StudyCase
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.device import choose_device, use_threads
from unetstudio.networks.network import Network, create
from unetstudio.networks.precision_choice import choose_precision
from unetstudio.training.material import Material
from unetstudio.training.samples import Batch, Samples

Labels = NDArray[np.uint8]

EPOCH = 5.0
"""Seconds of an epoch."""

CROSS_ENTROPY = 0.3
"""Weight of the cross-entropy beside Dice."""

RATIO = 5
"""Images that are learnt from for each one that decides."""

RATE, BASE, DEPTH, BATCH, PATCH = 2e-3, 16, 3, 8, 128
"""Learning rate, network and batch that the program chooses for strokes on a CPU."""


def loss_over_all(logits: Tensor, target: Tensor) -> Tensor:
    """Compute Dice and cross-entropy over all pixels; `target` (N, Y, X) holds channels, or UNLABELLED where nothing is annotated."""
    known = target != UNLABELLED
    logits = logits * known[:, None]
    channel = torch.where(known, target, 0)
    entropy = CROSS_ENTROPY * cross_entropy(logits, channel)
    truth = one_hot(channel, logits.shape[1]).movedim(-1, 1)[:, 1:].float()
    shares = logits.softmax(1)[:, 1:]
    over = (0, 2, 3)
    size = truth.sum(over)
    dice = 1 - 2 * (shares * truth).sum(over) / (shares.sum(over) + size)
    return entropy + dice[size > 0].mean() if bool((size > 0).any()) else entropy


class RootPainter:
    """A learner by this rule behind the screen of a simulated user; see `Method`."""

    def __init__(self, task: Task, seed: int, clock: str) -> None:
        self._task, self._seed, self._clock_now = task, seed, CLOCKS[clock]
        classes = ClassTable.named(task.names, colours(len(task.names)))
        cases = [Case(str(n), str(n), e.source, "", e.scan.shape, e.scan.channels) for n, e in enumerate(task.paint)]
        self._study = Study(classes, [StudyCase(c, lambda e=e: e.scan) for c, e in zip(cases, task.paint, strict=True)])
        self._deciding: dict[int, LabelMap] = {}
        self._learning: set[int] = set()
        self._network: Network | None = None
        self._used: NetworkPredictor | None = None
        self._clock = self._epoch = 0.0
        self._image, self._stale = 0, False
        self._screen: dict[int, Labels] = {}
        self._versions: dict[int, int] = {}

    def show(self, image: int) -> None:
        self._image, self._stale = image, True

    def paint(self, image: int, edit: Edit) -> None:
        if image not in self._learning and image not in self._deciding:
            if self._learning and len(self._learning) >= RATIO * len(self._deciding):
                self._deciding[image] = LabelMap.unlabelled(self._task.paint[image].scan.shape)
            else:
                self._learning.add(image)
        if image in self._deciding:
            self._deciding[image].apply(edit)
        else:
            self._study.apply(str(image), 0, edit)

    def advance(self, until: float) -> None:
        while self._clock < until:
            if not self._deciding or self._study.reason_to_wait() is not None:
                self._clock = until
                return
            began = self._clock_now()
            self._work()
            spent = self._clock_now() - began
            self._clock += spent
            self._epoch += spent

    def seen(self, image: int) -> Labels | None:
        return self._screen.get(image)

    def version(self, image: int) -> int:
        return self._versions.get(image, 0)

    def masks(self) -> list[Labels] | None:
        used = self._used
        return None if used is None else [segmented(used, example.scan)[0] for example in self._task.score]

    def close(self) -> None:
        if self._network is not None:
            self._samples.close()

    def _work(self) -> None:
        """Do the next piece of work: begin, refresh the screen, end an epoch, or make a step."""
        if self._network is None:
            self._begin()
        elif self._stale and self._used is not None:
            self._stale = False
            self._screen[self._image] = segmented(self._used, self._task.paint[self._image].scan)[0]
            self._versions[self._image] = self.version(self._image) + 1
        elif self._epoch >= EPOCH:
            self._epoch = 0.0
            self._decide()
        else:
            self._step(self._samples.take())

    def _begin(self) -> None:
        use_threads(0, spare=1)
        torch.manual_seed(self._seed)
        members = [self._study.cases[id] for id in self._study.labelled()]
        scans = [self._study.scan(member.case.id) for member in members]
        self._intensity = Intensity.fit(scans).with_filters(scans)
        self._precision = choose_precision(choose_device(), 2, "auto")
        inputs, outputs = self._intensity.channels_out(self._intensity.channels), len(self._study.classes)
        network = create("unet", inputs, outputs, 2, base=BASE, depth=DEPTH, norm="group")
        self._network = self._precision.place(network).train()
        self._optimizer = torch.optim.AdamW(self._network.parameters(), lr=RATE)
        material = Material(self._study, self._intensity, self._seed, dims=2, hold_out="off")
        recipe, _ = choose_recipe([member.case for member in members], "auto", "")
        patch = self._network.input_shape((PATCH, PATCH))
        self._samples = Samples(material, recipe, patch, BATCH, seed=self._seed, bias=0.0)

    def _step(self, batch: Batch) -> None:
        assert self._network is not None
        with self._precision.autocast():
            logits = self._network(self._precision.place(batch.image))
        loss = loss_over_all(logits.float(), batch.target.to(logits.device))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()

    def _decide(self) -> None:
        """Use the present weights if they are better on the deciding images than those in use."""
        assert self._network is not None
        network = copy.deepcopy(self._network).eval()
        fresh = NetworkPredictor(network, self._intensity, self._study.classes.values, precision=self._precision)
        if self._used is None or self._f1(fresh) > self._f1(self._used):
            self._used, self._stale = fresh, True

    def _f1(self, predictor: NetworkPredictor) -> float:
        """Return the F1 over the strokes of the deciding images, the mean of the classes that they hold."""
        known: list[NDArray[np.uint8]] = []
        answers: list[NDArray[np.uint8]] = []
        for image, labels in self._deciding.items():
            marked = labels.values != UNLABELLED
            known.append(labels.values[marked])
            answers.append(segmented(predictor, self._task.paint[image].scan)[marked])
        truth, answer = np.concatenate(known), np.concatenate(answers)
        scores = [
            2 * ((truth == value) & (answer == value)).sum() / ((truth == value).sum() + (answer == value).sum())
            for value in np.unique(truth[truth > 0])
        ]
        return float(np.mean(scores)) if scores else 0.0
