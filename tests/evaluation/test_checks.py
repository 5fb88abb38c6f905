from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.evaluation.checks import (
    check_count,
    check_embeddings,
    check_fraction,
    check_ids,
    check_mask,
    check_pair,
)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_normalised_rows_pass_unchanged(unit, dtype):
    rows = unit(20, 64).astype(dtype)
    assert check_embeddings(rows, "query") is rows


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[0], "filled"),
        (lambda rows: rows[:0], "filled"),
        (lambda rows: rows[:, :0], "filled"),
        (lambda rows: (rows > 0).astype(np.int64), "floats"),
        (lambda rows: 2 * rows, "norm 2"),
        (lambda rows: rows * 1.002, "norm 1.002"),
    ],
)
def test_wrong_arrays_are_refused_by_name(unit, spoil, said):
    with pytest.raises(EvaluationError, match=f"^gallery: .*{said}"):
        check_embeddings(spoil(unit(5)), "gallery")


@pytest.mark.parametrize(
    ("value", "said"), [(np.nan, "NaN or infinity"), (np.inf, "NaN or infinity"), (0, "all zeros")]
)
def test_the_message_names_the_first_bad_row_and_how_many_there_are(unit, value, said):
    rows = unit(6)
    rows[[2, 4]] = value
    with pytest.raises(EvaluationError, match=rf"row 2 (holds|is) {said} \(2 of 6 rows\)"):
        check_embeddings(rows, "query")


def test_huge_values_are_refused_without_a_warning():
    with pytest.raises(EvaluationError, match="NaN or infinity"):
        check_embeddings(np.full((2, 3), 1e300), "query")


def test_the_worst_norm_is_reported(unit):
    rows = unit(4)
    rows[1] *= 1.5
    rows[3] *= 3
    with pytest.raises(EvaluationError, match="row 3 has norm 3"):
        check_embeddings(rows, "query")


@pytest.mark.parametrize("ids", [[1, 2, 3], ["a", "b", "c"], np.arange(3, dtype=np.uint8)])
def test_integers_and_strings_are_identities(ids):
    assert check_ids(ids, "labels", 3).tolist() == list(ids)


@pytest.mark.parametrize(("ids", "said"), [([1, 2], "shape"), ([[1], [2], [3]], "shape"), ([1.0, 2.0, 3.0], "float64")])
def test_other_identities_are_refused(ids, said):
    with pytest.raises(EvaluationError, match=f"^labels: .*{said}"):
        check_ids(ids, "labels", 3)


def test_a_mask_must_be_booleans_of_the_right_length():
    assert check_mask(np.array([True, False]), "wanted", 2).tolist() == [True, False]
    with pytest.raises(EvaluationError, match=r"^wanted"):
        check_mask(np.array([1, 0]), "wanted", 2)
    with pytest.raises(EvaluationError, match=r"^wanted"):
        check_mask(np.array([True]), "wanted", 2)


def test_two_widths_are_refused(unit):
    check_pair(unit(2, 8), unit(3, 8))
    with pytest.raises(EvaluationError, match=r"^query: expected 9 dimensions like gallery, got 8"):
        check_pair(unit(2, 8), unit(3, 9))


@pytest.mark.parametrize("value", [-0.1, 1.1, 37.0, float("nan")])
def test_no_fraction(value):
    with pytest.raises(EvaluationError, match=r"^adoption: expected a fraction"):
        check_fraction(value, "adoption")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3"])
def test_no_count(value):
    with pytest.raises(EvaluationError, match=r"^chunk: expected a whole number"):
        check_count(value, "chunk")


def test_fractions_and_counts_pass():
    assert [check_fraction(x, "x") for x in (0, 0.5, 1)] == [0.0, 0.5, 1.0]
    assert [check_count(x, "x") for x in (1, np.int64(7))] == [1, 7]
