"""The paces of experiments, against the command line and the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unfind.cli.cloak import Effort
from unfind.cloaks.pace import PAPER_BUDGET
from unfind.studies.cloak_paces import (
    DIVERSE,
    MODES,
    PUBLISHED,
    PUBLISHED_STEP,
    QUICK_STEPS,
    ROBUST_MODE,
    STRONG,
    USUAL,
)


def test_the_modes_are_those_of_the_command() -> None:
    assert Effort().pace() == USUAL == MODES["usual"]
    assert Effort(robust=True).pace() == ROBUST_MODE == MODES["robust"]
    assert (USUAL.psnr, ROBUST_MODE.psnr, STRONG.psnr) == (40, 35, None)
    assert replace(Effort(psnr=0).pace(), rule="sign", passages=STRONG.passages) == STRONG


def test_what_a_photo_goes_through() -> None:
    names = {name: [passage.name for passage in pace.passages] for name, pace in MODES.items()}
    assert names == {
        "usual": ["as-is", "jpeg90"],
        "robust": ["as-is", "jpeg90", "jpeg75", "resize0.75"],
        "strong": ["as-is"],
    }
    assert [passage.name for passage in DIVERSE.passages] == ["as-is", "varied0.8"]


def test_the_published_schedule() -> None:
    assert (PUBLISHED.iterations, PUBLISHED.budget, PUBLISHED.rule) == (2000, PAPER_BUDGET, "rms")
    # A step whose root mean square is that has length 1 on a photo of 224 pixels in three colours.
    assert pytest.approx(1) == PUBLISHED_STEP * (3 * 224 * 224) ** 0.5


def test_methods_are_compared_with_the_same_steps() -> None:
    assert replace(STRONG, momentum=0.0, margin=0.0) == QUICK_STEPS
