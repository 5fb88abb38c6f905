from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.objectives.triplets import (
    Group,
    Triplets,
    all_triplets,
    hinge,
    mean_active,
    mean_or_zero,
    random_triplets,
)

Generator = Callable[[int], torch.Generator]
LABELS = st.lists(st.integers(-2, 3), max_size=9)


def as_set(triplets: Triplets) -> set[tuple[int, int, int]]:
    rows = torch.stack([triplets.anchor, triplets.positive, triplets.negative], dim=1).tolist()
    found = {(a, p, n) for a, p, n in rows}
    assert len(found) == len(triplets), "a triplet came twice"
    return found


def slow_triplets(anchors: Group, positives: Group, negatives: Group, twins: bool) -> set[tuple[int, int, int]]:
    found = set()
    for a, (label, photo) in enumerate(zip(*map(torch.Tensor.tolist, anchors), strict=True)):
        for p, (near, near_photo) in enumerate(zip(*map(torch.Tensor.tolist, positives), strict=True)):
            for n, far in enumerate(negatives.labels.tolist()):
                if label == near and label != far and (twins or photo != near_photo):
                    found.add((a, p, n))
    return found


@given(labels=LABELS, twins=st.booleans())
@settings(deadline=None, max_examples=60)
def test_all_triplets_equals_three_loops(labels: list[int], twins: bool) -> None:
    batch = Group.whole(torch.tensor(labels, dtype=torch.int64))
    assert as_set(all_triplets(batch, batch, batch, twins=twins)) == slow_triplets(batch, batch, batch, twins)


@given(labels=LABELS, chosen=st.sets(st.integers(0, 8)), twins=st.booleans())
@settings(deadline=None, max_examples=60)
def test_triplets_between_different_groups_equal_three_loops(labels: list[int], chosen: set[int], twins: bool) -> None:
    batch = Group.whole(torch.tensor(labels, dtype=torch.int64))
    marked = batch.at(torch.tensor(sorted(c for c in chosen if c < len(labels)), dtype=torch.int64))
    for groups in ((batch, marked, marked), (marked, marked, batch), (marked, batch, batch)):
        assert as_set(all_triplets(*groups, twins=twins)) == slow_triplets(*groups, twins)


def test_a_twin_is_a_positive_only_where_it_is_asked_for() -> None:
    batch = Group.whole(torch.tensor([0, 1]))
    assert as_set(all_triplets(batch, batch, batch)) == set()
    assert as_set(all_triplets(batch, batch, batch, twins=True)) == {(0, 0, 1), (1, 1, 0)}


def test_a_group_keeps_the_photo_numbers_of_its_batch() -> None:
    some = Group.whole(torch.tensor([4, 5, 6, 5])).at(torch.tensor([1, 3]))
    assert some.labels.tolist() == [5, 5]
    assert some.photos.tolist() == [1, 3]


def test_the_images_of_triplets_are_sorted_and_come_once() -> None:
    triplets = Triplets(torch.tensor([4, 1]), torch.tensor([1, 4]), torch.tensor([0, 0]))
    assert triplets.images().tolist() == [0, 1, 4]
    assert len(triplets) == 2


def test_triplets_at_positions_stay_together() -> None:
    triplets = Triplets(torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5]), torch.tensor([6, 7, 8]))
    assert as_set(triplets.at(torch.tensor([2, 0]))) == {(2, 5, 8), (0, 3, 6)}


@given(labels=LABELS, count=st.integers(0, 40), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_random_triplets_are_valid_and_without_repeats(labels: list[int], count: int, seed: int) -> None:
    whole = torch.tensor(labels, dtype=torch.int64)
    batch = Group.whole(whole)
    valid = as_set(all_triplets(batch, batch, batch))
    drawn = as_set(random_triplets(whole, count, torch.Generator().manual_seed(seed)))
    assert drawn <= valid
    assert len(drawn) == min(count, len(valid))


def test_random_triplets_depend_on_the_generator_alone(generator: Generator) -> None:
    labels = torch.arange(6).repeat(3)
    first, again, other = (as_set(random_triplets(labels, 20, generator(seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_triplet_is_drawn_equally_often(generator: Generator) -> None:
    labels, source = torch.tensor([0, 0, 1, 1]), generator(0)
    counts: dict[tuple[int, int, int], int] = {}
    for _ in range(800):
        for triplet in as_set(random_triplets(labels, 2, source)):
            counts[triplet] = counts.get(triplet, 0) + 1
    assert len(counts) == 8
    # 200 each are expected; the deviation of such a count is 12.
    assert all(140 < count < 260 for count in counts.values())


def test_hinge_is_margin_plus_near_less_far_and_never_negative() -> None:
    near = torch.tensor([[0.5, 0.1], [1.0, 0.0]])
    far = torch.tensor([[0.6, 3.0, 0.2]] * 2)
    triplets = Triplets(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 0]), torch.tensor([0, 1, 2]))
    torch.testing.assert_close(hinge(near, far, triplets, 0.2), torch.tensor([0.1, 0.0, 1.0]))


@pytest.mark.parametrize("mean", [mean_or_zero, mean_active])
def test_the_mean_of_nothing_is_a_differentiable_zero(mean: Callable[[torch.Tensor], torch.Tensor]) -> None:
    values = torch.ones(3, requires_grad=True)
    nothing = mean(values[:0] * 2)
    nothing.backward()
    assert nothing.item() == 0
    assert values.grad is not None
    assert values.grad.tolist() == [0, 0, 0]


def test_the_mean_of_something_is_its_mean() -> None:
    assert mean_or_zero(torch.tensor([1.0, 2.0, 6.0])).item() == pytest.approx(3)


def test_the_mean_of_the_active_ones_leaves_zeros_out() -> None:
    assert mean_active(torch.tensor([0.0, 2.0, 0.0, 4.0])).item() == pytest.approx(3)
    assert mean_active(torch.zeros(4)).item() == 0
