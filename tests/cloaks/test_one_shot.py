"""Cloaks made at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn as nn
from torch import Tensor

from unfind.cloaks.base import Job
from unfind.cloaks.goal import seen, towards
from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.pace import Pace


class Invert(OneShot):
    """The negative."""

    name = "invert"
    keeps_budget = False

    def change(self, images: Tensor) -> Tensor:
        return 1 - images


def test_it_looks_before_and_after_and_keeps_what_it_made(make_job: Callable[..., Job], net: nn.Module) -> None:
    job = make_job()
    state = Invert(Pace(iterations=77)).run(job)
    torch.testing.assert_close(state.perturbation, 1 - 2 * job.images)
    assert state.curve.shape == (2, len(job.images))
    torch.testing.assert_close(state.curve[1], Invert().judge(net(1 - job.images), job.goal).distance)


def test_what_it_made_is_the_result_though_the_photo_was_nearer(make_job: Callable[..., Job], net: nn.Module) -> None:
    job = make_job()
    there = Job(net, job.images, towards(seen(net, job.images), len(job.images)))
    state = Invert().run(there)
    assert not bool(state.curve[0].any())
    torch.testing.assert_close(state.best, 1 - 2 * job.images)
    torch.testing.assert_close(state.best_distance, state.curve[1])
    assert bool((state.finished_at == -1).all())


def test_no_image_is_no_work(net: nn.Module) -> None:
    assert Invert().run(Job(net, torch.zeros(0, 3, 16, 16), towards(torch.ones(12), 0))).iteration == 0


def test_a_model_without_a_gradient_will_do(make_job: Callable[..., Job]) -> None:
    job = make_job()

    def rounded(images: Tensor) -> Tensor:
        with torch.no_grad():
            return job.victim(images).sign()

    assert Invert().run(Job(rounded, job.images, job.goal)).iteration == 2


def test_the_budget_holds_unless_the_method_is_free_of_it(make_job: Callable[..., Job]) -> None:
    class Meek(Invert):
        keeps_budget = True

    assert float(Meek(Pace(budget=0.02)).run(make_job()).perturbation.abs().max()) <= 0.02 + 1e-12
