"""redteam.model_view: what is seen of an encoder agrees with the encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.errors import UsageError
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.redteam.model_view import check_photos, view_of


@pytest.fixture(scope="module", params=["embedding", "hash"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return build_encoder(Architecture("tiny", size=16, dimension=8, head=request.param), seed=0)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_rows_are_those_that_are_searched_with(encoder: Encoder, pixels: np.ndarray) -> None:
    view = view_of(encoder)
    np.testing.assert_array_equal(view.embed(pixels), embed_pixels(encoder, pixels))
    assert view.size == 16
    assert view.hashes == encoder.architecture.hashes
    assert not encoder.training


def test_logits_have_the_signs_or_the_direction_of_the_rows(encoder: Encoder, pixels: np.ndarray) -> None:
    view = view_of(encoder)
    logits, rows = view.logits(pixels), view.embed(pixels)
    assert logits.shape == rows.shape == (5, 8)
    if view.hashes:
        np.testing.assert_array_equal(np.sign(logits), np.sign(rows))
    else:
        np.testing.assert_allclose(logits / np.linalg.norm(logits, axis=1, keepdims=True), rows, atol=1e-5)


def test_soft_rows_are_unit_and_have_a_gradient_at_the_pixels(encoder: Encoder, pixels: np.ndarray) -> None:
    images = to_tensor(pixels).requires_grad_()
    soft = view_of(encoder).soft(images)
    torch.testing.assert_close(soft.norm(dim=1), torch.ones(5))
    assert torch.equal(soft.detach() >= 0, torch.from_numpy(view_of(encoder).logits(pixels)) >= 0)
    [slope] = torch.autograd.grad(soft[:, 0].sum(), images)
    assert slope.abs().sum() > 0


def test_what_is_no_batch_of_photos_is_refused(pixels: np.ndarray) -> None:
    assert check_photos(pixels, 5, "photos") is pixels
    for wrong in (pixels[0], pixels.astype(np.float32), pixels[..., :2], pixels[:4]):
        with pytest.raises(UsageError, match="at least 5 nice photos"):
            check_photos(wrong, 5, "nice photos")
