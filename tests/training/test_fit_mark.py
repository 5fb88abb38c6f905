"""Training a mark: bits are learned within seconds, it resumes bit for bit, and it never fails silently."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.datasets.generated import generated_pictures
from unfind.errors import DataError, ResumeError, TrainingError
from unfind.models.encoder import Encoder
from unfind.models.mark_weights import load_mark
from unfind.training import fit_mark as module
from unfind.training.fit_mark import MarkPhotos, fit_mark
from unfind.training.mark_settings import MarkSettings
from unfind.training.mark_stage import MarkStage
from unfind.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def photos() -> MarkPhotos:
    pictures = generated_pictures(20, 128, seed=1)
    return MarkPhotos(pictures[:16], pictures[16:])


def quick(**changes: object) -> MarkSettings:
    settings = {"steps": 4, "batch": 4, "canvas": 128, "check_every": 2, "precision": "fp32", **changes}
    return MarkSettings(**settings)  # type: ignore[arg-type]


def run_folder(path: Path, settings: MarkSettings, *, resume: bool = False) -> RunFolder:
    return RunFolder(path, settings.as_dict(), resume=resume)


def test_bits_are_learned_on_generated_pictures(photos: MarkPhotos) -> None:
    """So faint that gratings alone leave a seventh of the bits unread."""
    faint = 0.22
    settings = quick(steps=25, batch=8, strength_start=faint, strength_end=faint, check_every=25)
    before = module.check_mark(module.MarkEncoder(160), module.MarkDecoder(160), photos.held_out, faint)
    fitted = fit_mark(photos, settings)
    assert before["untouched"] < 0.9
    assert fitted.figures["untouched"] > before["untouched"] + 0.005
    assert fitted.attempt == 0


def test_a_training_that_was_stopped_goes_on_bit_for_bit(photos: MarkPhotos, tmp_path: Path) -> None:
    settings = quick(steps=6, ramp=2, ready=0.5, check_every=3)
    whole = fit_mark(photos, settings, folder=run_folder(tmp_path / "whole", settings))

    def stop(done: int, total: int, stage: MarkStage) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_mark(photos, settings, folder=run_folder(tmp_path / "part", settings), on_step=stop)
    rest = fit_mark(photos, settings, folder=run_folder(tmp_path / "part", settings, resume=True), resume=True)
    assert rest.stage == whole.stage
    for name, value in whole.encoder.state_dict().items():
        assert torch.equal(value, rest.encoder.state_dict()[name])
    for name, value in whole.decoder.state_dict().items():
        assert torch.equal(value, rest.decoder.state_dict()[name])
    for file in ("log.jsonl", "mark.json", "mark.safetensors"):
        assert (tmp_path / "part" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_the_log_says_where_training_stood(photos: MarkPhotos, tmp_path: Path) -> None:
    settings = quick()
    fit_mark(photos, settings, folder=run_folder(tmp_path, settings), card={"data": "generated"})
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    assert lines[0].keys() >= {"attempt", "stage", "strength", "severity", "accuracy", "loss", "held_out"}
    mark = load_mark(tmp_path)
    assert mark.card["data"] == "generated"
    assert mark.card["held_out"] == lines[-1]["held_out"]
    assert mark.card["strength"] == lines[-1]["strength"]


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a switch: attempts with a seed below the given one read nothing, however long they learn."""
    learn = module._Loop._learn

    def switch(seeds: int) -> None:
        def deaf_learn(loop: module._Loop, batch: module.MarkBatch) -> module.MarkLoss:
            if loop.settings.seed + loop.attempt >= seeds:
                return learn(loop, batch)
            return module.MarkLoss(torch.zeros(()), {"bits": 0.69}, 0.5)

        monkeypatch.setattr(module._Loop, "_learn", deaf_learn)

    return switch


def test_an_attempt_at_chance_is_given_up_for_the_next_seed(
    photos: MarkPhotos, tmp_path: Path, deaf: Callable[[int], None]
) -> None:
    deaf(1)
    settings = quick(stuck_after=3, attempts=2, stuck_below=0.501)
    fitted = fit_mark(photos, settings, folder=run_folder(tmp_path, settings))
    assert fitted.attempt == 1
    given_up = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()][1]
    assert given_up == {"step": 3, "attempt": 0, "given_up": {"accuracy": 0.5}}
    assert load_mark(tmp_path).card["attempt"] == 1


def test_when_every_seed_stays_at_chance_training_says_so(photos: MarkPhotos, deaf: Callable[[int], None]) -> None:
    deaf(99)
    with pytest.raises(TrainingError, match="one of 2 seeds, got 50% of them read after 3 steps"):
        fit_mark(photos, quick(stuck_after=3, attempts=2))


def test_a_loss_that_is_no_number_ends_training(photos: MarkPhotos, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **settings: object) -> module.MarkLoss:
        return module.MarkLoss(torch.tensor(float("nan")), {}, 0.5)

    monkeypatch.setattr(module, "mark_loss", broken)
    with pytest.raises(TrainingError, match="finite loss, got nan at step 0"):
        fit_mark(photos, quick())


def test_a_mark_can_be_made_loud_to_a_model(photos: MarkPhotos, tiny_encoder: Callable[..., Encoder]) -> None:
    told: list[Tensor] = []
    model = tiny_encoder()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fitted = fit_mark(photos, quick(steps=2), against=model, on_step=lambda *facts: told.append(facts))
    assert fitted.figures["psnr"] > 20
    assert [facts[:2] for facts in told] == [(1, 2), (2, 2)]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_there_must_be_something_to_resume(photos: MarkPhotos, tmp_path: Path) -> None:
    settings = quick()
    with pytest.raises(ResumeError, match="run folder"):
        fit_mark(photos, settings, resume=True)
    with pytest.raises(ResumeError, match="got none"):
        fit_mark(photos, settings, folder=run_folder(tmp_path, settings, resume=True), resume=True)


@pytest.mark.parametrize(("train", "held_out"), [(3, 1), (4, 0)])
def test_too_few_photos_are_refused(train: int, held_out: int) -> None:
    pixels = np.zeros((8, 128, 128, 3), np.uint8)
    with pytest.raises(DataError, match="photos for a mark"):
        MarkPhotos(pixels[:train], pixels[:held_out])
