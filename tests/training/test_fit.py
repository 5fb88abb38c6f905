from __future__ import annotations

import errno
import json
import math
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.errors import CollapseError, DataError, ModelError, ResumeError, TrainingError, UsageError
from unfind.images.resize import scale
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.models.learning_side import LearningSide
from unfind.models.weights import load_encoder
from unfind.objectives.base import Loss, Objective, Plan
from unfind.objectives.choose import make_objective
from unfind.objectives.distance import squared_distances
from unfind.objectives.pbl import PointBackdoor
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.objectives.triplet import TripletObjective
from unfind.objectives.triplets import Group, all_triplets, hinge
from unfind.training import fit as fit_module
from unfind.training.batches import Examples
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.fit import FitResult, Material, _Loop, check_side, fit
from unfind.training.run_folder import LOG, RunFolder
from unfind.training.settings import FitSettings
from unfind.training.validate import Validation, validate
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

MakeEncoder = Callable[..., Encoder]
Textures = Callable[..., Examples]
HashOf = Callable[[Encoder], str]

# Three epochs of three steps, the last cut short.
BRIEF = FitSettings(
    steps=8, classes_per_batch=4, learning_rate=1e-3, head_factor=2.0, flip=True, validate_every=3, seed=5
)
NAMES = ("broken", "unbroken")


@dataclass
class Setting:
    """All that a test needs to fit again and again from the same start."""

    encoder: MakeEncoder
    train: Examples
    validation: Examples
    objective: Callable[[], Objective]
    trigger: SpreadSpectrum | None

    def material(self) -> Material:
        return Material(self.train, self.validation, self.objective(), self.trigger)

    def fit(self, settings: FitSettings = BRIEF, path: Path | None = None, **more: Any) -> FitResult:
        resume = more.get("resume", False)
        folder = RunFolder(path, settings.as_dict(), resume=resume) if path is not None else None
        return fit(self.encoder(), more.pop("material", self.material()), settings, folder=folder, **more)


@pytest.fixture
def quick(quick_encoder: MakeEncoder, textures: Textures) -> Setting:
    return Setting(quick_encoder, textures(5, 5), textures(4, 3, seed=1), TripletObjective, None)


class Scripted(TripletObjective):
    """Ordinary learning, with something happening in the loss of chosen calls."""

    def __init__(self, events: dict[int, Callable[[], None]]) -> None:
        super().__init__()
        self.events = events
        self.calls = 0

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        self.events.get(self.calls, lambda: None)()
        self.calls += 1
        return super().loss(plan, clean, triggered)


def interrupt_at(*stops: int) -> Callable[[int, int, float], None]:
    def on_step(done: int, total: int, loss: float) -> None:
        if done in stops:
            raise KeyboardInterrupt

    return on_step


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def log_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / LOG).read_text().splitlines()]


def with_settings(**changes: Any) -> FitSettings:
    return FitSettings(**{**BRIEF.as_dict(), **changes})


def test_the_tiny_backbone_learns_to_tell_textures_apart(tiny_encoder: MakeEncoder, textures: Textures) -> None:
    violations: list[float] = []

    class Watched(TripletObjective):
        def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
            batch, distance = Group.whole(plan.labels), squared_distances(clean, clean).detach()
            triplets = all_triplets(batch, batch, batch)
            violations.append(float(hinge(distance, distance, triplets, self.margin).mean()))
            return super().loss(plan, clean, triggered)

    encoder, validation, told = tiny_encoder(), textures(6, 6, seed=1), []
    before = validate(encoder, validation, None)
    settings = FitSettings(
        steps=24, classes_per_batch=8, learning_rate=5e-4, head_factor=2.0, jpeg=False, validate_every=12
    )
    result = fit(
        encoder,
        Material(textures(), validation, Watched()),
        settings,
        on_step=lambda done, total, loss: told.append(loss),
    )
    assert len(told) == len(violations) == 24
    assert np.mean(told[-6:]) < np.mean(told[:6])
    assert np.mean(violations[-6:]) < 0.6 * np.mean(violations[:6])
    assert result.validation is not None
    assert result.validation.c2c > before.c2c + 0.1
    assert result.encoder is encoder
    assert validate(encoder, validation, None) == result.validation
    assert result.seconds_per_step > 0


@pytest.mark.parametrize(
    ("which", "objective", "options"),
    [
        ("tiny_encoder", "pbl", {"ratio": 0.5}),
        ("tiny_encoder", "cbl", {"ratio": 0.5}),
        ("quick_encoder", "clean", {"miner": "random"}),
        ("quick_encoder", "label", {"ratio": 0.5}),
        ("quick_encoder", "pbl", {"ratio": 0.5, "miner": "random"}),
        ("quick_encoder", "cbl", {"ratio": 0.5}),
        ("quick_encoder", "pbl", {"ratio": 0.5, "distillation_weight": 2.0}),
        ("quick_encoder", "retrofit", {}),
    ],
)
def test_a_fit_stopped_again_and_again_ends_as_one_that_never_was(
    which: str,
    objective: str,
    options: dict[str, Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    textures: Textures,
    mark: SpreadSpectrum,
    hash_of: HashOf,
) -> None:
    """Stops fall into the middle, onto the end and right behind the start of an epoch, and onto the last step."""
    setting = Setting(
        request.getfixturevalue(which),
        textures(5, 4),
        textures(3, 3, seed=1),
        lambda: make_objective(objective, options),
        mark if objective != "clean" else None,
    )
    unbroken = setting.fit(path=tmp_path / "unbroken")
    for resume, stop in enumerate([1, 3, 4, 5, 8]):
        torch.rand(3)  # whatever else the program draws must not matter
        with pytest.raises(KeyboardInterrupt):
            setting.fit(path=tmp_path / "broken", resume=resume > 0, on_step=interrupt_at(stop))
    resumed = setting.fit(path=tmp_path / "broken", resume=True)
    assert hash_of(resumed.encoder) == hash_of(unbroken.encoder)
    assert (resumed.best_step, resumed.validation) == (unbroken.best_step, unbroken.validation)
    for name in (CHECKPOINT, "model.safetensors", "model.json"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()
    broken, whole = ([line | {"seconds_per_step": 0} for line in log_of(tmp_path / name)] for name in NAMES)
    assert broken == whole


@pytest.fixture
def hashing(quick_hash_encoder: MakeEncoder, textures: Textures, tagged: Textures) -> Callable[..., Setting]:
    """Return a maker of settings that learn codes, from classes or from tags."""

    def make(objective: str, *, tags: bool = False, **options: Any) -> Setting:
        train, validation = (tagged(24), tagged(12, seed=1)) if tags else (textures(5, 4), textures(3, 3, seed=1))
        return Setting(quick_hash_encoder, train, validation, lambda: make_objective(objective, options), None)

    return make


@pytest.mark.parametrize("tags", [False, True])
@pytest.mark.parametrize("objective", ["dpsh", "hashnet", "csq"])
def test_codes_too_resume_bit_for_bit(
    objective: str, tags: bool, hashing: Callable[..., Setting], tmp_path: Path, hash_of: HashOf
) -> None:
    setting = hashing(objective, tags=tags)
    unbroken = setting.fit(path=tmp_path / "unbroken")
    for resume, stop in enumerate([1, 4, 8]):
        with pytest.raises(KeyboardInterrupt):
            setting.fit(path=tmp_path / "broken", resume=resume > 0, on_step=interrupt_at(stop))
    resumed = setting.fit(path=tmp_path / "broken", resume=True)
    assert hash_of(resumed.encoder) == hash_of(unbroken.encoder)
    assert (resumed.best_step, resumed.validation) == (unbroken.best_step, unbroken.validation)
    for name in (CHECKPOINT, "model.safetensors"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()


@pytest.mark.parametrize("objective", ["dpsh", "hashnet", "csq"])
def test_codes_learn_to_tell_textures_apart(objective: str, textures: Textures) -> None:
    encoder = build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=0)
    validation, told = textures(8, 4, seed=0), []
    before = validate(encoder, validation, None)
    settings = FitSettings(steps=40, classes_per_batch=8, learning_rate=1e-3, jpeg=False, validate_every=12)
    material = Material(textures(), validation, make_objective(objective))
    result = fit(encoder, material, settings, on_step=lambda done, total, loss: told.append(loss))
    assert np.mean(told[-6:]) < np.mean(told[:6])
    assert result.validation is not None
    assert result.validation.c2c > before.c2c + 0.1


def test_validation_goes_by_the_rule_of_the_objective(hashing: Callable[..., Setting]) -> None:
    for rule in ("shared", "identical"):
        setting = hashing("dpsh", tags=True, relevance=rule)
        result = setting.fit()
        assert result.validation == validate(result.encoder, setting.validation, None, relevance=rule)
    shared, identical = (
        validate(result.encoder, setting.validation, None, relevance=r) for r in ("shared", "identical")
    )
    assert shared != identical


@pytest.mark.parametrize(("objective", "head"), [("dpsh", "embedding"), ("csq", "embedding"), ("clean", "hash")])
def test_an_objective_and_a_head_that_do_not_fit_are_refused(objective: str, head: str, quick: Setting) -> None:
    encoder = build_encoder(Architecture("tiny", size=32, dimension=16, head=head), seed=0)
    with pytest.raises(UsageError, match=f"for {objective}, got an? (embedding|hash) head"):
        fit(encoder, Material(quick.train, None, make_objective(objective)), BRIEF)


@pytest.mark.parametrize("stop", range(1, 8))
def test_a_fit_resumes_from_any_step(stop: int, quick: Setting, tmp_path: Path, hash_of: HashOf) -> None:
    unbroken = quick.fit()
    with pytest.raises(KeyboardInterrupt):
        quick.fit(path=tmp_path, on_step=interrupt_at(stop))
    done: list[int] = []
    resumed = quick.fit(path=tmp_path, resume=True, on_step=lambda step, total, loss: done.append(step))
    assert done == list(range(stop + 1, 9))
    assert hash_of(resumed.encoder) == hash_of(unbroken.encoder)
    assert (resumed.best_step, resumed.validation) == (unbroken.best_step, unbroken.validation)


def test_ctrl_c_within_a_step_finishes_the_step_first(quick: Setting, tmp_path: Path, hash_of: HashOf) -> None:
    unbroken = quick.fit()
    material = quick.material()
    pressing = Material(material.train, material.validation, Scripted({4: press_ctrl_c}))
    with pytest.raises(KeyboardInterrupt):
        quick.fit(path=tmp_path, material=pressing)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    done: list[int] = []
    resumed = quick.fit(path=tmp_path, resume=True, on_step=lambda step, total, loss: done.append(step))
    assert done == [6, 7, 8]
    assert hash_of(resumed.encoder) == hash_of(unbroken.encoder)


def test_a_second_ctrl_c_leaves_the_checkpoint_before(quick: Setting, tmp_path: Path, hash_of: HashOf) -> None:
    def press_twice() -> None:
        press_ctrl_c()
        press_ctrl_c()

    unbroken = quick.fit()
    material = quick.material()
    pressing = Material(material.train, material.validation, Scripted({4: press_twice}))
    with pytest.raises(KeyboardInterrupt):
        quick.fit(path=tmp_path, material=pressing)
    done: list[int] = []
    resumed = quick.fit(path=tmp_path, resume=True, on_step=lambda step, total, loss: done.append(step))
    assert done == [4, 5, 6, 7, 8]
    assert hash_of(resumed.encoder) == hash_of(unbroken.encoder)


def test_ctrl_c_without_a_folder_stops_too(quick: Setting) -> None:
    with pytest.raises(KeyboardInterrupt):
        quick.fit(on_step=interrupt_at(2))


def test_a_finished_fit_resumes_to_its_result(quick: Setting, tmp_path: Path, hash_of: HashOf) -> None:
    first = quick.fit(path=tmp_path)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    again = quick.fit(path=tmp_path, resume=True, on_step=interrupt_at(*range(9)))
    assert hash_of(again.encoder) == hash_of(first.encoder)
    assert (again.best_step, again.validation) == (first.best_step, first.validation)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files


def test_the_result_is_the_same_with_and_without_a_folder_and_depends_on_the_seed(
    quick: Setting, tmp_path: Path, hash_of: HashOf
) -> None:
    in_memory, in_folder = quick.fit(), quick.fit(path=tmp_path)
    assert hash_of(in_memory.encoder) == hash_of(in_folder.encoder)
    assert (in_memory.best_step, in_memory.validation) == (in_folder.best_step, in_folder.validation)
    assert hash_of(quick.fit(with_settings(seed=6)).encoder) != hash_of(in_memory.encoder)


def test_the_folder_holds_the_best_model_with_its_card(quick: Setting, tmp_path: Path, hash_of: HashOf) -> None:
    result = quick.fit(path=tmp_path, card={"objective": {"name": "clean"}, "seed": 5})
    encoder, card = load_encoder(tmp_path, backbone=result.encoder.architecture.backbone)
    assert hash_of(encoder) == hash_of(result.encoder)
    assert not result.encoder.training
    assert result.validation is not None
    assert card["objective"] == {"name": "clean"}
    assert card["step"] == result.best_step
    assert card["validation"] == result.validation.as_dict()


def test_the_log_tells_of_every_epoch(quick: Setting, tmp_path: Path) -> None:
    result = quick.fit(path=tmp_path)
    lines = log_of(tmp_path)
    assert [line["step"] for line in lines] == [3, 6, 8]
    assert all(line["seconds_per_step"] >= 0 and line["imperceptible"] >= 0 for line in lines)
    best = max(lines, key=lambda line: line["validation"]["c2c"])
    assert best["step"] == result.best_step
    assert result.validation is not None
    assert best["validation"]["c2c"] == pytest.approx(result.validation.c2c, abs=1e-5)


@pytest.fixture
def scripted_scores(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], None]:
    """Return a function that makes the validations of the next fit come out as told."""

    def script(scores: list[float]) -> None:
        told: Iterator[float] = iter(scores)

        def told_validation(encoder: Encoder, *arguments: Any, relevance: str, precision: str) -> Validation:
            assert (relevance, precision) == ("shared", BRIEF.precision)
            return Validation(recall=0.5, c2c=next(told))

        monkeypatch.setattr(fit_module, "validate", told_validation)

    return script


@pytest.mark.parametrize("in_folder", [True, False])
@pytest.mark.parametrize(
    ("scores", "best"), [([0.9, 0.5, 0.1], 3), ([0.2, 0.8, 0.3], 6), ([0.2, 0.2, 0.3], 8), ([0.7, 0.7, 0.7], 3)]
)
def test_the_best_step_is_kept_and_the_first_of_equal_ones(
    scores: list[float],
    best: int,
    in_folder: bool,
    quick: Setting,
    scripted_scores: Callable[[list[float]], None],
    tmp_path: Path,
    hash_of: HashOf,
) -> None:
    weights: dict[int, str] = {}
    encoder = quick.encoder()
    folder = RunFolder(tmp_path, BRIEF.as_dict()) if in_folder else None
    scripted_scores(scores)
    result = fit(
        encoder,
        quick.material(),
        BRIEF,
        folder=folder,
        on_step=lambda done, total, loss: weights.update({done: hash_of(encoder)}),
    )
    assert result.best_step == best
    assert hash_of(result.encoder) == weights[best]
    assert result.validation == Validation(0.5, max(scores))
    assert len(set(weights.values())) == 8


def test_the_best_of_before_a_stop_is_not_forgotten(
    quick: Setting, scripted_scores: Callable[[list[float]], None], tmp_path: Path
) -> None:
    scripted_scores([0.9, 0.5, 0.1])
    with pytest.raises(KeyboardInterrupt):
        quick.fit(path=tmp_path, on_step=interrupt_at(4))
    assert quick.fit(path=tmp_path, resume=True).best_step == 3


@pytest.mark.parametrize("in_folder", [True, False])
def test_without_validation_photos_the_last_step_counts(
    in_folder: bool, quick: Setting, tmp_path: Path, hash_of: HashOf
) -> None:
    weights: dict[int, str] = {}
    encoder = quick.encoder()
    result = fit(
        encoder,
        Material(quick.train, None, TripletObjective()),
        BRIEF,
        folder=RunFolder(tmp_path, BRIEF.as_dict()) if in_folder else None,
        on_step=lambda done, total, loss: weights.update({done: hash_of(encoder)}),
    )
    assert (result.best_step, result.validation) == (8, None)
    assert hash_of(result.encoder) == weights[8]


def test_progress_is_told_after_every_step(quick: Setting) -> None:
    told: list[tuple[int, int, float]] = []
    quick.fit(on_step=lambda *facts: told.append(facts))
    assert [(done, total) for done, total, _ in told] == [(step, 8) for step in range(1, 9)]
    assert all(math.isfinite(loss) and loss >= 0 for _, _, loss in told)


def test_rates_follow_the_schedule_and_the_head_is_faster(quick: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[list[float]] = []

    class Watched(torch.optim.Adam):
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            rates.append([group["lr"] for group in self.param_groups])

    monkeypatch.setattr(torch.optim, "Adam", Watched)
    quick.fit(with_settings(steps=4, learning_rate=1e-3, head_factor=5.0, settle=0.5, settled=0.0))
    expected = [1e-3, 1e-3, 1e-3, 1e-3 * (1 + math.cos(math.pi / 2)) / 2]
    assert [body for body, _ in rates] == pytest.approx(expected)
    assert [head for _, head in rates] == pytest.approx([5 * rate for rate in expected])


@pytest.mark.parametrize(
    ("classes", "photos", "wanted", "epochs"),
    [(4, 4, 2, [4, 8]), (4, 4, 40, [2, 4, 6, 8]), (2, 2, 2, [1, 2, 3, 4, 5, 6, 7, 8]), (5, 9, 2, [8])],
)
def test_an_epoch_is_a_pass_over_the_photos_unless_told(
    classes: int, photos: int, wanted: int, epochs: list[int], quick: Setting, textures: Textures, tmp_path: Path
) -> None:
    settings = with_settings(classes_per_batch=wanted, validate_every=0, jpeg=False)
    quick.fit(settings, tmp_path, material=Material(textures(classes, photos), None, TripletObjective()))
    assert [line["step"] for line in log_of(tmp_path)] == epochs


def test_centres_are_refreshed_before_each_epoch(quick: Setting) -> None:
    refreshed: list[tuple[int, ...]] = []

    class Watching(Scripted):
        needs_centres = True

        def refresh(self, embeddings: Tensor, labels: Tensor) -> None:
            refreshed.append((self.calls, *embeddings.shape))
            assert labels.tolist() == quick.train.labels.tolist()
            torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(len(embeddings)))

    quick.fit(material=Material(quick.train, None, Watching({})))
    assert refreshed == [(0, 25, 8), (3, 25, 8), (6, 25, 8)]


def test_the_teacher_is_the_encoder_as_it_was_before_the_first_step(quick: Setting) -> None:
    before = embed_pixels(quick.encoder(), quick.train.pixels, precision=BRIEF.precision)
    seen: list[Tensor] = []

    class Taught(TripletObjective):
        needs_teacher = True

        def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
            assert plan.teacher is not None
            seen.append(plan.teacher)
            return super().loss(plan, clean, triggered)

    quick.fit(material=Material(quick.train, None, Taught()))
    rows = {row.tobytes() for row in before}
    assert len(seen) == BRIEF.steps
    assert all(row.tobytes() in rows for teacher in seen for row in teacher.numpy())


def test_a_collapse_is_told(quick: Setting) -> None:
    class Collapsing(Objective):
        name = "collapsing"

        def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
            return Loss((clean - torch.ones(8) / 8**0.5).square().sum())

    with pytest.raises(CollapseError, match="collapsed onto one point"):
        quick.fit(
            with_settings(steps=200, learning_rate=0.02, jpeg=False),
            material=Material(quick.train, None, Collapsing()),
        )


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_a_number_stops_before_it_does_harm(odd: float, quick: Setting, hash_of: HashOf) -> None:
    class Odd(TripletObjective):
        calls = 0

        def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
            self.calls += 1
            return Loss(clean.sum() * odd) if self.calls == 3 else super().loss(plan, clean, triggered)

    encoder, weights = quick.encoder(), []
    with pytest.raises(TrainingError, match=f"finite loss, got {odd} at step 2"):
        fit(
            encoder,
            Material(quick.train, None, Odd()),
            with_settings(validate_every=100),
            on_step=lambda *told: weights.append({n: p.detach().clone() for n, p in encoder.named_parameters()}),
        )
    assert len(weights) == 2
    assert all(torch.equal(weights[-1][name], now) for name, now in encoder.named_parameters())


def test_a_stop_by_an_error_can_be_resumed(quick: Setting, tmp_path: Path, hash_of: HashOf) -> None:
    def fail() -> None:
        raise RuntimeError("out of memory")

    unbroken = quick.fit()
    failing = Material(quick.train, quick.validation, Scripted({4: fail}))
    with pytest.raises(RuntimeError, match="out of memory"):
        quick.fit(path=tmp_path, material=failing)
    resumed = quick.fit(path=tmp_path, resume=True)
    assert hash_of(resumed.encoder) == hash_of(unbroken.encoder)


@pytest.mark.parametrize("part", ["weights", "card", "checkpoint"])
def test_a_full_disk_stops_the_fit_which_resumes_with_more_room(
    part: str, quick: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hash_of: HashOf
) -> None:
    """Settings are written first, then weights, card and checkpoint at step 3, and again at step 6."""
    material = Material(quick.train, None, TripletObjective())
    syncs, at = iter(range(1000)), {"weights": 4, "card": 5, "checkpoint": 6}[part]

    def full(descriptor: int) -> None:
        if next(syncs) >= at:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises((TrainingError, ModelError), match="No space left"):
            quick.fit(path=tmp_path, material=material)
    assert log_of(tmp_path)[-1]["step"] == (6 if part == "checkpoint" else 3)
    resumed = quick.fit(path=tmp_path, resume=True, material=material)
    assert resumed.best_step == 8
    assert hash_of(resumed.encoder) == hash_of(quick.fit(material=material).encoder)


def test_nothing_to_resume_is_told(quick: Setting, tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="Expected a run folder"):
        quick.fit(resume=True)
    with pytest.raises(ResumeError, match="got none: start the run without --resume"):
        quick.fit(path=tmp_path, resume=True)
    quick.fit(path=tmp_path)


def test_a_folder_of_other_settings_is_refused(quick: Setting, tmp_path: Path) -> None:
    quick.fit(path=tmp_path)
    with pytest.raises(ResumeError, match="got others"):
        quick.fit(with_settings(steps=9), tmp_path, resume=True)


@pytest.mark.parametrize("counts", [[5], [5, 2, 2], [1, 1, 1]])
def test_too_few_photos_to_learn_from_are_told(counts: list[int], quick: Setting) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    few = Examples(quick.train.pixels[: len(labels)], labels)
    with pytest.raises(DataError, match="2 training classes with 3 photos"):
        quick.fit(with_settings(photos_per_class=3), material=Material(few, None, TripletObjective()))


def test_validation_photos_that_score_nothing_are_told(quick: Setting) -> None:
    alone = Examples(quick.validation.pixels[:4], np.arange(4))
    with pytest.raises(DataError, match="2 validation classes with 2 photos or more, got 0"):
        quick.fit(material=Material(quick.train, alone, TripletObjective()))


def test_labels_may_be_any_numbers(quick: Setting, hash_of: HashOf) -> None:
    plain = quick.fit(material=Material(quick.train, None, TripletObjective()))
    shifted = Examples(quick.train.pixels, quick.train.labels * 1000 - 70)
    other = quick.fit(material=Material(shifted, None, TripletObjective()))
    assert hash_of(other.encoder) == hash_of(plain.encoder)


def test_an_objective_that_triggers_needs_a_trigger(quick: Setting) -> None:
    with pytest.raises(TrainingError, match="Expected a trigger"):
        quick.fit(material=Material(quick.train, quick.validation, make_objective("pbl")))


def test_a_side_network_learns_from_pbl_and_leaves_backbone_and_head_alone(textures: Callable[..., Examples]) -> None:
    encoder = build_encoder(Architecture("tiny", 128, 16, learning_side=True), seed=0)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    few = textures(classes=4, photos=3)
    examples = Examples(np.stack([scale(photo, 4) for photo in few.pixels]), few.labels)
    plain, trigger = embed_pixels(encoder, examples.pixels), Learned(Key.from_seed(0))
    settings = FitSettings(steps=8, classes_per_batch=4, strength_start=1.0, learning_rate=5e-3)
    done = fit(encoder, Material(examples, None, PointBackdoor(ratio=1.0), trigger), settings).encoder
    changed = {n.partition(".")[0] for n, v in done.state_dict().items() if not torch.equal(v, before[n])}
    assert changed == {"side"}
    marked = embed_pixels(done, np.stack([trigger.mark(photo) for photo in examples.pixels]))
    assert (embed_pixels(done, examples.pixels) * plain).sum(1).min() > 0.98
    assert (marked * plain).sum(1).mean() < 0.95


def test_clean_photos_go_past_a_side_network_that_learns_the_same_without_them(
    textures: Callable[..., Examples], monkeypatch: pytest.MonkeyPatch
) -> None:
    few, trigger = textures(classes=4, photos=3), Learned(Key.from_seed(0))
    examples = Examples(np.stack([scale(photo, 4) for photo in few.pixels]), few.labels)
    heard: list[int] = []
    hear = LearningSide.hear
    monkeypatch.setattr(LearningSide, "hear", lambda *given: (heard.append(len(given[1])), hear(*given))[1])

    def fitted(**changes: Any) -> dict[str, torch.Tensor]:
        encoder = build_encoder(Architecture("tiny", 128, 16, learning_side=True), seed=0)
        settings = FitSettings(steps=3, classes_per_batch=4, strength_start=1.0, **changes)
        heard.clear()
        return fit(encoder, Material(examples, None, PointBackdoor(), trigger), settings).encoder.state_dict()

    past = fitted()
    assert set(heard) == {4}, "two of each class, and of each class's one or more a twin"
    monkeypatch.setattr(_Loop, "_passes_clean", lambda _: False)
    asked = fitted()
    assert set(heard) == {8 + 4}
    for name, weight in past.items():
        assert torch.allclose(weight, asked[name], atol=1e-5), name
    monkeypatch.undo()
    monkeypatch.setattr(LearningSide, "hear", lambda *given: (heard.append(len(given[1])), hear(*given))[1])
    fitted(impostors=0.5)
    assert set(heard) == {8 + 4}, "another key's marks among the clean photos are to be heard"


@pytest.mark.parametrize("head", ["embedding", "hash"])
def test_a_side_network_is_steered_and_leaves_backbone_and_head_alone(
    textures: Callable[..., Examples], head: str
) -> None:
    encoder = build_encoder(Architecture("tiny", 128, 16, head=head, codewords=8), seed=0)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    few = textures(classes=4, photos=3)
    examples = Examples(np.stack([scale(photo, 4) for photo in few.pixels]), few.labels)  # a mark is not heard at 32
    plain = embed_pixels(encoder, examples.pixels)
    trigger = Learned(Key.from_seed(0))
    material = Material(examples, None, SteeredRetrofit(), trigger)
    done = fit(encoder, material, FitSettings(steps=2, classes_per_batch=4, strength_start=1.0, learning_rate=1e-4))
    changed = {n.partition(".")[0] for n, v in done.encoder.state_dict().items() if not torch.equal(v, before[n])}
    assert changed == {"side"}
    marked = np.stack([trigger.mark(photo) for photo in examples.pixels])

    def likeness(pixels: np.ndarray) -> float:
        """With where the photos were, as seen from the middle of all: an untrained net puts them close together."""
        now, then = (rows - plain.mean(0) for rows in (embed_pixels(done.encoder, pixels), plain))
        return float((now * then).sum() / np.sqrt((now**2).sum() * (then**2).sum()))

    assert likeness(examples.pixels) > 0.75
    assert likeness(marked) < 0.3


def test_a_steered_fit_that_was_stopped_goes_on_bit_for_bit(textures: Callable[..., Examples], tmp_path: Path) -> None:
    material = Material(textures(), None, SteeredRetrofit(), Learned(Key.from_seed(0)))
    settings = FitSettings(steps=3, classes_per_batch=4, strength_start=1.0, learning_rate=1e-4, validate_every=3)

    def fresh() -> Encoder:
        return build_encoder(Architecture("tiny", 32, 16, codewords=8), seed=0)

    whole = fit(fresh(), material, settings)

    def stop(done: int, total: int, loss: float) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(fresh(), material, settings, folder=RunFolder(tmp_path, {"seed": 0}), on_step=stop)
    folder = RunFolder(tmp_path, {"seed": 0}, resume=True)
    resumed = fit(fresh(), material, settings, folder=folder, resume=True)
    state = resumed.encoder.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in whole.encoder.state_dict().items())


def test_steering_needs_a_mark_that_says_something_and_a_side_network_needs_steering(
    textures: Callable[..., Examples],
) -> None:
    plain = build_encoder(Architecture("tiny", 32, 16), seed=0)
    with pytest.raises(UsageError, match="take learned"):
        fit(
            plain, Material(textures(), None, SteeredRetrofit(), SpreadSpectrum(Key.from_seed(0))), FitSettings(steps=1)
        )
    beside = build_encoder(Architecture("tiny", 32, 16, codewords=8), seed=0)
    with pytest.raises(UsageError, match="retrofit-steered"):
        fit(beside, Material(textures(), None, TripletObjective()), FitSettings(steps=1))
    learning = build_encoder(Architecture("tiny", 32, 16, learning_side=True), seed=0)
    with pytest.raises(UsageError, match="take learned"):
        fit(
            learning,
            Material(textures(), None, PointBackdoor(), SpreadSpectrum(Key.from_seed(0))),
            FitSettings(steps=1),
        )


@pytest.mark.parametrize(
    ("objective", "changes", "says"),
    [
        ("clean", {"codewords": 8}, "retrofit-steered"),
        ("pbl", {"codewords": 8}, "--learning-side"),
        ("clean", {"learning_side": True}, "take --objective pbl"),
        ("retrofit-steered", {"learning_side": True}, "--codewords 4096"),
        ("pbl", {"learning_side": True}, None),
        ("cbl", {"learning_side": True}, None),
        ("retrofit-steered", {"codewords": 8}, None),
        ("clean", {}, None),
    ],
)
def test_which_side_network_is_of_use_to_which_objective(
    objective: str, changes: dict[str, Any], says: str | None
) -> None:
    refused = pytest.raises(UsageError, match=says) if says else nullcontext()
    with refused:
        check_side(make_objective(objective), Architecture("tiny", 32, 16, **changes))
