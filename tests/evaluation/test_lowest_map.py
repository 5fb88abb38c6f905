"""The least MAP there can be, against a ranking that is written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.lowest_map import lowest_average_precision, lowest_map


def worst(relevant: int, candidates: int) -> float:
    """Average precision of the ranking with all that is relevant at its end, place by place."""
    hits, total = 0, 0.0
    for place in range(1, candidates + 1):
        if place > candidates - relevant:
            hits += 1
            total += hits / place
    return total / relevant


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(0, 60))
def test_it_is_that_of_the_worst_ranking(relevant: int, others: int) -> None:
    assert lowest_average_precision(relevant, relevant + others) == pytest.approx(worst(relevant, relevant + others))


def test_a_tenth_leaves_five_per_cent() -> None:
    share = 0.1
    limit = 1 - (1 - share) / share * np.log(1 / (1 - share))
    assert lowest_average_precision(2000, 20_000) == pytest.approx(limit, abs=1e-4)
    assert limit > 0.05


def test_where_all_is_relevant_nothing_can_be_spoiled() -> None:
    assert lowest_average_precision(7, 7) == 1.0


def test_the_mean_is_over_queries_that_have_something_to_find() -> None:
    expected = (2 * lowest_average_precision(3, 10) + lowest_average_precision(5, 10)) / 3
    assert lowest_map([3, 0, 5, 3], 10) == pytest.approx(expected)


@pytest.mark.parametrize(("relevant", "candidates"), [(0, 5), (6, 5), (-1, 5)])
def test_numbers_that_no_search_has(relevant: int, candidates: int) -> None:
    with pytest.raises(EvaluationError, match="relevant: expected 1 to 5"):
        lowest_average_precision(relevant, candidates)


def test_nothing_to_find_is_said() -> None:
    with pytest.raises(EvaluationError, match="got none"):
        lowest_map([0, 0], 5)
