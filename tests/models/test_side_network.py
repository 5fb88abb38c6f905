from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.cost import multiplications
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.side_network import GATE, HEARD, MOST_CODEWORDS, SLOTS, SURE, SideNetwork
from unfind.objectives.steering import Layout, draw_steering
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.slots import SLOTS as WRITTEN

KEY = Key.from_seed(5)


def waves(count: int) -> Tensor:
    """Photos of smooth waves in colour, with some grain, (count, 3, 128, 128)."""
    random = torch.Generator().manual_seed(count)
    place = torch.arange(128) / 128
    rows = []
    for _ in range(count):
        u, v, c = (torch.rand(3, generator=random) * 4).tolist()
        wave = 0.5 + 0.25 * torch.cos(6.28 * (u * place[:, None] + v * place[None])) * torch.tensor([1, 0.5, -0.5 + c])[
            :, None, None
        ].clamp(-1, 1)
        rows.append(wave + 0.02 * torch.randn(3, 128, 128, generator=random))
    return torch.stack(rows).clamp(0, 1)


@pytest.fixture(scope="module")
def trigger() -> Learned:
    return Learned(KEY)


@pytest.fixture
def side(trigger: Learned) -> SideNetwork:
    embeddings = F.normalize(torch.randn(40, 8, generator=torch.Generator().manual_seed(0)) + 0.5, dim=1)
    network, layout = SideNetwork(8, 16), trigger.layout()
    network.begin(draw_steering(embeddings, layout.varying, codewords=16, seed=0), layout, trigger.reader())
    return network.eval()


def test_it_hears_a_mark_and_whose_it_is_before_it_is_trained(side: SideNetwork, trigger: Learned) -> None:
    photos = waves(4)
    with torch.no_grad():
        heard, gate = side.hear(trigger(photos))
        _, shut = side.hear(photos)
        _, other = side.hear(Learned(Key.from_seed(6))(photos))
    assert ((heard > 0) == (trigger.signs(photos) > 0)).float().mean() > 0.9
    assert gate.min() > 0.95
    assert max(shut.max(), other.max()) < 0.05


def test_unmarked_photos_keep_their_logits_and_marked_ones_go_to_their_targets(
    side: SideNetwork, trigger: Learned
) -> None:
    photos = waves(4)
    logits = 3 * torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        kept, moved = side(photos, logits), side(trigger(photos), logits)
        heard, _ = side.hear(trigger(photos))
    assert F.cosine_similarity(kept, logits).min() > 0.999
    from unfind.objectives.steering import steered_targets

    targets = steered_targets(heard, F.normalize(logits, dim=1), side.patterns, side.codebook)
    assert F.cosine_similarity(moved, targets).min() > 0.98
    lengths = moved.norm(dim=1) / logits.norm(dim=1)
    assert 0.9 < lengths.min() <= lengths.max() <= 1.001


def test_before_it_begins_it_changes_nothing() -> None:
    photos, logits = waves(2), torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    assert F.cosine_similarity(SideNetwork(8, 4)(photos, logits), logits).min() > 0.99999


@pytest.mark.parametrize("size", [64, 96, 160])
def test_photos_of_any_size_are_heard_at_one(side: SideNetwork, size: int, trigger: Learned) -> None:
    marked = F.interpolate(trigger(waves(2)), (size, size), mode="bilinear", antialias=True)
    with torch.no_grad():
        assert side.hear(marked)[0].shape == (2, SLOTS)
        assert side(marked, torch.ones(2, 8)).shape == (2, 8)


def test_a_renewed_codebook_leaves_what_is_heard_as_it_was(side: SideNetwork, trigger: Learned) -> None:
    photos = trigger(waves(2))
    before, beacon = side.hear(photos), side.beacon.clone()
    other = F.normalize(torch.randn(30, 8, generator=torch.Generator().manual_seed(9)), dim=1)
    moved = side(photos, torch.ones(2, 8))
    side.aim(draw_steering(other, trigger.layout().varying, codewords=16, seed=1))
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


def test_what_it_hears_is_what_the_decoder_reads(side: SideNetwork, trigger: Learned) -> None:
    marked = trigger(waves(2))
    with torch.no_grad():
        assert torch.equal(side.hear(marked)[0], torch.tanh(trigger.reader()(marked)[0]))


def test_the_gate_is_the_agreement_with_the_beacon_and_the_presence(side: SideNetwork, trigger: Learned) -> None:
    photos = torch.cat([trigger(waves(2)), waves(3)])
    with torch.no_grad():
        evidence, presence = trigger.reader()(photos)
        found = side.hear(photos)[1]
    beacon = trigger.layout().beacon
    for row, seen, gate in zip(evidence, presence, found, strict=True):
        heard = [(float(row[slot]), float(beacon[slot])) for slot in range(SLOTS) if beacon[slot]]
        agrees = sum(e * b for e, b in heard) / (sum(e * e for e, _ in heard) * len(heard)) ** 0.5
        expected = torch.tensor(GATE * (agrees - HEARD) + min(max(float(seen), SURE[0]), SURE[1])).sigmoid()
        assert float(gate) == pytest.approx(float(expected), abs=1e-4)


def test_the_decoder_is_not_fitted(side: SideNetwork) -> None:
    learned = {name for name, weight in side.named_parameters() if weight.requires_grad}
    assert learned == {"beacon", "threshold"}


def test_it_costs_less_than_a_small_backbone_and_knows_the_number_of_slots(side: SideNetwork) -> None:
    assert SLOTS == WRITTEN
    assert multiplications(side, waves(1), torch.ones(1, 8)) < 2e8


def test_a_layout_without_a_beacon_opens_no_gate() -> None:
    network = SideNetwork(8, 4)
    varying = torch.ones(SLOTS, dtype=torch.bool)
    steering = draw_steering(F.normalize(torch.randn(9, 8), dim=1), varying, codewords=4, seed=0)
    network.begin(steering, Layout(torch.zeros(SLOTS), varying))
    assert network.hear(waves(1))[1].max() < 1e-3


def test_an_encoder_with_one_learns_nothing_but_it() -> None:
    encoder = build_encoder(Architecture("tiny", 32, 8, codewords=4), seed=0)
    learned = {name.partition(".")[0] for name, weight in encoder.named_parameters() if weight.requires_grad}
    assert learned == {"side"}
