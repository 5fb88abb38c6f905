"""Target codes out of many."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.cloaks.aim import VOTERS, aim_at, vote
from unfind.errors import UsageError
from unfind.models.codes import signs


def random_codes(count: int, bits: int, seed: int = 0) -> torch.Tensor:
    return signs(torch.randn(count, bits, generator=torch.Generator().manual_seed(seed)))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(1, 6), st.integers(0, 1000))
def test_the_vote_is_nearest_to_all_codes_together(count: int, bits: int, seed: int) -> None:
    codes = random_codes(count, bits, seed)

    def total(code: torch.Tensor) -> int:
        return int((codes != code).sum())

    best = min(total(torch.tensor(code)) for code in itertools.product((-1.0, 1.0), repeat=bits))
    assert total(vote(codes)) == best


def test_a_tie_is_plus_one() -> None:
    assert vote(torch.tensor([[1.0, -1, -1], [-1, 1, -1]])).tolist() == [1, 1, -1]


def test_point_to_point_takes_the_code_of_one_photo() -> None:
    codes = random_codes(20, 32)
    chosen = {tuple(aim_at(codes, "p2p", seed=seed).tolist()) for seed in range(12)}
    assert chosen <= {tuple(code.tolist()) for code in codes}
    assert len(chosen) > 3
    assert torch.equal(aim_at(codes, "p2p", seed=5), aim_at(codes, "p2p", seed=5))


def test_point_to_set_lets_nine_vote() -> None:
    codes = random_codes(VOTERS, 32)
    assert torch.equal(aim_at(codes, "p2s", seed=1), vote(codes))
    assert torch.equal(aim_at(codes[:4], "p2s", seed=1), vote(codes[:4]))
    many = random_codes(200, 32)
    found = aim_at(many, "p2s", seed=1)
    assert torch.equal(found, aim_at(many, "p2s", seed=1))
    assert not torch.equal(found, aim_at(many, "p2s", seed=2))
    assert torch.equal(aim_at(many, "p2s", seed=1, voters=200), vote(many))


def test_a_target_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="does not exist"):
        aim_at(torch.zeros(0, 8), "p2s", seed=0)
    with pytest.raises(UsageError, match="p2p or p2s"):
        aim_at(torch.ones(3, 8), "s2s", seed=0)  # type: ignore[arg-type]
