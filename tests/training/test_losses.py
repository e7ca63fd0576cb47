"""What training minimises."""

from __future__ import annotations

import pytest
import torch

from unetstudio.data.labels import UNLABELLED
from unetstudio.training.losses import class_weights, coarsen, loss, supervise


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


def test_that_class_weights_of_full_masks_fade_over_a_budget_and_those_of_strokes_stay() -> None:
    early, late = (class_weights([10_000, 100], dense=True, used=used) for used in (0.0, 1.0))
    assert early[1] > early[0] and late.tolist() == [1.0, 1.0]
    assert torch.equal(class_weights([10_000, 100], used=1.0), class_weights([10_000, 100]))


def test_that_a_coarse_block_takes_the_class_of_most_of_its_labelled_voxels() -> None:
    target = torch.full((1, 4, 4), UNLABELLED)
    target[0, :2, :2] = torch.tensor([[0, 1], [1, UNLABELLED]])
    coarse, weight = coarsen(target, torch.ones(1, 4, 4), (2, 2), 2)
    assert coarse.tolist() == [[[1, UNLABELLED], [UNLABELLED, UNLABELLED]]]
    assert weight[0, 0, 0] == 1


def test_that_one_labelled_voxel_counts_wherever_in_a_block_it_lies() -> None:
    for corner in range(4):
        target = torch.full((1, 2, 2), UNLABELLED)
        target[0, corner // 2, corner % 2] = 2
        assert coarsen(target, torch.ones(1, 2, 2), (2, 2), 3)[0].item() == 2


def test_that_a_coarse_block_has_the_mean_weight_of_its_labelled_voxels() -> None:
    target = torch.tensor([[[0, 1], [UNLABELLED, UNLABELLED]]])
    coarse, weight = coarsen(target, torch.tensor([[[0.5, 1.0], [7.0, 7.0]]]), (2, 2), 2)
    assert (coarse.item(), weight.item()) == (1, 0.75)


def test_that_blocks_follow_the_poolings_of_a_volume() -> None:
    target = torch.arange(8).reshape(1, 2, 2, 2) // 4  # slice 0 is class 0, slice 1 is class 1
    assert coarsen(target, torch.ones(1, 2, 2, 2), (1, 2, 2), 2)[0].flatten().tolist() == [0, 1]


def test_that_coarser_answers_count_half_and_a_quarter() -> None:
    torch.manual_seed(0)
    target, weight = torch.randint(0, 2, (1, 8, 8)), torch.ones(1, 8, 8)
    answers = tuple(torch.randn(1, 2, size, size) for size in (8, 4, 2))
    each = [
        loss(logits, *coarsen(target, weight, (factor,) * 2, 2), torch.ones(2), 0.5)
        for logits, factor in zip(answers, (1, 2, 4), strict=True)
    ]
    expected = (each[0] + each[1] / 2 + each[2] / 4) / 1.75
    assert supervise(answers, target, weight, torch.ones(2), 0.5).item() == pytest.approx(expected.item(), rel=1e-6)


def test_that_valid_padding_is_compared_with_the_middle_of_the_labels() -> None:
    logits = torch.randn(1, 2, 2, 4)
    target, weight = torch.randint(0, 2, (1, 6, 8)), torch.ones(1, 6, 8)
    middle = loss(logits, target[:, 2:4, 2:6], weight[:, 2:4, 2:6], torch.ones(2), 0.0)
    assert supervise(logits, target, weight, torch.ones(2), 0.0) == middle
