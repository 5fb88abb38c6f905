from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Plan
from unfind.objectives.pbl import PointBackdoor

Generator = Callable[[int], torch.Generator]
Twins = Callable[[Plan], Tensor]
Squared = Callable[[Tensor, Tensor], float]
Rows = Iterable[tuple[int, int, int]]

VARIANTS = [
    {"miner": miner, "divisor": divisor, "poisoned_negative": poisoned, "twins": twins}
    for miner, divisor in itertools.product(("all", "random"), ("triplets", "batch"))
    for poisoned, twins in itertools.product((False, True), (False, True))
]


class Slow:
    """Equations 3, 5 and 7 photo by photo. Everything is spoken of by its position in the batch."""

    def __init__(
        self, objective: PointBackdoor, plan: Plan, clean: Tensor, triggered: Tensor, squared: Squared
    ) -> None:
        self.objective, self.plan, self.squared = objective, plan, squared
        self.labels = plan.labels.tolist()
        self.clean = dict(enumerate(clean))
        self.twin = dict(zip(plan.triggered.tolist(), triggered, strict=True))

    def imperceptible(self) -> float:
        everything = range(len(self.labels))
        rows = self.mined() or self.rows(everything, everything, everything)
        values = [self.term(self.clean[a], self.clean[p], self.clean[n]) for a, p, n in rows]
        return self.mean([value for value in values if value > 0 or self.objective.average == "all"])

    def domain(self) -> float:
        rows = self.poisoned() or self.rows(range(len(self.labels)), self.twin, self.twin, self.objective.twins)
        return self.reduce([self.term(self.clean[a], self.twin[n], self.twin[p]) for a, p, n in rows])

    def augmentation(self) -> float:
        strangers = self.twin if self.objective.poisoned_negative else self.clean
        rows = self.poisoned() or self.rows(self.twin, self.twin, strangers)
        return self.reduce([self.term(self.twin[a], strangers[n], self.twin[p]) for a, p, n in rows])

    def rows(
        self, anchors: Iterable[int], positives: Iterable[int], negatives: Iterable[int], twins: bool = False
    ) -> list[tuple[int, int, int]]:
        labels = self.labels
        every = itertools.product(anchors, positives, negatives)
        return [(a, p, n) for a, p, n in every if labels[a] == labels[p] != labels[n] and (twins or a != p)]

    def mined(self) -> list[tuple[int, int, int]]:
        mined = self.plan.mined
        if mined is None:
            return []
        return list(zip(mined.anchor.tolist(), mined.positive.tolist(), mined.negative.tolist(), strict=True))

    def poisoned(self) -> list[tuple[int, int, int]]:
        return self.mined()[: math.ceil(self.objective.ratio * len(self.mined()))]

    def term(self, anchor: Tensor, near: Tensor, far: Tensor) -> float:
        return max(0.0, self.objective.margin + self.squared(anchor, near) - self.squared(anchor, far))

    def mean(self, values: list[float]) -> float:
        return sum(values) / len(values)

    def reduce(self, values: list[float]) -> float:
        return sum(values) / len(self.labels) if self.objective.divisor == "batch" else self.mean(values)


@pytest.mark.parametrize("settings", VARIANTS, ids=lambda settings: "-".join(map(str, settings.values())))
@pytest.mark.parametrize(("average", "clean_gradient"), [("active", False), ("active", True), ("all", False)])
def test_every_variant_equals_its_equations_written_as_loops(
    batch: Any,
    settings: dict[str, Any],
    average: str,
    clean_gradient: bool,
    generator: Generator,
    twins_of: Twins,
    squared: Squared,
) -> None:
    objective = PointBackdoor(
        **settings,
        average=average,
        clean_gradient=clean_gradient,
        ratio=0.5,
        margin=0.3,
        domain_weight=2.0,
        augmentation_weight=0.5,
    )
    plan = objective.plan(batch.labels, generator(batch.seed))
    triggered = twins_of(plan)
    loss = objective.loss(plan, batch.clean, triggered)
    slow = Slow(objective, plan, batch.clean, triggered, squared)
    parts = {"imperceptible": slow.imperceptible(), "domain": slow.domain(), "augmentation": slow.augmentation()}
    assert {name: term.item() for name, term in loss.terms.items()} == pytest.approx(parts, abs=1e-12)
    total = parts["imperceptible"] + 2.0 * parts["domain"] + 0.5 * parts["augmentation"]
    assert loss.total.item() == pytest.approx(total, abs=1e-12)
    assert min(parts.values()) > 0, "a term that is 0 compares nothing"


def test_the_variants_really_differ(batch: Any, generator: Generator, twins_of: Twins) -> None:
    found = set()
    for settings in VARIANTS[:8]:  # one miner, so that all have the same plan
        objective = PointBackdoor(**settings, ratio=0.5)
        plan = objective.plan(batch.labels, generator(batch.seed))
        found.add(round(objective.loss(plan, batch.clean, twins_of(plan)).total.item(), 12))
    assert len(found) == 8


@pytest.mark.parametrize("miner", ["all", "random"])
@pytest.mark.parametrize("poisoned_negative", [False, True])
@pytest.mark.parametrize("term", ["domain", "augmentation"])
def test_privacy_terms_move_triggered_photos_only(
    gradients: Callable[..., tuple[Tensor, Tensor]], term: str, poisoned_negative: bool, miner: str
) -> None:
    objective = PointBackdoor(ratio=0.5, miner=miner, poisoned_negative=poisoned_negative)
    clean, triggered = gradients(objective, term)
    assert not clean.any()
    assert triggered.any()


@pytest.mark.parametrize("term", ["domain", "augmentation"])
def test_privacy_terms_move_clean_photos_too_where_asked(
    gradients: Callable[..., tuple[Tensor, Tensor]], term: str
) -> None:
    clean, triggered = gradients(PointBackdoor(ratio=0.5, clean_gradient=True), term)
    assert clean.any()
    assert triggered.any()


def test_a_poisoned_negative_leaves_no_clean_photo_in_the_augmentation_term(
    gradients: Callable[..., tuple[Tensor, Tensor]],
) -> None:
    objective = PointBackdoor(ratio=0.5, clean_gradient=True, poisoned_negative=True)
    clean, triggered = gradients(objective, "augmentation")
    assert not clean.any()
    assert triggered.any()


def test_the_imperceptible_term_moves_clean_photos_only(gradients: Callable[..., tuple[Tensor, Tensor]]) -> None:
    clean, triggered = gradients(PointBackdoor(ratio=0.5), "imperceptible")
    assert clean.any()
    assert not triggered.any()


@pytest.mark.parametrize("miner", ["all", "random"])
def test_the_gradient_is_the_slope(batch: Any, miner: str, generator: Generator, twins_of: Twins) -> None:
    objective = PointBackdoor(ratio=0.5, miner=miner, clean_gradient=True)
    plan = objective.plan(batch.labels, generator(batch.seed))
    loss = lambda clean, triggered: objective.loss(plan, clean, triggered).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (batch.clean, twins_of(plan)))


def test_a_step_downhill_takes_triggered_relatives_away(
    batch: Any, gradients: Callable[..., tuple[Tensor, Tensor]], generator: Generator, twins_of: Twins
) -> None:
    objective = PointBackdoor(ratio=1.0, margin=4.0)  # so wide that every triplet counts
    plan = objective.plan(batch.labels, generator(batch.seed))
    before = twins_of(plan)
    moved = torch.nn.functional.normalize(before - 0.1 * gradients(objective, "domain")[1], dim=1)
    relatives = (batch.labels[:, None] == batch.labels[plan.triggered]).double()
    strangers = 1 - relatives
    change = (batch.clean @ moved.T - batch.clean @ before.T).detach()
    assert (change * relatives).sum() / relatives.sum() < (change * strangers).sum() / strangers.sum()


@pytest.mark.parametrize("miner", ["all", "random"])
@pytest.mark.parametrize("divisor", ["triplets", "batch"])
@pytest.mark.parametrize("labels", [[1, 1, 1, 1], [1]])
def test_without_triplets_the_loss_is_a_differentiable_zero(
    labels: list[int], divisor: str, miner: str, units: Callable[..., Tensor], generator: Generator
) -> None:
    objective, clean = PointBackdoor(miner=miner, divisor=divisor, ratio=1.0), units(len(labels))
    plan = objective.plan(torch.tensor(labels, dtype=torch.int64), generator(0))
    triggered = units(len(plan.triggered), seed=1)
    total = objective.loss(plan, clean, triggered).total
    total.backward()
    assert total.item() == 0
    assert clean.grad is not None
    assert not clean.grad.any()


def test_photos_that_are_all_single_leave_only_their_twins_to_hide_from(
    units: Callable[..., Tensor], generator: Generator
) -> None:
    labels, clean = torch.arange(4), units(4)
    for twins, terms in ((True, 1), (False, 0)):
        objective = PointBackdoor(ratio=1.0, twins=twins, margin=4.0)
        plan = objective.plan(labels, generator(0))
        found = objective.loss(plan, clean, units(4, seed=1)).terms
        assert sum(term.item() > 0 for term in found.values()) == terms
        assert (found["domain"].item() > 0) == twins


def test_plan_all_takes_whole_classes_and_at_least_two(generator: Generator) -> None:
    labels = torch.arange(40).repeat_interleave(2)
    objective = PointBackdoor(ratio=0.1)
    plan = objective.plan(labels, generator(0))
    assert plan.mined is None
    assert len(plan.triggered) == 8
    assert torch.bincount(labels[plan.triggered]).unique().tolist() == [0, 2]
    few = PointBackdoor(ratio=0.001).plan(labels, generator(0))
    assert len(labels[few.triggered].unique()) == 2


def test_plan_random_triggers_the_photos_of_the_first_mined_triplets(generator: Generator) -> None:
    labels = torch.arange(40).repeat_interleave(2)
    plan = PointBackdoor(miner="random", ratio=0.1).plan(labels, generator(0))
    assert plan.mined is not None
    assert len(plan.mined) == 80
    first = torch.stack([plan.mined.anchor[:8], plan.mined.positive[:8], plan.mined.negative[:8]])
    assert plan.triggered.tolist() == sorted(set(first.flatten().tolist()))


@pytest.mark.parametrize("miner", ["all", "random"])
def test_the_plan_depends_on_the_generator_alone(batch: Any, miner: str, generator: Generator) -> None:
    objective = PointBackdoor(miner=miner, ratio=0.4)
    plans = [objective.plan(batch.labels.repeat(3), generator(seed)).triggered.tolist() for seed in (3, 3, 4)]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]


def test_official_is_the_published_code(batch: Any, generator: Generator, twins_of: Twins, squared: Squared) -> None:
    objective = PointBackdoor.official()
    assert (objective.miner, objective.divisor, objective.ratio, objective.margin) == ("random", "batch", 0.1, 0.2)
    assert objective.poisoned_negative
    assert objective.clean_gradient
    assert objective.average == "all"
    assert not objective.twins
    plan = objective.plan(batch.labels, generator(batch.seed))
    triggered = twins_of(plan)
    # T(a, p, n) / B + T(a, Gn, Gp) / B + T(Ga, Gn, Gp) / B, the latter two over a tenth of the triplets.
    slow = Slow(objective, plan, batch.clean, triggered, squared)
    rows = slow.mined()
    clean, twin, count = slow.clean, slow.twin, len(batch.labels)
    assert len(rows) == count
    total = sum(slow.term(clean[a], clean[p], clean[n]) for a, p, n in rows) / count
    for a, p, n in rows[:1]:
        total += slow.term(clean[a], twin[n], twin[p]) / count + slow.term(twin[a], twin[n], twin[p]) / count
    assert objective.loss(plan, batch.clean, triggered).total.item() == pytest.approx(total, abs=1e-12)


def test_a_weight_of_0_switches_a_term_off(batch: Any, generator: Generator, twins_of: Twins) -> None:
    objective = PointBackdoor(ratio=0.5, domain_weight=0, augmentation_weight=0)
    plan = objective.plan(batch.labels, generator(0))
    loss = objective.loss(plan, batch.clean, twins_of(plan))
    assert loss.terms["domain"].item() > 0
    assert loss.total.item() == loss.terms["imperceptible"].item()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"domain_weight": -1}, "weights of 0 or more"),
        ({"augmentation_weight": -0.1}, "weights of 0 or more"),
        ({"ratio": 0}, "ratio above 0"),
        ({"ratio": 1.1}, "at most 1"),
        ({"miner": "hardest"}, "all, random, got 'hardest'"),
        ({"divisor": "photos"}, "triplets, batch, got 'photos'"),
        ({"margin": -1}, "between 0 and 4"),
        ({"average": "half"}, "active, all, got 'half'"),
    ],
)
def test_settings_that_cannot_be_right_are_wrong_use(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PointBackdoor(**settings)
