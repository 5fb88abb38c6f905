"""One file says which mark is used where nobody chooses one."""

from __future__ import annotations

from unfind.studies.train import TrainRequest, settled
from unfind.triggers.choose import TRIGGERS
from unfind.triggers.default import DEFAULT, IN_WEIGHTS
from unfind.triggers.shipped import SHIPPED, SPREAD_SPECTRUM, default_mark


def test_it_is_a_mark_that_can_be_found() -> None:
    assert DEFAULT in TRIGGERS
    assert DEFAULT in ("spread-spectrum", "learned")


def test_photos_and_models_that_a_network_hears_it_beside_take_the_same() -> None:
    assert settled(TrainRequest("photos", "pbl")).trigger == DEFAULT
    assert default_mark() == (SPREAD_SPECTRUM if DEFAULT == "spread-spectrum" else SHIPPED)


def test_a_models_own_weights_take_one_that_they_can_learn() -> None:
    assert IN_WEIGHTS in TRIGGERS
    assert settled(TrainRequest("photos", "label")).trigger == IN_WEIGHTS
