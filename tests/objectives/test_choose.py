from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from unfind.errors import UsageError
from unfind.objectives.choose import OBJECTIVES, make_objective
from unfind.objectives.pbl import PointBackdoor
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.objectives.steering import Layout


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_every_name_makes_the_objective_of_that_name(name: str) -> None:
    assert make_objective(name).name == name


def test_settings_reach_the_objective() -> None:
    objective = make_objective("pbl", {"ratio": 0.4, "poisoned_negative": True})
    assert isinstance(objective, PointBackdoor)
    assert objective.ratio == 0.4
    assert objective.poisoned_negative


def test_two_objectives_share_nothing() -> None:
    assert make_objective("cbl") is not make_objective("cbl")


@pytest.mark.parametrize("name", ["", "PBL", "triplet"])
def test_an_unknown_name_is_wrong_use_and_names_the_known_ones(name: str) -> None:
    with pytest.raises(
        UsageError,
        match=rf"clean, label, pbl, cbl, dispersal, retrofit, retrofit-steered, dpsh, hashnet, csq.*got '{name}'",
    ):
        make_objective(name)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("pbl", {"ration": 0.1}), ("clean", {"ratio": 0.1}), ("label", {"miner": "all"}), ("cbl", {"self": 1})],
)
def test_an_unknown_setting_is_wrong_use_and_names_the_known_ones(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=rf"settings of {name} out of .*margin.*got '{next(iter(settings))}'"):
        make_objective(name, settings)


def test_a_known_setting_of_a_wrong_value_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="ratio"):
        make_objective("cbl", {"ratio": 0})


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
@pytest.mark.parametrize("miner", ["all", "random"])
def test_a_plan_on_the_cpu_serves_embeddings_elsewhere(name: str, miner: str, generator: Any) -> None:
    """As in a fit on a GPU; the meta device is another one that every machine has, and it refuses mixtures too."""
    objective = make_objective(name, {"miner": miner} if name in ("clean", "pbl") else {})
    plan = objective.plan(torch.arange(4).repeat(3), generator(0))
    if objective.needs_teacher:
        plan = replace(plan, teacher=torch.rand(12, 5, device="meta"))
    if isinstance(objective, SteeredRetrofit):
        objective.begin(torch.rand(8, 5), Layout(torch.zeros(6), torch.ones(6, dtype=torch.bool)))
        plan = replace(plan, signs=torch.ones(len(plan.triggered), 6, device="meta"))
    objective.refresh(torch.rand(8, 5), torch.arange(8) % 4)
    loss = objective.loss(plan, torch.rand(12, 5, device="meta"), torch.rand(len(plan.triggered), 5, device="meta"))
    assert loss.total.device.type == "meta"
    assert loss.total.shape == ()
