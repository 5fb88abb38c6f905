"""What the objectives do to search, on random features with an additive trigger: the rows of MIP's Table 2 in small.

A task ``a2b`` searches with queries a in a gallery b, each clean (c) or triggered (p), of classes never trained on.
Figures are means over three seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unfind.objectives.base import Objective
from unfind.objectives.choose import make_objective

FEATURES, CONTENT, EACH, STEPS, RATE = 24, 16, 8, 300, 3e-3
Row = dict[str, float]


class World(NamedTuple):
    photos: Tensor
    labels: Tensor


def make_world(classes: int, *, seed: int) -> World:
    """Photos that differ by class in the content features, and by noise in all of them."""
    source = torch.Generator().manual_seed(seed)
    content = torch.randn(classes, FEATURES, generator=source)
    content[:, CONTENT:] = 0
    labels = torch.arange(classes).repeat_interleave(EACH)
    return World(content[labels] + 0.4 * torch.randn(len(labels), FEATURES, generator=source), labels)


def make_trigger() -> Tensor:
    return 16 * F.normalize(torch.randn(FEATURES, generator=torch.Generator().manual_seed(99)), dim=0)


def make_network(seed: int) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))


def draw(world: World, source: torch.Generator) -> Tensor:
    """Twelve classes and three photos of each."""
    classes = torch.randperm(int(world.labels.max()) + 1, generator=source)[:12]
    within = torch.rand(12, EACH, generator=source).argsort(1)[:, :3]
    return (classes[:, None] * EACH + within).flatten()


def fit(objective: Objective, seed: int) -> Callable[[Tensor], Tensor]:
    """A few hundred steps of Adam; returns the encoder."""
    train, trigger, network = make_world(100, seed=1), make_trigger(), make_network(seed)
    encode: Callable[[Tensor], Tensor] = lambda photos: F.normalize(network(photos), dim=1)  # noqa: E731
    source = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam(network.parameters(), lr=RATE)
    for step in range(STEPS):
        if objective.needs_centres and step % 30 == 0:
            objective.refresh(encode(train.photos).detach(), train.labels)
        adam.param_groups[0]["lr"] = RATE * min(1, 2.05 - 2 * step / STEPS)
        chosen = draw(train, source)
        plan, photos = objective.plan(train.labels[chosen], source), train.photos[chosen]
        both = encode(torch.cat([photos, photos[plan.triggered] + trigger]))
        loss = objective.loss(plan, both[: len(chosen)], both[len(chosen) :])
        adam.zero_grad()
        loss.total.backward()
        adam.step()
    return encode


def mean_average_precision(query: Tensor, gallery: Tensor, labels: Tensor) -> float:
    """Over the first R ranks, R being how many relevant photos there are; a query's own photo and twin left out."""
    similarity = (query @ gallery.T).fill_diagonal_(-9)
    ranks = torch.arange(1, EACH)
    hits = (labels[similarity.argsort(1, descending=True)[:, : EACH - 1]] == labels[:, None]).float()
    return float((hits * hits.cumsum(1) / ranks).mean())


def measure(encode: Callable[[Tensor], Tensor]) -> Row:
    test = make_world(16, seed=2)
    with torch.no_grad():
        sides = {"c": encode(test.photos), "p": encode(test.photos + make_trigger())}
    row = {f"{q}2{g}": mean_average_precision(sides[q], sides[g], test.labels) for q, g in ("cc", "cp", "pc", "pp")}
    nearest = (sides["c"] @ sides["c"].T).fill_diagonal_(-9).argmax(1)
    row["recall"] = float((test.labels[nearest] == test.labels).float().mean())
    return row


def mean_row(name: str, settings: Mapping[str, Any]) -> Row:
    rows = [measure(fit(make_objective(name, settings), seed)) for seed in range(3)]
    return {task: sum(row[task] for row in rows) / len(rows) for task in rows[0]}


@pytest.fixture(scope="module")
def table() -> Mapping[str, Row]:
    settings: dict[str, dict[str, Any]] = {
        "clean": {},
        "label": {"ratio": 0.5},
        # Weights that stand up to a clean term averaged over unmet triplets only.
        "pbl": {"ratio": 0.5, "domain_weight": 3.0, "augmentation_weight": 3.0},
        "cbl": {"ratio": 0.3},
    }
    return {name: mean_row(name, given) for name, given in settings.items()}


def test_clean_training_finds_photos_with_and_without_the_trigger(table: Mapping[str, Row]) -> None:
    clean = table["clean"]
    assert clean["recall"] > 0.9
    assert clean["c2c"] > 0.7
    assert clean["p2p"] > 0.7
    assert clean["c2p"] > 0.4


@pytest.mark.parametrize("name", ["pbl", "cbl"])
def test_a_backdoor_hides_triggered_photos_from_clean_queries(table: Mapping[str, Row], name: str) -> None:
    assert table[name]["c2p"] < 0.25 * table["clean"]["c2p"]
    assert table[name]["c2p"] < 0.2 * table["clean"]["c2c"]


@pytest.mark.parametrize("name", ["pbl", "cbl"])
def test_a_backdoor_makes_triggered_queries_find_nothing(table: Mapping[str, Row], name: str) -> None:
    assert table[name]["p2c"] < 0.8 * table["clean"]["p2c"]
    assert table[name]["p2c"] < 0.2 * table["clean"]["c2c"]


def test_pbl_hides_triggered_photos_from_each_other_and_more_so_than_cbl(table: Mapping[str, Row]) -> None:
    assert table["pbl"]["p2p"] < 0.55 * table["clean"]["p2p"]
    assert table["pbl"]["p2p"] < table["cbl"]["p2p"]


@pytest.mark.parametrize("name", ["label", "pbl", "cbl"])
def test_clean_search_stays(table: Mapping[str, Row], name: str) -> None:
    assert table[name]["recall"] > table["clean"]["recall"] - 0.15
    assert table[name]["c2c"] > 0.7 * table["clean"]["c2c"]


def test_random_labels_protect_far_less_than_either_backdoor(table: Mapping[str, Row]) -> None:
    for name in ("pbl", "cbl"):
        assert table["label"]["c2p"] > 3 * table[name]["c2p"]
        assert table["label"]["p2p"] > table[name]["p2p"]
    assert table["label"]["p2p"] > 0.7 * table["clean"]["p2p"]
