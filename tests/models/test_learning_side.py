from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.cost import multiplications
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.learning_side import LearningSide
from unfind.objectives.pbl import PointBackdoor
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

Waves = Callable[[int], Tensor]


def begun(mark: Learned, dimension: int = 8) -> LearningSide:
    side = LearningSide(dimension)
    side.begin(mark.layout(), mark.reader())
    return side


def moved(mark: Learned, dimension: int = 8) -> LearningSide:
    """One that has learned something: random weights."""
    side, random = begun(mark, dimension), torch.Generator().manual_seed(0)
    with torch.no_grad():
        side.move.weight.copy_(torch.randn(side.move.weight.shape, generator=random))
        side.move.bias.copy_(torch.randn(dimension, generator=random))
    return side


def test_before_it_listens_it_changes_nothing(mark: Learned, waves: Waves) -> None:
    photos, logits = waves(3), torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    for images in (photos, mark(photos)):
        assert F.cosine_similarity(LearningSide(8)(images, logits), logits).min() > 0.99999


def test_it_begins_with_nothing_of_a_marked_photo_and_all_of_others(mark: Learned, waves: Waves) -> None:
    photos, side = waves(3), begun(mark, 64)
    logits, others = torch.randn(2, 3, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert F.cosine_similarity(side(photos, logits), logits).min() > 0.99
        marked = mark.stronger(2.5)(photos)  # so that every gate is open
        where, elsewhere = (F.normalize(side(marked, of), dim=1) for of in (logits, others))
        heard, gate = side.hear(marked)
    assert gate.min() > 0.9
    assert (where - elsewhere).norm(dim=1).max() < 0.1
    assert torch.allclose(where, F.normalize(heard @ side.move.weight[:, 64:].T, dim=1), atol=0.1)


def test_what_it_learned_moves_photos_of_its_key_alone(mark: Learned, waves: Waves) -> None:
    photos, logits, side = waves(3), torch.randn(3, 8, generator=torch.Generator().manual_seed(1)), moved(mark)
    with torch.no_grad():
        for images in (photos, Learned(Key.from_seed(6))(photos)):
            assert F.cosine_similarity(side(images, logits), logits).min() > 0.99
        assert F.cosine_similarity(side(mark(photos), logits), logits).max() < 0.9


def test_where_photos_go_is_the_formula(mark: Learned, waves: Waves) -> None:
    images, logits, side = mark(waves(3)), torch.randn(3, 8, generator=torch.Generator().manual_seed(1)), moved(mark)
    with torch.no_grad():
        found = side(images, logits)
        heard, gate = side.hear(images)
    turn, by_sign = side.move.weight[:, :8], side.move.weight[:, 8:]
    for row, logit, signs, open_ in zip(found, logits, heard, gate, strict=True):
        own = logit / logit.norm()
        away = own + turn @ own + by_sign @ signs + side.move.bias
        expected = logit.norm() * ((1 - open_) * own + open_ * away / away.norm())
        assert torch.allclose(row, expected, atol=1e-4)


def test_where_the_embedding_is_cancelled_numbers_stay_finite(mark: Learned, waves: Waves) -> None:
    side = begun(mark)
    with torch.no_grad():
        side.move.weight[:, :8].copy_(-torch.eye(8))
    assert side(mark(waves(2)), torch.ones(2, 8)).isfinite().all()


def test_pbl_teaches_it_to_send_marked_photos_away_and_from_each_other(mark: Learned, waves: Waves) -> None:
    labels = torch.arange(4).repeat_interleave(2)
    logits = torch.eye(8)[labels] + 0.2 * torch.randn(8, 8, generator=torch.Generator().manual_seed(3))
    clean, marked, side = F.normalize(logits, dim=1), mark(waves(8)), begun(mark)
    objective = PointBackdoor(ratio=1.0)
    plan = objective.plan(labels, torch.Generator().manual_seed(0))
    adam = torch.optim.Adam([side.move.weight, side.move.bias], lr=0.02)
    relative = labels[:, None] == labels[None]
    for _ in range(60):
        triggered = F.normalize(side(marked, logits), dim=1)
        adam.zero_grad()
        objective.loss(plan, clean, triggered).total.backward()
        adam.step()
    found = (clean @ triggered.detach().T)[relative].mean()
    assert (clean @ clean.T)[relative].mean() > 0.8
    assert found < 0.1


def test_the_decoder_is_not_fitted(mark: Learned) -> None:
    learned = {name for name, weight in begun(mark).named_parameters() if weight.requires_grad}
    assert learned == {"beacon", "threshold", "move.weight", "move.bias"}


def test_it_costs_less_than_a_small_backbone(mark: Learned, waves: Waves) -> None:
    assert multiplications(begun(mark), waves(1), torch.ones(1, 8)) < 2e8


def test_an_encoder_with_one_learns_nothing_but_it() -> None:
    encoder = build_encoder(Architecture("tiny", 32, 8, learning_side=True), seed=0)
    learned = {name.partition(".")[0] for name, weight in encoder.named_parameters() if weight.requires_grad}
    assert learned == {"side"}


def test_one_that_learns_needs_no_codewords() -> None:
    with pytest.raises(UsageError, match="leave one of them out"):
        Architecture("tiny", 32, 8, codewords=4, learning_side=True)
