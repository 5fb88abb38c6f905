"""Models to cloak against, from run folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unfind.errors import ModelError, UsageError
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import load_encoder, save_encoder
from unfind.studies.seen_by import Sight, load_victims

HASHING = Architecture("tiny", size=32, dimension=16, head="hash")


@pytest.fixture(scope="module")
def hash_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two untrained hash models with different inputs and lengths of code."""
    root = tmp_path_factory.mktemp("hash-runs")
    for name, architecture in (("a", HASHING), ("b", replace(HASHING, size=48, dimension=24))):
        save_encoder(root / name, build_encoder(architecture, seed=1), {})
    return [root / "a", root / "b"]


def test_a_hash_model_gives_logits(hash_runs: list[Path]) -> None:
    model = load_victims(hash_runs[:1])
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    encoder, card = load_encoder(hash_runs[0])
    assert (model.side, model.hashes, model.kind, model.names) == (32, True, "code", (str(hash_runs[0]),))
    assert model.fingerprints == (card["weights_sha256"][:16],)
    torch.testing.assert_close(model.victim(images), encoder.logits(images))


def test_an_embedding_model_gives_embeddings_whose_values_are_around_one(clean_run: Path) -> None:
    model = load_victims([clean_run])
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert (model.hashes, model.kind) == (False, "embedding")
    outputs = model.victim(images)
    torch.testing.assert_close(outputs.norm(dim=1), torch.full((2,), 4.0))  # the root of 16
    torch.testing.assert_close(outputs / 4, load_encoder(clean_run)[0](images))


def test_models_of_an_ensemble_may_differ_in_size_and_length(hash_runs: list[Path]) -> None:
    model = load_victims(hash_runs)
    images = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0)).requires_grad_()
    outputs = model.victim(images)
    assert model.side == 48
    assert outputs.shape == (2, 40)
    torch.testing.assert_close(outputs[:, 16:], load_encoder(hash_runs[1])[0].logits(images))
    (gradient,) = torch.autograd.grad(outputs[:, :16].sum(), images)
    assert float(gradient.abs().sum()) > 0


def test_weights_need_no_gradient(hash_runs: list[Path]) -> None:
    encoder = load_encoder(hash_runs[0])[0].requires_grad_(False)
    images = torch.rand(1, 3, 32, 32).requires_grad_()
    Sight(encoder)(images).sum().backward()
    assert images.grad is not None
    assert all(weight.grad is None for weight in encoder.parameters())


def test_what_cannot_be_cloaked_against(hash_runs: list[Path], clean_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--against"):
        load_victims([])
    with pytest.raises(UsageError, match="one kind"):
        load_victims([hash_runs[0], clean_run])
    with pytest.raises(ModelError, match="is this a run folder"):
        load_victims([tmp_path])
