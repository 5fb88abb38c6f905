"""What every cloak must do, whatever its method: one table, one list of behaviours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Cloak, Job
from unfind.cloaks.choose import CLOAKS, make_cloak
from unfind.cloaks.generator import Design, Generator
from unfind.cloaks.goal import Goal
from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.pace import Pace
from unfind.cloaks.state import CloakState, load_state
from unfind.errors import ResumeError

PACE = Pace(budget=0.05, iterations=12, batch=3)
WAYS = ("towards", "away")
# Name, settings, kind of goal, and whether it works on the code on purpose.
TABLE: list[tuple[str, dict[str, Any], str, bool]] = [
    ("rnm", {}, "code", True),
    ("rnm-p2p", {"p": 2.0, "alpha": 0.02}, "code", True),
    ("rnm-p2s", {}, "code", True),
    ("tanh-p2p", {}, "code", True),
    ("tanh-p2s", {"alpha": 1.0}, "code", True),
    ("hag", {}, "code", True),
    ("sdha", {}, "code", True),
    ("hashstash", {}, "code", True),
    ("cosine", {}, "embedding", True),
    ("amortised", {"generator": 12}, "code", False),
    ("noise", {}, "code", False),
    ("noise", {}, "embedding", False),
    ("mosaic", {"cells": 4}, "code", False),
    ("brightness", {}, "embedding", False),
    ("transparency", {}, "code", False),
]
every_cloak = pytest.mark.parametrize(("name", "settings", "kind", "works"), TABLE, ids=[row[0] for row in TABLE])


def make(name: str, settings: dict[str, Any], pace: Pace = PACE) -> Cloak:
    if "generator" in settings:
        torch.manual_seed(0)
        settings = {"generator": Generator(Design(settings["generator"], pace.budget, width=8, blocks=1)).double()}
    return make_cloak(name, pace, **settings)


def ways(cloak: Cloak) -> list[str]:
    return [way for way in WAYS if getattr(cloak, way)]


def test_the_table_leaves_no_cloak_out() -> None:
    assert {row[0] for row in TABLE} == CLOAKS.keys()


@every_cloak
def test_budget_and_range_are_kept(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job]
) -> None:
    cloak = make(name, settings)
    for way in ways(cloak):
        job = make_job(way, kind)
        before = job.images.clone()
        for perturbation in ((state := cloak.run(job)).best, state.perturbation):
            cloaked = job.images + perturbation
            assert perturbation.shape == job.images.shape
            assert -1e-9 <= float(cloaked.min()) <= float(cloaked.max()) <= 1 + 1e-9
            if cloak.keeps_budget:
                assert float(perturbation.abs().max()) <= PACE.budget + 1e-9
        assert torch.equal(job.images, before)


@every_cloak
def test_the_best_so_far_never_gets_worse(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job]
) -> None:
    cloak = make(name, settings)
    for way in ways(cloak):
        bests: list[Tensor] = []
        state = cloak.run(
            make_job(way, kind), on_step=lambda now, total, to=bests: to.append(now.best_distance.clone())
        )
        if isinstance(cloak, OneShot):  # has no way, only an end
            torch.testing.assert_close(state.best_distance, state.curve[-1])
            continue
        assert bool((torch.stack(bests).diff(dim=0) <= 0).all())
        torch.testing.assert_close(state.best_distance, state.curve.amin(0))


@every_cloak
def test_the_distance_told_is_that_of_the_cloaked_image(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job], net: torch.nn.Module
) -> None:
    cloak = make(name, settings)
    for way in ways(cloak):
        job = make_job(way, kind)
        state = cloak.run(job)
        found = cloak.judge(net(job.images + state.best), job.goal)
        torch.testing.assert_close(found.distance, state.best_distance)


@every_cloak
def test_methods_that_look_at_the_model_come_nearer_to_their_target(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job]
) -> None:
    cloak = make(name, settings, replace(PACE, iterations=30, budget=0.1))
    for way in ways(cloak) if works else []:
        state = cloak.run(make_job(way, kind))
        assert float(state.best_distance.mean()) < 0.75 * float(state.curve[0].mean()), way


@every_cloak
def test_the_same_seed_gives_the_same_cloak(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job]
) -> None:
    cloak = make(name, settings)
    job = make_job(ways(cloak)[-1], kind)
    torch.manual_seed(1)
    first = cloak.run(job)
    torch.manual_seed(2)
    assert torch.equal(first.best, make(name, settings).run(job).best)
    other = make(name, settings, replace(PACE, seed=1)).run(job)
    assert torch.equal(first.best, other.best) is not (name == "cosine" or name == "noise")


@every_cloak
def test_a_batch_is_cloaked_as_one_by_one(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job]
) -> None:
    cloak = make(name, settings)
    for way in ways(cloak):
        job = make_job(way, kind)
        together = cloak.run(job)
        for i in range(len(job.images)):
            only = torch.tensor([i])
            alone = cloak.run(Job(job.victim, job.images[only], job.goal.of(only)))
            torch.testing.assert_close(alone.best[0], together.best[i], rtol=0, atol=1e-9)
            assert int(alone.finished_at) == int(together.finished_at[i])
            rows = len(alone.curve)
            torch.testing.assert_close(alone.curve[:, 0], together.curve[:rows, i])


@every_cloak
def test_a_resumed_loop_ends_as_an_unbroken_one(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job], tmp_path: Path
) -> None:
    cloak = make(name, settings, replace(PACE, momentum=0.5))
    job = make_job(ways(cloak)[0], kind)
    whole = cloak.run(job)

    def stop(state: CloakState, total: int) -> None:
        if state.iteration == max(1, total // 2):
            state.save(tmp_path / "state.safetensors")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cloak.run(job, on_step=stop)
    again = cloak.run(job, state=load_state(tmp_path / "state.safetensors"))
    assert torch.equal(again.best, whole.best)
    assert torch.equal(again.curve, whole.curve)
    with pytest.raises(ResumeError):
        make(name, settings, replace(PACE, seed=9)).run(job, state=again)


@every_cloak
def test_the_models_weights_and_mode_stay(
    name: str, settings: dict[str, Any], kind: str, works: bool, make_job: Callable[..., Job], net: torch.nn.Module
) -> None:
    before = {key: value.clone() for key, value in net.state_dict().items()}
    cloak = make(name, settings)
    cloak.run(make_job(ways(cloak)[0], kind))
    assert not net.training
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


@every_cloak
def test_settings_are_plain_and_tell_methods_apart(name: str, settings: dict[str, Any], kind: str, works: bool) -> None:
    said = make(name, settings).settings()
    assert said["budget"] == PACE.budget
    assert all(said[key] == value for key, value in settings.items() if key != "generator")


def test_a_goal_may_name_further_codes_to_leave(make_job: Callable[..., Job]) -> None:
    job = make_job("away")
    others = torch.ones(len(job.images), 3, job.goal.target.shape[1], dtype=torch.float64)
    goal = Goal(job.goal.target, away=True, others=others)
    for name in ("sdha", "hashstash"):
        with_others = make(name, {}).run(replace(job, goal=goal))
        assert not torch.equal(with_others.best, make(name, {}).run(job).best)
