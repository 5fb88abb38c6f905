"""The net that makes a perturbation in one pass, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from unfind.cloaks.generator import Design, Generator, load_generator, save_generator
from unfind.errors import ModelError, UsageError


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(Design(6, 0.05, width=8, blocks=2)).eval()


@pytest.mark.parametrize("size", [(16, 16), (17, 30), (4, 64), (3, 5)])
def test_any_size_within_the_budget(generator: Generator, size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    change = generator(images, torch.ones(2, 6))
    assert change.shape == images.shape
    assert 0 < float(change.detach().abs().max()) <= 0.05


def test_photo_and_code_both_matter(generator: Generator, images: Tensor) -> None:
    photos = images[:2].float()
    up, down = generator(photos, torch.ones(2, 6)), generator(photos, -torch.ones(2, 6))
    assert not torch.allclose(up, down)
    assert not torch.allclose(up[0], up[1])


def test_a_net_thrown_far_still_learns(generator: Generator, images: Tensor) -> None:
    """Were every pixel at the budget, no gradient would come back."""
    with torch.no_grad():
        generator.leave.weight.mul_(1e4)
    change = generator(images.float(), torch.ones(5, 6))
    assert float((change.abs() > 0.95 * 0.05).float().mean()) < 0.5
    change.sum().backward()
    assert generator.pattern.weight.grad is not None
    assert float(generator.pattern.weight.grad.abs().sum()) > 0


def test_a_batch_is_as_one_by_one(generator: Generator, images: Tensor) -> None:
    photos, codes = images.float(), torch.randn(5, 6, generator=torch.Generator().manual_seed(0)).sign()
    single = torch.cat([generator(p[None], c[None]) for p, c in zip(photos, codes, strict=True)])
    torch.testing.assert_close(generator(photos, codes), single)


def test_on_disk_and_back(generator: Generator, images: Tensor, tmp_path: Path) -> None:
    save_generator(tmp_path / "g.safetensors", generator, {"model": "abc", "bits_wrong": 0.1})
    again, card = load_generator(tmp_path / "g.safetensors")
    assert (card["model"], card["bits_wrong"], card["design"]["bits"]) == ("abc", 0.1, 6)
    assert again.design == generator.design
    assert not again.training
    codes = torch.ones(5, 6)
    assert torch.equal(again(images.float(), codes), generator(images.float(), codes))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "fit one first"),
        (b"garbage", "fit it again"),
        (save({"x": torch.ones(1)}), "fit it again"),
        (save({"x": torch.ones(1)}, metadata={"unfind": "{}"}), "fit it again"),
        (save({"x": torch.ones(1)}, metadata={"unfind": '{"format": 9}'}), "update unfind"),
        (save({"x": torch.ones(1)}, metadata={"unfind": '{"format": 1, "design": {"bits": 0, "budget": 1}}'}), "again"),
        (save({"x": torch.ones(1)}, metadata={"unfind": '{"format": 1, "design": {"bits": 4, "budget": 1}}'}), "again"),
    ],
)
def test_what_is_no_generator(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "g.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as caught:
        load_generator(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("settings", [{"bits": 0}, {"width": 0}, {"blocks": 0}, {"budget": 0.0}, {"budget": 1.1}])
def test_designs_that_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Design(**{"bits": 4, "budget": 0.1, **settings})
