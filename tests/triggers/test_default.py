"""One line says which mark is used where nobody chooses one."""

from __future__ import annotations

from unfind.studies.train import TrainRequest
from unfind.triggers.choose import TRIGGERS
from unfind.triggers.default import DEFAULT
from unfind.triggers.shipped import SHIPPED, SPREAD_SPECTRUM, default_mark


def test_it_is_a_mark_that_can_be_found() -> None:
    assert DEFAULT in TRIGGERS
    assert DEFAULT in ("spread-spectrum", "learned")


def test_photos_and_models_take_the_same() -> None:
    assert TrainRequest("photos", "clean").trigger == DEFAULT
    assert default_mark() == (SPREAD_SPECTRUM if DEFAULT == "spread-spectrum" else SHIPPED)
