"""Training a second decoder: it learns, resumes bit for bit, leaves the mark alone, and never fails silently."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.datasets.generated import generated_pictures
from unfind.errors import DataError, ResumeError, TrainingError
from unfind.models.mark_weights import Mark, untrained_mark
from unfind.training import check_behind_filters as check_module
from unfind.training import fit_behind_filters as module
from unfind.training.check_behind_filters import check_behind_filters
from unfind.training.filter_settings import FilterSettings
from unfind.training.fit_behind_filters import AGAIN, fit_behind_filters
from unfind.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return generated_pictures(20, 128, seed=1)


@pytest.fixture(scope="module")
def mark() -> Mark:
    return untrained_mark(160)


def quick(**changes: object) -> FilterSettings:
    settings = {"steps": 4, "batch": 4, "check_every": 2, "warm": 1, "precision": "fp32", **changes}
    return FilterSettings(**settings)  # type: ignore[arg-type]


def test_what_is_left_behind_filters_is_learned(
    pixels: np.ndarray, mark: Mark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box of seven turns the finest waves of a mark round: its own decoder reads them as their opposites."""
    monkeypatch.setattr(check_module, "STRENGTH", 2.5)
    settings = quick(steps=30, batch=12, learning_rate=3e-3, faintest=2.0, loudest=3.0)
    decoder = fit_behind_filters(mark, pixels[:16], settings)
    before, after = (check_behind_filters(mark, one, pixels[16:])["box 7"] for one in (mark.decoder, decoder))
    assert before < 0.45
    assert after > before + 0.2


def test_the_mark_is_left_as_it_was(pixels: np.ndarray, mark: Mark) -> None:
    before = {name: value.clone() for name, value in mark.decoder.state_dict().items()}
    decoder = fit_behind_filters(mark, pixels, quick())
    assert all(torch.equal(value, before[name]) for name, value in mark.decoder.state_dict().items())
    assert any(not torch.equal(value, before[name]) for name, value in decoder.state_dict().items())
    assert not decoder.training
    assert not any(weight.requires_grad for weight in decoder.parameters())


def test_a_training_that_was_stopped_goes_on_bit_for_bit(pixels: np.ndarray, mark: Mark, tmp_path: Path) -> None:
    settings = quick(steps=7)
    folders = [RunFolder(tmp_path / name, settings.as_dict()) for name in ("whole", "part")]
    whole = fit_behind_filters(mark, pixels, settings, folder=folders[0])

    def stop(done: int, total: int, read: float) -> None:
        assert (total, 0 <= read <= 1) == (7, True)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_behind_filters(mark, pixels, settings, folder=folders[1], on_step=stop)
    again = RunFolder(tmp_path / "part", settings.as_dict(), resume=True)
    part = fit_behind_filters(mark, pixels, settings, folder=again, resume=True)
    assert all(torch.equal(value, part.state_dict()[name]) for name, value in whole.state_dict().items())
    logs = [(folder.path / "log.jsonl").read_text() for folder in folders]
    assert logs[0] == logs[1]
    assert [json.loads(line)["step"] for line in logs[0].splitlines()] == [2, 4, 6, 7]


def test_each_batch_is_learned_from_twice(pixels: np.ndarray, mark: Mark, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[int] = []
    draw, learn = module.draw_filtered_batch, module._Loop._learn
    made: dict[int, int] = {}

    def drawn(*given: object) -> object:
        batch = draw(*given)
        made[id(batch)] = given[-1]
        keep.append(batch)
        return batch

    keep: list[object] = []
    monkeypatch.setattr(module, "draw_filtered_batch", drawn)
    monkeypatch.setattr(module._Loop, "_learn", lambda loop, b: (numbers.append(made[id(b)]), learn(loop, b)))
    fit_behind_filters(mark, pixels, quick(steps=2 * AGAIN + 4))
    assert numbers[::2] == list(range(AGAIN + 2))
    assert numbers[1::2] == [0] * AGAIN + [0, 1]
    assert max(made.values()) <= AGAIN + 2, "no more is drawn than is needed, and one ahead"


def test_too_few_photos_are_refused(pixels: np.ndarray, mark: Mark) -> None:
    with pytest.raises(DataError, match="at least 4 photos"):
        fit_behind_filters(mark, pixels[:3], quick())


def test_nothing_to_resume_is_told(pixels: np.ndarray, mark: Mark, tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="run folder"):
        fit_behind_filters(mark, pixels, quick(), resume=True)
    folder = RunFolder(tmp_path, quick().as_dict())
    with pytest.raises(ResumeError, match="without --resume"):
        fit_behind_filters(mark, pixels, quick(), folder=folder, resume=True)


def test_a_loss_that_is_no_number_ends_the_training(
    pixels: np.ndarray, mark: Mark, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(heard: Tensor, wanted: Tensor) -> Tensor:
        return heard.sum() * float("nan")

    monkeypatch.setattr(module.F, "binary_cross_entropy_with_logits", broken)
    with pytest.raises(TrainingError, match="finite loss"):
        fit_behind_filters(mark, pixels, quick())
