"""The amortised cloak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from unfind.cloaks.amortised import Amortised
from unfind.cloaks.base import Job
from unfind.cloaks.generator import Design, Generator, save_generator
from unfind.cloaks.goal import towards
from unfind.cloaks.pace import Pace
from unfind.errors import ModelError, UsageError


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(Design(12, 0.1, width=8, blocks=1)).double().eval()


def test_it_does_what_the_generator_says(generator: Generator, make_job: Callable[..., Job]) -> None:
    job = make_job()
    state = Amortised(Pace(budget=0.1), generator=generator).run(job)
    made = generator(job.images, job.goal.target)
    torch.testing.assert_close(state.perturbation, (job.images + made).clamp(0, 1) - job.images)
    assert len(state.curve) == 2


def test_a_smaller_budget_is_kept(generator: Generator, make_job: Callable[..., Job]) -> None:
    state = Amortised(Pace(budget=0.01), generator=generator).run(make_job())
    assert float(state.perturbation.abs().max()) <= 0.01 + 1e-12


def test_a_file_will_do(generator: Generator, make_job: Callable[..., Job], tmp_path: Path) -> None:
    save_generator(tmp_path / "g.safetensors", generator.float(), {})
    job = make_job()
    for path in (tmp_path / "g.safetensors", str(tmp_path / "g.safetensors")):
        assert Amortised(Pace(), generator=path).run(job).perturbation.dtype == job.images.dtype
    with pytest.raises(ModelError, match="fit one first"):
        Amortised(Pace(), generator=tmp_path / "none")


def test_the_model_is_asked_for_no_gradient(generator: Generator, make_job: Callable[..., Job]) -> None:
    job = make_job()
    grads: list[bool] = []

    def victim(images: Tensor) -> Tensor:
        grads.append(images.requires_grad and torch.is_grad_enabled())
        return job.victim(images)

    Amortised(Pace(), generator=generator).run(Job(victim, job.images, job.goal))
    assert not any(grads[2:])  # the first two are the check's


def test_a_code_of_another_length(generator: Generator, make_job: Callable[..., Job]) -> None:
    job = make_job()
    short = Job(lambda images: job.victim(images)[:, :5], job.images, towards(torch.ones(5), 5))
    with pytest.raises(UsageError, match="a target of 12 bits, as the generator was fitted for, got 5"):
        Amortised(Pace(), generator=generator).run(short)


def test_settings_name_the_net_by_its_weights(generator: Generator) -> None:
    before = Amortised(generator=generator).settings()["generator"]
    assert len(before) == 64
    generator.leave.weight.data.mul_(2)
    assert Amortised(generator=generator).settings()["generator"] != before


def test_a_generator_knows_its_models(generator: Generator, tmp_path: Path) -> None:
    save_generator(tmp_path / "g.safetensors", generator.float(), {"models": ["aa", "bb"]})
    cloak = Amortised(generator=tmp_path / "g.safetensors")
    cloak.check_models(["aa", "bb"])
    for others in (["aa"], ["bb", "aa"], ["cc"]):
        with pytest.raises(UsageError, match=r"fitted to .* got one for aa, bb: fit one"):
            cloak.check_models(others)


def test_a_generator_that_names_no_model_is_taken(generator: Generator, tmp_path: Path) -> None:
    save_generator(tmp_path / "g.safetensors", generator.float(), {})
    Amortised(generator=tmp_path / "g.safetensors").check_models(["any"])
    Amortised(generator=generator).check_models(["any"])
