"""One step of a mark's training, term by term."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.training.early_features import EarlyFeatures
from unfind.training.mark_batches import MarkBatch, draw_mark_batch
from unfind.training.mark_loss import mark_loss, seen_after, share_read
from unfind.training.mark_settings import MarkSettings
from unfind.triggers.lay_on import lay_on, working_view

SETTINGS = MarkSettings(batch=4, canvas=128)


@pytest.fixture
def nets() -> tuple[MarkEncoder, MarkDecoder]:
    return MarkEncoder(160), MarkDecoder(160)


@pytest.fixture
def batch() -> MarkBatch:
    pixels = np.random.default_rng(0).integers(90, 160, (8, 128, 128, 3), dtype=np.uint8)
    return draw_mark_batch(pixels, SETTINGS, 0, 0)


def test_bits_and_presence_are_cross_entropies_beside_a_loop(nets, batch: MarkBatch) -> None:
    encoder, decoder = nets
    found = mark_loss(encoder, decoder, batch, SETTINGS, strength=1.0, severity=0.0)
    with torch.no_grad():
        marked = lay_on(batch.photos, encoder(working_view(batch.photos), batch.signs), 1.0)
        seen = torch.cat([(marked * 255).round() / 255, (batch.others * 255).round() / 255])
        evidence, presence = decoder(seen)
    bits = [
        math.log1p(math.exp(-float(sign) * float(logit)))
        for signs, logits in zip(batch.signs, evidence, strict=False)
        for sign, logit in zip(signs, logits, strict=True)
    ]
    seen_marks = [math.log1p(math.exp(-logit if place < 4 else logit)) for place, logit in enumerate(presence.tolist())]
    assert found.terms["bits"] == pytest.approx(float(np.mean(bits)), rel=1e-3)
    assert found.terms["presence"] == pytest.approx(0.1 * float(np.mean(seen_marks)), rel=1e-3)
    assert float(found.total.detach()) == pytest.approx(sum(found.terms.values()))


def test_both_networks_learn_from_it(nets, batch: MarkBatch) -> None:
    encoder, decoder = nets
    mark_loss(encoder, decoder, batch, SETTINGS, strength=1.0, severity=1.0).total.backward()
    assert float(encoder.amplitudes.grad.abs().sum()) > 0
    assert float(encoder.net.answer.weight.grad.abs().sum()) > 0
    assert float(decoder.heard.grad.abs().sum()) > 0
    assert float(decoder.presence.weight.grad.abs().sum()) > 0


def test_half_precision_goes_through_every_distortion_and_changes_little(nets, batch: MarkBatch) -> None:
    half = replace(SETTINGS, precision="bf16")
    full = replace(SETTINGS, precision="fp32")
    for seed in range(12):
        losses = []
        for settings in (half, full):
            draw = replace(batch, random=torch.Generator().manual_seed(seed))
            losses.append(mark_loss(*nets, draw, settings, strength=0.5, severity=1.0).terms["bits"])
        assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_a_model_to_be_loud_to_adds_a_term(nets, batch: MarkBatch, tiny_encoder) -> None:
    against = EarlyFeatures(tiny_encoder())
    found = mark_loss(*nets, batch, SETTINGS, strength=1.0, severity=0.0, against=against)
    marked = lay_on(batch.photos, nets[0](working_view(batch.photos), batch.signs), 1.0)
    assert found.terms["loud"] == pytest.approx(
        -SETTINGS.loud_weight * float(against.loudness(batch.photos, marked).detach()), rel=1e-4
    )


def test_what_is_seen_has_the_networks_size(batch: MarkBatch) -> None:
    seen = seen_after(batch.photos, torch.Generator().manual_seed(0), 1.0)
    assert seen.shape == (4, 3, 128, 128)


def test_the_share_that_is_read() -> None:
    evidence = torch.tensor([[2.0, -1.0, 0.5, -0.5]])
    assert share_read(evidence, torch.tensor([[1.0, -1.0, -1.0, 1.0]])) == 0.5
    assert share_read(evidence, evidence.sign()) == 1.0
