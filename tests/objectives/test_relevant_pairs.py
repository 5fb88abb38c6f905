from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.objectives.relevant_pairs import RULES, check_rule, jaccard, relevant_pairs

TAGS = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=7)
)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9), st.sampled_from(RULES))
@settings(deadline=None, max_examples=40)
def test_classes_are_alike_when_they_are_equal_whatever_the_rule(labels: list[int], rule: str) -> None:
    expected = [[a == b for b in labels] for a in labels]
    assert relevant_pairs(torch.tensor(labels), rule).tolist() == expected


@given(TAGS, st.sampled_from(RULES))
@settings(deadline=None, max_examples=60)
def test_tags_equal_sets_written_out(rows: list[list[bool]], rule: str) -> None:
    sets = [{place for place, tag in enumerate(row) if tag} for row in rows]
    by_rule: dict[str, Callable[[set[int], set[int]], bool]] = {
        "shared": lambda a, b: bool(a & b),
        "identical": lambda a, b: a == b,
    }
    expected = [[by_rule[rule](a, b) for b in sets] for a in sets]
    assert relevant_pairs(torch.tensor(rows), rule).tolist() == expected


@given(TAGS)
@settings(deadline=None, max_examples=60)
def test_jaccard_is_the_shared_part_of_all_tags(rows: list[list[bool]]) -> None:
    sets = [{place for place, tag in enumerate(row) if tag} for row in rows]
    expected = torch.tensor([[len(a & b) / len(a | b) if a | b else 0.0 for b in sets] for a in sets])
    torch.testing.assert_close(jaccard(torch.tensor(rows)), expected)


def test_jaccard_of_classes_is_1_for_the_same_and_0_for_another() -> None:
    assert jaccard(torch.tensor([3, 1, 3])).tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_photos_without_tags_share_none_and_are_identical() -> None:
    tags = torch.zeros(2, 3, dtype=torch.bool)
    assert not relevant_pairs(tags, "shared").any()
    assert relevant_pairs(tags, "identical").all()


@pytest.mark.parametrize("rule", ["", "any", "Shared"])
def test_another_rule_is_wrong_use(rule: str) -> None:
    with pytest.raises(UsageError, match="shared, identical"):
        check_rule(rule)
    with pytest.raises(UsageError, match="shared, identical"):
        relevant_pairs(torch.tensor([1, 2]), rule)
