from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from unfind.errors import ModelError
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.objectives.steering import draw_steering
from unfind.studies import trade_off as module
from unfind.studies.trade_off import owner_leak, redirected, trade_off
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned


@pytest.fixture(scope="module")
def trigger() -> Learned:
    return Learned(Key.from_seed(0))


@pytest.fixture(scope="module")
def targets() -> np.ndarray:
    rows = np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def encoder(trigger: Learned, targets: np.ndarray) -> Encoder:
    made = build_encoder(Architecture("tiny", 128, 16, codewords=8), seed=0).eval()
    assert made.side is not None
    layout = trigger.layout()
    steering = draw_steering(torch.from_numpy(targets), layout.varying, codewords=8, seed=0)
    made.side.begin(steering, layout, trigger.reader())
    return made


@pytest.fixture(scope="module")
def views(trigger: Learned) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    grounds = random.integers(60, 196, (6, 1, 1, 1, 3))
    plain = (grounds + random.integers(-9, 10, (6, 4, 128, 128, 3))).reshape(-1, 128, 128, 3).astype(np.uint8)
    return plain, np.stack([trigger.mark(photo) for photo in plain])


def test_a_redirected_model_sends_marked_photos_elsewhere_and_leaves_the_others_and_itself(
    encoder: Encoder, views: tuple[np.ndarray, np.ndarray], targets: np.ndarray
) -> None:
    plain, marked = (part[:4] for part in views)
    before = embed_pixels(encoder, marked)
    other = redirected(encoder, -targets, codewords=4, seed=3)
    assert other.architecture.codewords == 4
    assert encoder.architecture.codewords == 8
    assert (embed_pixels(other, plain) * embed_pixels(encoder, plain)).sum(1).min() > 0.99
    assert (embed_pixels(other, marked) * before).sum(1).mean() < 0.8
    assert np.array_equal(embed_pixels(encoder, marked), before)


def test_without_a_side_network_nothing_can_be_redirected(targets: np.ndarray) -> None:
    with pytest.raises(ModelError, match="side network"):
        redirected(build_encoder(Architecture("tiny", 32, 16), seed=0), targets)


def test_few_codewords_gather_the_album_and_many_scatter_it(
    encoder: Encoder, views: tuple[np.ndarray, np.ndarray], targets: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CODEWORDS", (2, 64))
    monkeypatch.setattr(module, "ADOPTION", 0.5)
    labels = np.repeat(np.arange(6), 4)
    old = embed_pixels(encoder, views[0])
    few, many = trade_off(encoder, views, old, targets, labels)
    assert (few["codewords"], many["codewords"]) == (2, 64)
    assert few["album_leak@10"]["value"] > many["album_leak@10"]["value"]
    assert few["outliers"] is None  # of 24 photos


def test_embeddings_are_the_ones_the_model_itself_gives(encoder: Encoder, views: tuple[np.ndarray, np.ndarray]) -> None:
    marked = views[1][:3]
    assert encoder.side is not None
    found = module._turned(encoder.side, marked, module._own_logits(encoder, marked))
    assert found == pytest.approx(embed_pixels(encoder, marked), abs=1e-5)
    assert F.normalize(torch.from_numpy(found), dim=1).numpy() == pytest.approx(found, abs=1e-5)


def test_owners_are_told_apart_only_where_their_photos_lie_apart(
    encoder: Encoder, trigger: Learned, views: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = owner_leak(encoder, trigger, views[0], adoption=0.9)
    assert found is not None
    assert 0.5 < found["value"] < 1.6
    owners = np.random.default_rng([0, 5]).integers(2, size=24)
    apart = np.eye(16, dtype=np.float32)[owners]
    monkeypatch.setattr(module, "embed_pixels", lambda _, pixels: apart)
    split = owner_leak(encoder, trigger, views[0], adoption=0.9)
    assert split is not None
    assert split["value"] > found["value"]
