"""Codes of -1 and +1."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.cloaks.codes import hamming, straight_through
from unfind.models.codes import signs

LOGITS = st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=9)


@settings(deadline=None, max_examples=60)
@given(LOGITS, st.data())
def test_hamming_is_what_a_loop_counts(logits: list[float], data: st.DataObject) -> None:
    code = data.draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=len(logits), max_size=len(logits)))
    expected = sum((1.0 if logit >= 0 else -1.0) != bit for logit, bit in zip(logits, code, strict=True))
    assert float(hamming(torch.tensor([logits]), torch.tensor([code]))) == expected


def test_zero_counts_as_plus_one() -> None:
    assert signs(torch.tensor([-2.0, -0.0, 0.0, 1e-30])).tolist() == [-1, 1, 1, 1]
    assert signs(torch.zeros(2, dtype=torch.float64)).dtype == torch.float64


def test_hamming_compares_every_row_with_every_code_of_its_own() -> None:
    codes = torch.tensor([[[1.0, 1, -1], [-1, -1, 1]]])
    assert hamming(torch.tensor([[0.2, 5, 3]])[:, None], codes).tolist() == [[1, 2]]


def test_straight_through_is_the_sign_with_the_gradient_of_the_identity() -> None:
    logits = torch.tensor([[-0.3, 0.0, 4.0]], requires_grad=True)
    code = straight_through(logits)
    assert code.tolist() == [[-1, 1, 1]]
    (code * torch.tensor([[2.0, 3, 5]])).sum().backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == [[2, 3, 5]]
