"""What training minimises."""

from __future__ import annotations

import torch

from unetstudio.training.losses import class_weights, loss


def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(2, 3, 8, 8), torch.randint(0, 3, (2, 8, 8)), torch.ones(2, 8, 8)


def test_that_unlabelled_voxels_enter_no_sum() -> None:
    logits, target, weight = batch()
    target[:, 4:] = 255
    one = loss(logits, target, weight, torch.ones(3), 0.5)
    logits[:, :, 4:] = 100 * torch.randn(2, 3, 4, 8)
    two = loss(logits, target, weight, torch.ones(3), 0.5)
    assert torch.equal(one, two)


def test_that_unlabelled_voxels_get_no_gradient() -> None:
    logits, target, weight = batch()
    target[:, 4:] = 255
    logits.requires_grad_()
    loss(logits, target, weight, torch.ones(3), 0.5).backward()
    assert logits.grad is not None
    assert not logits.grad[:, :, 4:].any()
    assert logits.grad[:, :, :4].all()


def test_that_a_batch_without_labels_gives_nought_and_not_nan() -> None:
    logits, target, weight = batch()
    target[:] = 255
    assert loss(logits, target, weight, torch.ones(3), 0.5).item() == 0


def test_that_accepted_voxels_count_half() -> None:
    logits, target, weight = batch()
    weight[0] = 0.5
    halves = loss(logits, target, weight, torch.ones(3), 0.0)
    first, second = (loss(logits[n : n + 1], target[n : n + 1], torch.ones(1, 8, 8), torch.ones(3), 0.0) for n in (0, 1))
    torch.testing.assert_close(halves, (0.5 * first + second) / 1.5)


def test_that_a_right_answer_costs_nothing() -> None:
    _, target, weight = batch()
    logits = 50 * torch.nn.functional.one_hot(target, 3).movedim(-1, 1).float()
    assert loss(logits, target, weight, torch.ones(3), 0.5).item() < 1e-3


def test_that_rare_classes_weigh_mildly_more() -> None:
    weights = class_weights([10_000, 100, 0])
    assert 3 < (weights[1] / weights[0]).item() < 3.5
    torch.testing.assert_close(weights[:2].mean(), torch.tensor(1.0))


def test_that_a_rare_class_of_full_masks_weighs_more_than_one_of_strokes() -> None:
    strokes, masks = class_weights([10_000, 100]), class_weights([10_000, 100], dense=True)
    assert masks[1] / masks[0] > 2 * strokes[1] / strokes[0]
