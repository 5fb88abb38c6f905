"""HashStash."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.goal import Goal
from unfind.cloaks.hag import HAG
from unfind.cloaks.hashstash import HashStash
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError
from unfind.models.codes import signs


def test_the_loss_is_what_a_loop_adds_up(make_look: Callable[..., Look], numbers: Callable[..., Tensor]) -> None:
    outputs, own, others = numbers(3, 6), signs(numbers(3, 6, seed=1)), signs(numbers(3, 4, 6, seed=2))
    found = HashStash(sharpness=4.0).loss(outputs, make_look(outputs, -own, away=True, others=others))
    for i in range(3):
        total = 0.0
        for code in [own[i].tolist(), *others[i].tolist()]:
            likeness = sum(math.tanh(c) * h for c, h in zip(outputs[i].tolist(), code, strict=True)) / 6
            total += math.exp(4 * likeness)
        assert float(found[i]) == pytest.approx(math.log(total) / 4)


def test_distance_is_how_near_the_nearest_centre_is(numbers: Callable[..., Tensor]) -> None:
    outputs, own, others = numbers(3, 6), signs(numbers(3, 6, seed=1)), signs(numbers(3, 4, 6, seed=2))
    verdict = HashStash().judge(outputs, Goal(-own, away=True, others=others))
    for i in range(3):
        code = signs(outputs[i])
        apart = [int((code != other).sum()) for other in [own[i], *others[i]]]
        assert float(verdict.distance[i]) == 6 - min(apart)
        assert float(verdict.shortfall[i]) == pytest.approx(6 - sum(apart) / 5)


def test_it_stays_away_from_the_opposite_when_a_cluster_is_there(make_job: Callable[..., Job]) -> None:
    """HAG runs into whatever sits at the opposite of one's own code; HashStash does not."""
    job = make_job("away")
    goal = Goal(job.goal.target, away=True, others=job.goal.target[:, None])
    crowded, pace = Job(job.victim, job.images, goal), Pace(budget=0.2, iterations=40)
    stash, hag = HashStash(pace), HAG(pace)
    found, other = stash.run(crowded), hag.run(crowded)
    where = stash.judge(job.victim(job.images + other.best), goal).distance
    assert float(found.best_distance.mean()) < float(where.mean())
    assert float(found.best_distance.max()) < 12


def test_it_knows_no_target(make_job: Callable[..., Job]) -> None:
    with pytest.raises(UsageError, match="away from one's own for hashstash"):
        HashStash().run(make_job("towards"))


def test_its_numbers_are_settings() -> None:
    assert HashStash(sharpness=3.0).settings().items() >= {"name": "hashstash", "sharpness": 3.0}.items()


def test_torch_is_not_asked_for_more_than_it_is_given() -> None:
    assert HashStash(Pace(batch=2)).pace.batch == 2
    assert torch.is_grad_enabled()
