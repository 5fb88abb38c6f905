"""The paces of experiments, against the command line and the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unfind.cli.cloak import Effort
from unfind.cloaks.pace import PAPER_BUDGET
from unfind.studies.cloak_paces import DIVERSE, MODES, PUBLISHED, PUBLISHED_STEP, QUICK_STEPS, STRONG, USUAL


def test_the_usual_mode_is_that_of_the_command() -> None:
    assert Effort().pace() == USUAL
    assert Effort(robust=True).pace() == MODES["usual_robust"]
    assert Effort(budget=PAPER_BUDGET).pace() == STRONG
    assert Effort(budget=PAPER_BUDGET, robust=True).pace() == MODES["strong_robust"]
    assert Effort(budget=PAPER_BUDGET, diverse=True).pace() == DIVERSE


def test_the_published_schedule() -> None:
    assert (PUBLISHED.iterations, PUBLISHED.budget, PUBLISHED.rule) == (2000, PAPER_BUDGET, "rms")
    # A step whose root mean square is that has length 1 on a photo of 224 pixels in three colours.
    assert pytest.approx(1) == PUBLISHED_STEP * (3 * 224 * 224) ** 0.5


def test_methods_are_compared_with_the_same_steps() -> None:
    assert replace(STRONG, momentum=0.0, margin=0.0) == QUICK_STEPS
