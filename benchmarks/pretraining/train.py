"""Trains the network of learned features on procedural worlds, episode by episode.

    python benchmarks/pretraining/train.py OUT.safetensors --steps 12000 [--seed 0] [--start FILE] [--log LOG.jsonl]

An episode is three images of a world with strokes on one or two of them. A ridge regression of the stroke pixels, on the network's
features, predicts all pixels of all three; the gradient of its loss on the full masks goes through the regression into the network. What is
saved is the moving average of the weights. Held-out worlds (another seed) are scored now and then, beside the same readout of the input
channels alone.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from ridge import Ridge
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from worlds import UNLABELLED, Episode, draw_episode

from unetstudio.pixel_classifier.feature_network import FeatureNetwork
from unetstudio.pixel_classifier.learned_features import input_channels

Random = np.random.Generator

EPISODES = 4
"""Episodes of a step."""

FROZEN = 0.4
"""Share of the training, at its end, in which the rate falls and batch norms keep their running statistics, as at use."""

HELD_OUT = 1_000_003
"""Seed of the worlds that are only scored."""


def planes(rng: Random, episode: Episode) -> NDArray[np.float32]:
    """Scale the images (N, Y, X) so that robust ends are -1 and 1: each by itself, or all alike, as a project's scale does."""
    low, high = rng.uniform(0.1, 2), 100 - rng.uniform(0.1, 2)
    each = rng.random() < 0.5
    ends = np.percentile(episode.images, (low, high), axis=(1, 2) if each else None, keepdims=True)
    if each:
        spans = ends[1] - ends[0]
        ends[1] = ends[0] + np.maximum(spans, 0.1 * spans.max())  # an image without objects is not stretched to noise
    return np.clip((episode.images - ends[0]) / np.maximum(ends[1] - ends[0], 1e-6) * 2 - 1, -8, 8).astype(np.float32)


def example(rng: Random, episode: Episode) -> tuple[Tensor, Tensor, Tensor]:
    """Return input (3, C, Y, X), classes and strokes (3, Y, X) of an episode in one of eight orientations."""
    images, classes = planes(rng, episode), episode.classes
    strokes = np.full(classes.shape, UNLABELLED, np.uint8)
    both = 1 + int(rng.random() < 0.5)
    strokes[:both] = episode.strokes[:both]
    turns, flip = int(rng.integers(4)), rng.random() < 0.5
    turned = [np.rot90(a, turns, (1, 2))[..., :: -1 if flip else 1] for a in (images, classes, strokes)]
    channels = np.stack([input_channels(image) for image in turned[0]])
    return torch.from_numpy(channels), torch.from_numpy(turned[1].astype(np.int64)), torch.from_numpy(turned[2].astype(np.int64))


def predict(ridge: Ridge, features: Tensor, strokes: Tensor, number: int) -> Tensor:
    """Read out the logits (N, K, Y, X) of the features (N, F, Y, X) by the strokes (N, Y, X)."""
    flat = features.movedim(1, -1)
    painted = strokes != UNLABELLED
    weights = ridge.fit(flat[painted], strokes[painted], number)
    return ridge.logits(flat.flatten(0, 2), weights).unflatten(0, strokes.shape).movedim(-1, 1)


def loss_of(logits: Tensor, classes: Tensor) -> Tensor:
    """Average cross-entropy, classes weighted a little by their rarity, and soft Dice."""
    number = logits.shape[1]
    known = classes != UNLABELLED
    sizes = torch.bincount(classes[known], minlength=number).float()
    weight = torch.where(sizes > 0, (sizes + 50).pow(-0.2), 0)
    entropy = nn.functional.cross_entropy(logits, classes, weight / weight.sum(), ignore_index=UNLABELLED)
    p = logits.softmax(1) * known[:, None]
    y = nn.functional.one_hot(classes.where(known, torch.zeros_like(classes)), number).movedim(-1, 1) * known[:, None]
    dice = (2 * (p * y).sum((0, 2, 3)) + 10) / (p.sum((0, 2, 3)) + y.sum((0, 2, 3)) + 10)
    return entropy + 1 - dice.mean()


def dice_of(logits: Tensor, classes: Tensor) -> float:
    """Return the mean Dice of the foreground classes in the last image, which has no strokes, or in all where it has none."""
    predicted, values = logits.argmax(1), range(1, logits.shape[1])
    at = slice(2, 3) if (classes[2] > 0).any() else slice(0, 3)
    predicted, classes = predicted[at], classes[at]
    present = [v for v in values if (classes == v).any()]
    return float(
        np.mean([2 * ((predicted == v) & (classes == v)).sum() / ((predicted == v).sum() + (classes == v).sum()) for v in present])
    )


def with_input(features: Tensor, channels: Tensor) -> Tensor:
    """Put the input channels beside the learned features."""
    return torch.cat([features.float(), channels], 1)


@torch.inference_mode()
def score(network: FeatureNetwork, ridge: Ridge, episodes: list[Episode]) -> dict[str, float]:
    """Return mean Dice by kind of world and over all, and over all with the input channels alone."""
    network.eval()
    rng, by_kind, plain = np.random.default_rng(HELD_OUT), {}, []
    for episode in episodes:
        channels, classes, strokes = example(rng, episode)
        if not ((classes > 0) & (classes != UNLABELLED)).any():
            continue
        with torch.autocast("cpu", torch.bfloat16):
            features = network(channels.contiguous(memory_format=torch.channels_last))
        logits = predict(ridge, with_input(features, channels), strokes, episode.number)
        by_kind.setdefault(episode.kind, []).append(dice_of(logits, classes))
        plain.append(dice_of(predict(ridge, channels, strokes, episode.number), classes))
    every = [d for found in by_kind.values() for d in found]
    return {
        "all": float(np.mean(every)),
        "input alone": float(np.mean(plain)),
        **{k: float(np.mean(v)) for k, v in sorted(by_kind.items())},
    }


def freeze_norms(network: nn.Module) -> None:
    """Let batch norms use their running statistics from now on."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def save(path: Path, network: nn.Module, ridge: Ridge, step: int, seed: int) -> None:
    """Write weights, readout and how they came about."""
    tensors = {f"network.{k}": v.float().contiguous() for k, v in network.state_dict().items() if "num_batches" not in k}
    tensors |= {f"ridge.{k}": v for k, v in ridge.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary, {"steps": str(step), "seed": str(seed)})
    temporary.replace(path)


def main() -> None:
    """Train."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("out", type=Path)
    ask.add_argument("--steps", type=int, default=12000)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--start", type=Path)
    ask.add_argument("--log", type=Path)
    ask.add_argument("--rate", type=float, default=2e-3)
    ask.add_argument("--frozen", type=float, default=FROZEN, help="share of the steps, at the end, with frozen norms and falling rate")
    ask.add_argument("--pool", type=int, default=3000, help="episodes kept")
    ask.add_argument("--threads", type=int, default=1)
    options = ask.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    network, ridge = FeatureNetwork().to(memory_format=torch.channels_last), Ridge()
    if options.start:
        stored = load_file(options.start)
        network.load_state_dict({k[8:]: v for k, v in stored.items() if k.startswith("network.")}, strict=False)
        ridge.load_state_dict({k[6:]: v for k, v in stored.items() if k.startswith("ridge.")})
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW([*network.parameters(), *ridge.parameters()], options.rate, betas=(0.9, 0.98), weight_decay=1e-3)
    held_rng = np.random.default_rng(HELD_OUT)
    held_out = [draw_episode(held_rng) for _ in range(80)]
    pool = [draw_episode(rng) for _ in range(60)]
    losses: list[float] = []
    start, cpu = time.time(), time.process_time()
    for step in range(1, options.steps + 1):
        pool.append(draw_episode(rng))
        if len(pool) > options.pool:
            pool.pop(int(rng.integers(len(pool) - 1)))
        left = (options.steps - step) / options.steps
        if left < options.frozen:
            freeze_norms(network)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1.0, step / 100, max(0.02, left / options.frozen))
        chosen = [pool[-1], *(pool[int(i)] for i in rng.integers(len(pool), size=EPISODES - 1))]
        examples = [example(rng, episode) for episode in chosen]
        channels = torch.cat([e[0] for e in examples]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            features = network(channels)
        features = with_input(features, channels)
        parts = [
            loss_of(predict(ridge, features[3 * i : 3 * i + 3], strokes, chosen[i].number), classes)
            for i, (_, classes, strokes) in enumerate(examples)
        ]
        loss = torch.stack(parts).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        with torch.no_grad():
            keep = min(0.998, (1 + step) / (10 + step))
            for a, b in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
                if a.is_floating_point():
                    a.lerp_(b, 1 - keep)
        if step % 250 == 0 or step == options.steps:
            row = {
                "step": step,
                "seconds": round(time.time() - start),
                "cpu": round(time.process_time() - cpu),
                "loss": round(float(np.mean(losses[-250:])), 4),
            }
            row |= {"ridge": [round(p.item(), 2) for p in ridge.parameters()]}
            if step % 500 == 0 or step == options.steps:
                row |= {k: round(v, 4) for k, v in score(average, ridge, held_out).items()}
                save(options.out, average, ridge, step, options.seed)
            print(json.dumps(row), flush=True)
            if options.log:
                with options.log.open("a") as log:
                    log.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
