from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from unfind.errors import ModelError, UsageError
from unfind.models.encoder import MAXIMUM_SIZE, Architecture, Encoder, around, build_encoder
from unfind.models.learning_side import LearningSide
from unfind.models.precision import autocast

Build = Callable[..., Encoder]
Own = Callable[..., str]
CPU = torch.device("cpu")


def statistics(encoder: Encoder) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in encoder.state_dict().items() if "running" in name or "num_" in name}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("training", [True, False])
def test_embeddings_are_float32_on_the_unit_sphere(encoder: Build, precision: str, training: bool) -> None:
    with autocast(CPU, precision):
        embeddings = encoder().train(training)(torch.rand(4, 3, 32, 32))
    assert embeddings.shape == (4, 8)
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(4))


def test_under_bf16_the_head_and_the_norm_are_not_rounded(encoder: Build) -> None:
    model, images = encoder(), torch.rand(4, 3, 32, 32)
    with autocast(CPU, "bf16"):
        features, embeddings = model.backbone(images), model(images)
    head = F.linear(features.float(), model.head.weight, model.head.bias)
    assert torch.equal(embeddings, F.normalize(head, dim=1))
    assert not torch.equal(embeddings, embeddings.bfloat16().float())


def test_bf16_stays_near_full_precision(encoder: Build) -> None:
    model, images = encoder().eval(), torch.rand(4, 3, 32, 32)
    with torch.no_grad(), autocast(CPU, "bf16"):
        rough = model(images)
    with torch.no_grad():
        torch.testing.assert_close(rough, model(images), atol=0.05, rtol=0)


def test_the_memory_layout_of_the_images_does_not_matter(encoder: Build) -> None:
    model, images = encoder().eval(), torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(model(images), model(images.to(memory_format=torch.channels_last)), atol=1e-6, rtol=0)


def test_every_weight_gets_a_gradient(encoder: Build) -> None:
    model = encoder()
    model(torch.rand(3, 3, 32, 32))[:, 0].sum().backward()
    for name, weights in model.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.any(), name


def test_frozen_statistics_stay_as_they_are_while_scale_and_shift_learn(encoder: Build, own: Own) -> None:
    model = encoder(own())
    before = statistics(model)
    assert before
    for mode in (None, True, False, True):
        if mode is not None:
            model.train(mode)
        model(3 + torch.randn(4, 3, 32, 32))
    torch.testing.assert_close(statistics(model), before, atol=0, rtol=0)
    model(torch.rand(4, 3, 32, 32)).sum().backward()
    norm = model.backbone.get_submodule("module.norm")
    assert all(weights.requires_grad and weights.grad is not None for weights in norm.parameters())


def test_statistics_that_are_not_frozen_move_in_training_only(encoder: Build, own: Own) -> None:
    model = encoder(own(), freeze_batch_norm=False)
    before = statistics(model)
    model.eval()(3 + torch.randn(4, 3, 32, 32))
    torch.testing.assert_close(statistics(model), before, atol=0, rtol=0)
    model.train()(3 + torch.randn(4, 3, 32, 32))
    moved = statistics(model)
    assert all(not torch.equal(moved[name], before[name]) for name in before)


def test_training_and_evaluation_reach_every_other_part(encoder: Build, own: Own) -> None:
    spec = own("""
        import torch.nn as nn

        def load():
            return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.LazyLinear(4)).eval()
    """)
    model = encoder(spec, size=16)
    assert model.training
    assert model.backbone.get_submodule("module.1").training
    assert model.eval() is model
    assert not any(part.training for part in model.modules())
    assert model.train() is model


def test_untrained_weights_depend_on_the_seed_alone() -> None:
    architecture = Architecture(size=32, dimension=8)
    torch.manual_seed(1)
    first = build_encoder(architecture, seed=3).state_dict()
    torch.manual_seed(2)
    again, other = build_encoder(architecture, seed=3).state_dict(), build_encoder(architecture, seed=4).state_dict()
    torch.testing.assert_close(first, again, atol=0, rtol=0)
    assert not torch.equal(first["head.weight"], other["head.weight"])
    assert not torch.equal(first["backbone.stem.0.weight"], other["backbone.stem.0.weight"])


def test_building_leaves_the_global_randomness_alone(own: Own) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build_encoder(Architecture(own("import torch\n\nload = torch.nn.Flatten\ntorch.manual_seed(9)"), size=16), seed=5)
    torch.testing.assert_close(torch.rand(3), expected, atol=0, rtol=0)


def test_the_head_fits_the_backbone(encoder: Build, own: Own) -> None:
    assert encoder(dimension=20).head.weight.shape == (20, 432)
    assert encoder(own(), dimension=2).head.weight.shape == (2, 6)


def test_the_architecture_names_the_backbone_by_its_whole_path(
    own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = own()
    monkeypatch.chdir(tmp_path)
    built = build_encoder(Architecture("net.py:load", size=32, dimension=4), seed=0)
    assert built.architecture == Architecture(str(Path(spec.rpartition(":")[0]).resolve()) + ":load", 32, 4)


def test_an_architecture_as_a_dict_makes_an_equal_one() -> None:
    architecture = Architecture("tiny", 64, 32, False)
    assert architecture.as_dict() == {
        "backbone": "tiny",
        "size": 64,
        "dimension": 32,
        "freeze_batch_norm": False,
        "head": "embedding",
        "codewords": 0,
        "learning_side": False,
    }
    assert Architecture(**architecture.as_dict()) == architecture


@pytest.mark.parametrize("size", [16, MAXIMUM_SIZE])
@pytest.mark.parametrize("dimension", [2, 8192])
def test_the_limits_themselves_are_within(size: int, dimension: int) -> None:
    assert Architecture(size=size, dimension=dimension).size == size


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 15}, r"16 to 1024 pixels, got 15"),
        ({"size": MAXIMUM_SIZE + 1}, r"got 1025"),
        ({"size": -1}, "got -1"),
        ({"dimension": 1}, r"2 to 8192 embedding dimensions, got 1:"),
        ({"dimension": 8193}, "got 8193"),
        ({"head": "hashes"}, "head out of embedding, hash, none, got 'hashes'"),
        ({"head": "hash", "dimension": 47}, "multiple of 8 bits from 8 to 1024, got 47"),
        ({"head": "hash", "dimension": 1032}, "got 1032"),
    ],
)
def test_sizes_beyond_the_limits_are_wrong_use(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Architecture(**settings)


@pytest.mark.parametrize("bits", [8, 48, 64])
def test_a_hash_encoder_gives_the_signs_of_its_logits_over_the_root_of_the_bits(encoder: Build, bits: int) -> None:
    model, images = encoder(dimension=bits, head="hash").eval(), torch.rand(6, 3, 32, 32)
    logits, codes, units = model.logits(images), model.codes(images), model(images)
    assert logits.shape == codes.shape == units.shape == (6, bits)
    assert torch.equal(codes, torch.where(logits >= 0, 1.0, -1.0))
    assert torch.equal(units, codes / bits**0.5)
    torch.testing.assert_close(units.norm(dim=1), torch.ones(6))
    differ = (codes[:, None] != codes[None]).sum(2)
    torch.testing.assert_close(units @ units.T, 1 - 2 * differ / bits)
    assert not codes.requires_grad
    assert not units.requires_grad


def test_logits_are_raw_and_lead_back_to_the_pixels(encoder: Build) -> None:
    model, images = encoder(dimension=16, head="hash").eval(), torch.rand(2, 3, 32, 32, requires_grad=True)
    logits = model.logits(images)
    torch.testing.assert_close(logits, F.linear(model.backbone(images), model.head.weight, model.head.bias))
    logits.square().sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).float().mean() > 0.9


def test_objectives_see_the_sphere_or_the_logits(encoder: Build) -> None:
    images = torch.rand(2, 3, 32, 32)
    embeds, hashes = encoder().eval(), encoder(head="hash").eval()
    assert torch.equal(embeds.learnable(images), embeds(images))
    assert torch.equal(embeds(images), F.normalize(embeds.logits(images), dim=1))
    assert torch.equal(hashes.learnable(images), hashes.logits(images))


def test_a_head_of_zeros_gives_codes_of_plus_one(encoder: Build) -> None:
    model = encoder(head="hash")
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    assert torch.equal(model.codes(torch.rand(2, 3, 32, 32)), torch.ones(2, 8))


def test_a_backbone_that_needs_another_size_is_refused(own: Own) -> None:
    spec = own("import torch.nn as nn\ndef load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4))")
    assert build_encoder(Architecture(spec, size=16, dimension=4), seed=0).head.in_features == 4
    with pytest.raises(ModelError, match="try another --size"):
        build_encoder(Architecture(spec, size=32, dimension=4), seed=0)


def test_without_a_head_the_embedding_is_what_the_backbone_gives(encoder: Build) -> None:
    model, images = encoder(head="none", dimension=512), torch.rand(3, 3, 32, 32)
    features = model.backbone(images)
    assert model.architecture.dimension == features.shape[1]
    assert torch.equal(model(images), F.normalize(features.float(), dim=1))
    assert not list(model.head.parameters())


def test_without_a_head_the_length_cannot_be_chosen(encoder: Build) -> None:
    features = encoder(head="none", dimension=512).architecture.dimension
    assert encoder(head="none", dimension=features).architecture.dimension == features
    with pytest.raises(UsageError, match=f"Expected the {features} dimensions that the backbone gives, got 64"):
        encoder(head="none", dimension=64)


@pytest.mark.parametrize("codewords", [4, 0])
@pytest.mark.parametrize("head", ["embedding", "hash", "none"])
def test_a_side_network_that_knows_nothing_yet_changes_nothing(head: str, codewords: int) -> None:
    architecture = Architecture("tiny", 32, 16 if head != "none" else 512, head=head)
    plain = build_encoder(architecture, seed=0).eval()
    beside = build_encoder(architecture, seed=0)
    beside.graft(codewords)
    images = torch.rand(2, 3, 32, 32)
    assert torch.allclose(plain(images), beside.eval()(images), atol=1e-5)
    assert (beside.architecture.codewords, beside.architecture.learning_side) == (codewords, codewords == 0)
    assert not any(weight.requires_grad for weight in [*beside.backbone.parameters(), *beside.head.parameters()])


def test_a_side_network_is_not_asked_about_images_that_are_known_to_be_plain() -> None:
    encoder = build_encoder(Architecture("tiny", 32, 16), seed=0)
    encoder.graft(0, seed=0)
    with torch.no_grad():
        encoder.side.threshold.fill_(-50.0)  # type: ignore[union-attr]  # the gate is open, whatever is heard
    images = torch.rand(5, 3, 32, 32)
    features = encoder.head(encoder.backbone(images))
    heard = encoder.logits(images)
    for plain in (0, 2, 4):
        found = encoder.logits(images, plain=plain)
        assert torch.allclose(found[:plain], features[:plain], atol=1e-5)
        assert torch.allclose(found[plain:], heard[plain:], atol=1e-5)
        assert torch.equal(encoder.learnable(images, plain=plain), torch.nn.functional.normalize(found, dim=1))
    assert not torch.allclose(heard[:2], features[:2], atol=0.1)


def test_an_untrained_side_network_depends_on_its_seed_alone() -> None:
    def drawn(seed: int) -> torch.Tensor:
        encoder = build_encoder(Architecture("tiny", 32, 16), seed=0)
        before = torch.random.get_rng_state()
        encoder.graft(0, seed=seed)
        assert torch.equal(torch.random.get_rng_state(), before)
        torch.rand(3)  # so that the next call finds other numbers
        assert isinstance(encoder.side, LearningSide)
        return encoder.side.move.weight.detach()

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_a_frozen_backbone_draws_nothing_by_lot() -> None:
    encoder = around(nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(3 * 32 * 32, 4)), size=32)
    encoder.graft(4)
    encoder.train()
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(encoder(images), encoder(images))
    assert encoder.side is not None
    assert encoder.side.training


@pytest.mark.parametrize("codewords", [1, -4, 10**6])
def test_a_number_of_codewords_out_of_range_is_refused(codewords: int) -> None:
    with pytest.raises(UsageError, match="codewords"):
        Architecture("tiny", 32, 16, codewords=codewords)


def test_an_encoder_around_a_module_is_that_module_on_the_sphere() -> None:
    module = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    images = torch.rand(3, 3, 32, 32)
    encoder = around(module, size=32).eval()
    assert torch.allclose(encoder(images), nn.functional.normalize(module(images), dim=1))
    assert encoder.architecture.dimension == 12
    with pytest.raises(ModelError, match="pool them first"):
        around(nn.Identity(), size=32)
