from __future__ import annotations

from unfind.datasets.split import Split
from unfind.models.encoder import Architecture
from unfind.objectives.pbl import PointBackdoor
from unfind.objectives.triplet import TripletObjective
from unfind.studies.material import prepare
from unfind.studies.step_cost import seconds_per_embedding, step_seconds
from unfind.training.settings import FitSettings
from unfind.triggers.badnets import BadNets


def test_steps_and_embeddings_take_time(split: Split, architecture: Architecture) -> None:
    examples = prepare(split.train, 32).examples
    settings = FitSettings(steps=500, classes_per_batch=2, validate_every=1)
    clean = step_seconds(examples, architecture, TripletObjective(), None, settings=settings, steps=1)
    marked = step_seconds(examples, architecture, PointBackdoor(), BadNets(), steps=1)
    for step in (clean, marked):
        assert 0 < step.batch < step.whole < 10
    assert 0 < seconds_per_embedding(architecture) < 1
