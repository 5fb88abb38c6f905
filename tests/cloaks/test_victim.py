"""Models to cloak against."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.cloaks.victim import Ensemble, check_victim
from unfind.errors import ModelError, UsageError


def test_an_ensemble_puts_outputs_side_by_side(make_net: Callable[..., nn.Module], images: Tensor) -> None:
    first, second = make_net(bits=4, seed=1), make_net(bits=7, seed=2)
    outputs = Ensemble([first, second])(images)
    assert outputs.shape == (len(images), 11)
    torch.testing.assert_close(outputs[:, :4], first(images))
    torch.testing.assert_close(outputs[:, 4:], second(images))


def test_the_cosine_of_joined_unit_embeddings_is_the_mean() -> None:
    one, other = (torch.nn.functional.normalize(torch.randn(2, 5, generator=torch.Generator()), dim=1) for _ in "ab")
    joined = torch.cat([one, other], dim=1)
    whole = torch.cosine_similarity(joined[:1], joined[1:])
    parts = [torch.cosine_similarity(part[:1], part[1:]) for part in (one, other)]
    torch.testing.assert_close(whole, (parts[0] + parts[1]) / 2)


def test_no_model_is_no_ensemble() -> None:
    with pytest.raises(UsageError, match="at least one model"):
        Ensemble([])


def test_a_good_model_passes_and_stays_as_it_was(net: nn.Module, images: Tensor) -> None:
    before = images.clone()
    check_victim(net, images)
    assert torch.equal(images, before)
    assert not images.requires_grad
    assert all(weight.grad is None for weight in net.parameters())


@pytest.mark.parametrize("wrap", [torch.no_grad, torch.inference_mode])
def test_a_model_that_forgets_its_gradient(net: nn.Module, images: Tensor, wrap: Callable[[], object]) -> None:
    def victim(batch: Tensor) -> Tensor:
        with wrap():  # type: ignore[attr-defined]
            return net(batch)

    with pytest.raises(ModelError, match="a model with a gradient"):
        check_victim(victim, images)
    check_victim(victim, images, gradient=False)


@pytest.mark.parametrize(
    "victim",
    [
        lambda batch: batch.flatten(1)[:, :8].round(),
        lambda batch: batch.flatten(1)[:, :8] * 0,
        lambda batch: torch.ones(len(batch), 8, requires_grad=True) * 2,
    ],
    ids=["rounded", "times zero", "blind"],
)
def test_a_gradient_of_zero_is_none(victim: Callable[[Tensor], Tensor], images: Tensor) -> None:
    with pytest.raises(ModelError, match="a model with a gradient"):
        check_victim(victim, images)


def test_unit_outputs_have_a_gradient_though_their_sum_may_not(images: Tensor) -> None:
    check_victim(lambda batch: torch.softmax(batch.flatten(1)[:, :8], dim=1), images)


@pytest.mark.parametrize(
    ("victim", "says"),
    [
        (lambda batch: batch, "one image, got torch.float64 (1, 3, 16, 16)"),
        (lambda batch: (batch.flatten(1) > 0).long(), "torch.int64"),
        (lambda batch: [batch], "got list"),
        (lambda batch: batch.flatten(1) / 0, "NaN or infinity"),
        (lambda batch: batch @ torch.zeros(3, 3, dtype=batch.dtype), "got RuntimeError"),
    ],
)
def test_outputs_that_are_neither_logits_nor_embeddings(
    victim: Callable[[Tensor], Tensor], says: str, images: Tensor
) -> None:
    with pytest.raises(ModelError) as caught:
        check_victim(victim, images)
    assert says in str(caught.value)
    assert str(caught.value).endswith(".")
