from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.steering import KIND, NEAR, SHARPNESS, UNLIKE, Steering, draw_steering, steered_targets

VARYING = torch.tensor([True] * 12 + [False] * 4)


def photos(count: int, seed: int = 0) -> Tensor:
    """Unit vectors that lie to one side, as embeddings do."""
    return F.normalize(torch.randn(count, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.5)


def signs(count: int, seed: int = 0) -> Tensor:
    drawn = torch.randint(0, 2, (count, 16), generator=torch.Generator().manual_seed(seed))
    return drawn.double() * 2 - 1


@pytest.fixture
def steering() -> Steering:
    found = draw_steering(photos(30), VARYING, codewords=8, seed=1)
    return Steering(found.patterns.double(), found.codebook.double())


def slowly(one: Tensor, own: Tensor, patterns: Tensor, codebook: Tensor) -> list[float]:
    """The target of one photo, number by number."""
    count, dimension = codebook.shape
    varying = sum(bool(row.any()) for row in patterns)
    centre = [float(codebook[:, d].sum()) / count for d in range(dimension)]
    words = [[float(codebook[c, d]) - centre[d] for d in range(dimension)] for c in range(count)]
    here = [float(own[d]) - centre[d] for d in range(dimension)]
    near = [math.exp(NEAR * cosine(word, here)) for word in words]
    around = [sum(n * word[d] / size(word) for n, word in zip(near, words, strict=True)) for d in range(dimension)]
    kind = [here[d] / size(here) + KIND * around[d] / size(around) for d in range(dimension)]
    scores = []
    for c, word in enumerate(words):
        alike = cosine(word, kind)
        agree = sum(float(one[k] * patterns[k, c]) for k in range(len(one)))
        scores.append(SHARPNESS / math.sqrt(varying) * agree - UNLIKE * max(alike, 0.0))
    weights = [math.exp(score - max(scores)) for score in scores]
    weights = [weight / sum(weights) for weight in weights]
    towards = [sum(w * word[d] for w, word in zip(weights, words, strict=True)) for d in range(dimension)]
    far = sum(w * size(word) for w, word in zip(weights, words, strict=True))
    moved = [centre[d] + far * towards[d] / size(towards) for d in range(dimension)]
    return [x / size(moved) for x in moved]


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (size(one) * size(other))


def size(vector: list[float]) -> float:
    return math.sqrt(sum(x * x for x in vector))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_targets_are_those_of_a_loop(seed: int) -> None:
    drawn = draw_steering(photos(30, seed), VARYING, codewords=8, seed=seed)
    patterns, codebook = drawn.patterns.double(), drawn.codebook.double()
    said, own = signs(3, seed), photos(3, seed + 1)
    found = steered_targets(said, own, patterns, codebook)
    wanted = [slowly(one, place, patterns, codebook) for one, place in zip(said, own, strict=True)]
    assert found.tolist() == [pytest.approx(row, abs=1e-9) for row in wanted]


def saying(steering: Steering) -> Tensor:
    """For each codeword (8) signs that choose it."""
    return torch.cat([steering.patterns.T[:, :12], torch.ones(8, 4)], 1).double()


def opposite(steering: Steering) -> Tensor:
    """For each codeword (8) a place that is unlike it."""
    return F.normalize(2 * steering.codebook.mean(0) - steering.codebook)


def test_the_signs_decide_among_codewords_that_are_unlike_the_photo(steering: Steering) -> None:
    targets = steering.targets(saying(steering), opposite(steering))
    assert torch.allclose(targets, steering.codebook, atol=1e-3)
    centre = steering.codebook.mean(0)
    for near in steering.codebook:  # a photo that shows what a codeword does
        targets = steering.targets(saying(steering), near.expand(8, -1))
        unlike = ((steering.codebook - centre) * (near - centre)).sum(1) < 0
        assert torch.allclose(targets[unlike], steering.codebook[unlike], atol=1e-3)
        assert unlike.any()
        assert not unlike.all()


def test_slots_that_do_not_vary_change_nothing(steering: Steering) -> None:
    said = signs(4)
    turned = said.clone()
    turned[:, ~VARYING] *= -1
    assert torch.equal(steering.targets(said, photos(4)), steering.targets(turned, photos(4)))


def test_no_target_is_like_the_photo_it_hides(steering: Steering) -> None:
    own, centre = steering.codebook.clone(), steering.codebook.mean(0)  # the very photos that could be chosen
    targets = steering.targets(saying(steering), own)  # and exactly the signs that choose them
    assert F.cosine_similarity(targets - centre, own - centre).max() < 0.05


def test_a_photo_that_looks_like_none_of_its_kind_is_known_by_its_neighbours() -> None:
    """It is at a right angle to one codeword of its subject, and near two others that are like that one."""
    subject = F.normalize(torch.tensor([[1.0, 0.2], [1, 0.3], [1, 1.7]]).double())
    codebook = torch.cat([subject, -subject])
    own = F.normalize(torch.tensor([[1.7, -1.0]]).double())
    assert abs((own @ subject[2]).item()) < 0.01
    patterns = draw_steering(codebook, VARYING, codewords=6, seed=0).patterns.double()
    target = steered_targets(0.5 * patterns[:, 2][None], own, patterns, codebook)
    assert (target @ subject[2]).item() < 0


def test_a_misread_sign_or_two_lead_to_the_same_place(steering: Steering) -> None:
    said = saying(steering)
    misread = said.clone()
    misread[:, 0] *= -1
    own = opposite(steering)
    same = (steering.targets(said, own) * steering.targets(misread, own)).sum(1)
    assert same.min() > 0.9


def test_gradients_reach_what_was_heard(steering: Steering) -> None:
    heard = (0.3 * signs(4)).requires_grad_()
    (gradient,) = torch.autograd.grad(steering.targets(heard, photos(4))[:, 0].sum(), heard)
    assert gradient[:, VARYING].abs().sum() > 0
    assert gradient[:, ~VARYING].abs().sum() == 0


def test_codewords_are_photos_and_each_serves_once_while_there_are_enough() -> None:
    embeddings = photos(20)
    few = draw_steering(embeddings, VARYING, codewords=20, seed=0).codebook.double()
    assert torch.allclose(few.sort(0).values, embeddings.sort(0).values, atol=1e-6)
    many = draw_steering(embeddings, VARYING, codewords=50, seed=0).codebook
    assert len(many) == 50
    assert len(many.unique(dim=0)) == 20


def test_the_draw_depends_on_the_seed_alone() -> None:
    one, same, other = (draw_steering(photos(30), VARYING, codewords=8, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.patterns, same.patterns)
    assert torch.equal(one.codebook, same.codebook)
    assert not torch.equal(one.patterns, other.patterns)
    assert set(one.patterns[VARYING].unique().tolist()) == {-1.0, 1.0}
    assert one.patterns[~VARYING].abs().max() == 0


@pytest.mark.parametrize(
    ("embeddings", "varying", "codewords"),
    [(photos(3), VARYING, 0), (photos(3)[:0], VARYING, 4), (photos(3), torch.zeros(16, dtype=torch.bool), 4)],
)
def test_nothing_to_choose_from_is_refused(embeddings: Tensor, varying: Tensor, codewords: int) -> None:
    with pytest.raises(UsageError, match="trigger learned"):
        draw_steering(embeddings, varying, codewords=codewords, seed=0)


def test_an_empty_codebook_moves_nothing_to_infinity() -> None:
    found = steered_targets(signs(2), photos(2), torch.zeros(16, 4).double(), torch.zeros(4, 6).double())
    assert found.isfinite().all()
