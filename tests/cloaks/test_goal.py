"""Where a cloak is to go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from unfind.cloaks.goal import Goal, away_from, check_fit, seen, towards
from unfind.errors import ModelError, UsageError
from unfind.models.codes import signs

Numbers = Callable[..., Tensor]


def test_one_target_for_all_or_one_each(numbers: Numbers) -> None:
    code = signs(numbers(4))
    assert torch.equal(towards(code, 3).target, code.repeat(3, 1))
    each = signs(numbers(3, 4, seed=1))
    assert torch.equal(towards(each, 3).target, each)
    with pytest.raises(UsageError, match="2 targets"):
        towards(each, 2)


def test_away_is_towards_the_negative(numbers: Numbers) -> None:
    code = signs(numbers(3, 4))
    goal = away_from(code)
    assert goal.away
    assert torch.equal(goal.target, -code)


def test_embeddings_become_unit_vectors(numbers: Numbers) -> None:
    vectors = 7 * numbers(3, 4)
    for goal, sign in ((towards(vectors, 3, kind="embedding"), 1), (away_from(vectors, kind="embedding"), -1)):
        assert goal.kind == "embedding"
        torch.testing.assert_close(goal.target * sign, torch.nn.functional.normalize(vectors))
    with pytest.raises(ModelError, match="length 0"):
        towards(torch.zeros(4), 3, kind="embedding")


def test_other_codes_for_all_are_repeated_for_each(numbers: Numbers) -> None:
    own, others = signs(numbers(3, 4)), signs(numbers(5, 4, seed=1))
    goal = away_from(own, others=others)
    assert goal.others is not None
    assert goal.others.shape == (3, 5, 4)
    assert torch.equal(goal.others[2], others)


def test_a_part_of_a_goal_has_its_own_rows(numbers: Numbers) -> None:
    goal = away_from(signs(numbers(4, 6)), others=signs(numbers(4, 2, 6, seed=1)))
    part = goal.of(torch.tensor([3, 1]))
    assert part.away
    assert torch.equal(part.target, goal.target[[3, 1]])
    assert part.others is not None
    assert goal.others is not None
    assert torch.equal(part.others, goal.others[[3, 1]])
    assert towards(goal.target, 4).of(torch.tensor([0])).others is None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Goal(torch.ones(4)), "targets (N, K)"),
        (lambda: Goal(torch.full((2, 4), torch.nan)), "finite targets"),
        (lambda: Goal(torch.zeros(2, 4)), "-1 and +1"),
        (lambda: Goal(torch.ones(2, 4), others=torch.ones(3, 5, 4)), "repeat shared ones"),
        (lambda: Goal(torch.ones(2, 4), others=torch.ones(2, 4)), "repeat shared ones"),
    ],
)
def test_goals_that_cannot_be(make: Callable[[], Goal], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert says in str(caught.value)


def test_what_a_model_sees_does_not_depend_on_the_batch(net: Callable[[Tensor], Tensor], images: Tensor) -> None:
    codes = seen(net, images)
    assert torch.equal(codes, signs(net(images)))
    assert torch.equal(seen(net, images, batch=2), codes)
    torch.testing.assert_close(seen(net, images, kind="embedding", batch=3).norm(dim=1), torch.ones(5).double())


@pytest.mark.parametrize(("kind", "unit"), [("code", "bits"), ("embedding", "dimensions")])
def test_a_wrong_number_of_bits_is_named(kind: str, unit: str) -> None:
    goal = towards(torch.ones(6), 2, kind=kind)
    check_fit(goal, torch.zeros(1, 6))
    with pytest.raises(UsageError, match=f"a target of 8 {unit}, as the model has, got 6"):
        check_fit(goal, torch.zeros(1, 8))
