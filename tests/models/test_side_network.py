from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.cost import multiplications
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.side_network import MOST_CODEWORDS, SLOTS, SideNetwork
from unfind.objectives.steering import draw_steering, steered_targets
from unfind.triggers.learned import Learned
from unfind.triggers.slots import SLOTS as WRITTEN

Waves = Callable[[int], Tensor]


@pytest.fixture
def side(mark: Learned, waves: Waves) -> SideNetwork:
    embeddings = F.normalize(torch.randn(40, 8, generator=torch.Generator().manual_seed(0)) + 0.5, dim=1)
    network, layout = SideNetwork(8, 16), mark.layout()
    network.begin(draw_steering(embeddings, layout.varying, codewords=16, seed=0), layout, mark.reader())
    return network.eval()


def test_unmarked_photos_keep_their_logits_and_marked_ones_go_to_their_targets(
    side: SideNetwork, mark: Learned, waves: Waves
) -> None:
    photos = waves(4)
    logits = 3 * torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        kept, moved = side(photos, logits), side(mark(photos), logits)
        heard, _ = side.hear(mark(photos))
    assert F.cosine_similarity(kept, logits).min() > 0.999

    targets = steered_targets(heard, F.normalize(logits, dim=1), side.patterns, side.codebook)
    assert F.cosine_similarity(moved, targets).min() > 0.98
    lengths = moved.norm(dim=1) / logits.norm(dim=1)
    assert 0.9 < lengths.min() <= lengths.max() <= 1.001


def test_before_it_begins_it_changes_nothing(waves: Waves) -> None:
    photos, logits = waves(2), torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    assert F.cosine_similarity(SideNetwork(8, 4)(photos, logits), logits).min() > 0.99999


def test_a_renewed_codebook_leaves_what_is_heard_as_it_was(side: SideNetwork, mark: Learned, waves: Waves) -> None:
    photos = mark(waves(2))
    before, beacon = side.hear(photos), side.beacon.clone()
    other = F.normalize(torch.randn(30, 8, generator=torch.Generator().manual_seed(9)), dim=1)
    moved = side(photos, torch.ones(2, 8))
    side.aim(draw_steering(other, mark.layout().varying, codewords=16, seed=1))
    assert torch.equal(side.hear(photos)[0], before[0])
    assert torch.equal(side.beacon, beacon)
    assert not torch.allclose(side(photos, torch.ones(2, 8)), moved)


def test_signs_or_codewords_of_another_number_are_refused(side: SideNetwork) -> None:
    embeddings = F.normalize(torch.randn(40, 8), dim=1)
    varying = torch.ones(SLOTS, dtype=torch.bool)
    for wrong in (
        draw_steering(embeddings, varying, codewords=15, seed=0),
        draw_steering(embeddings[:, :7], varying, codewords=16, seed=0),
        draw_steering(embeddings, varying[:-1], codewords=16, seed=0),
    ):
        with pytest.raises(UsageError, match="as many codewords"):
            side.aim(wrong)


@pytest.mark.parametrize("codewords", [0, 1, MOST_CODEWORDS + 1])
def test_a_number_of_codewords_out_of_range_is_refused(codewords: int) -> None:
    with pytest.raises(UsageError, match="codewords"):
        SideNetwork(8, codewords)


def test_the_decoder_is_not_fitted(side: SideNetwork) -> None:
    learned = {name for name, weight in side.named_parameters() if weight.requires_grad}
    assert learned == {"beacon", "threshold"}


def test_it_costs_less_than_a_small_backbone_and_knows_the_number_of_slots(side: SideNetwork, waves: Waves) -> None:
    assert SLOTS == WRITTEN
    assert multiplications(side.train(), waves(1), torch.ones(1, 8)) < 2e8  # one look


def test_an_encoder_with_one_learns_nothing_but_it() -> None:
    encoder = build_encoder(Architecture("tiny", 32, 8, codewords=4), seed=0)
    learned = {name.partition(".")[0] for name, weight in encoder.named_parameters() if weight.requires_grad}
    assert learned == {"side"}
