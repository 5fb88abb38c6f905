from __future__ import annotations

import pytest

from unfind.errors import UsageError
from unfind.objectives.choose import make_objective
from unfind.objectives.pbl import PointBackdoor
from unfind.studies import bench_protection
from unfind.studies.mip_presets import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_method_can_be_made(name: str) -> None:
    objectives = preset(name).objectives
    assert list(objectives) == ["clean", "label", "pbl", "cbl"]
    for method, options in objectives.items():
        assert make_objective(method, options).name == method


def test_the_paper_preset_is_section_5_1_4() -> None:
    found = preset("paper")
    for fit in (found.first, found.then):
        assert (fit.learning_rate, fit.head_factor, fit.weight_decay) == (1e-5, 1.0, 1e-4)
        assert fit.classes_per_batch * fit.photos_per_class == 80
        assert (fit.jpeg, fit.flip, fit.strength_start, fit.fade) == (False, False, 1.0, 0.0)
    assert found.objectives["pbl"]["ratio"] == found.objectives["cbl"]["ratio"] == 0.1


def test_its_pbl_is_the_published_one_with_the_equation_of_the_paper() -> None:
    ours, official = PointBackdoor(**preset("paper").objectives["pbl"]), PointBackdoor.official()
    different = {name for name, value in vars(official).items() if vars(ours)[name] != value}
    assert different == {"poisoned_negative"}  # the code also triggers the negative of eq. 7
    assert ours.poisoned_negative is False


def test_twenty_passes_over_the_photos() -> None:
    first, then = preset("paper").fits(5864)
    assert first.steps == then.steps == 20 * 73  # what the published run takes on CUB-200
    assert preset("paper").fits(10)[1].steps == 20


def test_steps_can_be_asked_for() -> None:
    for name in PRESETS:
        first, then = preset(name).fits(1000, first_steps=3, steps=5)
        assert (first.steps, then.steps) == (3, 5)
    first, then = preset("recommended").fits(1000)
    assert (first.steps, then.steps) == (160, 180)


def test_recommended_is_what_the_protection_bench_claims() -> None:
    found = preset("recommended")
    assert found.objectives["pbl"] == bench_protection.OBJECTIVE
    assert (found.first.steps, found.then.steps) == (bench_protection.FULL.first, bench_protection.FULL.then)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(UsageError, match="paper, recommended, got 'best'"):
        preset("best")
