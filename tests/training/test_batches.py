from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import TrainingError
from unfind.images.codec import through_codec
from unfind.models.embed import to_tensor
from unfind.objectives.base import Objective, Plan
from unfind.objectives.choose import make_objective
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.training import uploads
from unfind.training.batches import Batch, Examples, draw_any, draw_photos, make_batch
from unfind.training.settings import FitSettings
from unfind.training.uploads import QUALITIES
from unfind.triggers.badnets import BadNets
from unfind.triggers.base import Trigger
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

Textures = Callable[..., Examples]
Pixels = NDArray[np.uint8]
SMALL = FitSettings(steps=10, classes_per_batch=4, photos_per_class=3)
OBJECTIVES: list[tuple[str, dict[str, Any]]] = [
    ("clean", {}),
    ("clean", {"miner": "random"}),
    ("label", {"ratio": 0.3}),
    ("pbl", {"ratio": 0.5}),
    ("pbl", {"ratio": 0.3, "miner": "random"}),
    ("cbl", {"ratio": 0.4}),
]


class Unchanged(Trigger):
    """A trigger that leaves images alone and remembers how strong it was asked to be."""

    name = "unchanged"

    def __init__(self) -> None:
        self.factors: list[float] = []

    def __call__(self, images: Tensor) -> Tensor:
        return images.clone()

    def stronger(self, factor: float) -> Trigger:
        self.factors.append(factor)
        return self

    def settings(self) -> dict[str, Any]:
        return {}


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.plan.triggered, other.plan.triggered)


def twins(batch: Batch) -> tuple[Tensor, Tensor]:
    """The clean and the triggered image of each photo that was triggered."""
    return batch.images[batch.plan.triggered], batch.images[len(batch.plan.labels) :]


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.integers(1, 6), min_size=2, max_size=9),
    wanted=st.integers(2, 8),
    each=st.integers(2, 4),
    step=st.integers(0, 10**6),
    seed=st.integers(0, 2**31),
)
def test_a_batch_holds_different_photos_of_classes_that_have_enough(
    counts: list[int], wanted: int, each: int, step: int, seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    settings = FitSettings(classes_per_batch=wanted, photos_per_class=each, seed=seed)
    usable = {name for name, count in enumerate(counts) if count >= each}
    if not usable:
        return
    photos = draw_photos(labels, settings, step)
    assert len(set(photos.tolist())) == len(photos) == min(wanted, len(usable)) * each
    drawn = Counter(labels[photos].tolist())
    assert set(drawn) <= usable
    assert set(drawn.values()) == {each}


def test_every_photo_of_every_usable_class_is_drawn_about_as_often() -> None:
    labels = np.array([0] * 4 + [1] * 4 + [2] * 2 + [3] * 4)
    settings = FitSettings(classes_per_batch=2, photos_per_class=3)
    counts = Counter(int(photo) for step in range(1000) for photo in draw_photos(labels, settings, step))
    assert set(counts) == set(range(8)) | set(range(10, 14))
    assert all(0.85 * 500 < count < 1.15 * 500 for count in counts.values())


def test_a_draw_depends_on_seed_and_step_alone() -> None:
    labels = np.repeat(np.arange(20), 5)
    drawn = {
        (seed, step): tuple(draw_photos(labels, FitSettings(classes_per_batch=5, seed=seed), step).tolist())
        for seed in range(5)
        for step in range(5)
    }
    assert len(set(drawn.values())) == 25
    np.random.seed(1)
    assert tuple(draw_photos(labels, FitSettings(classes_per_batch=5, seed=2), 3).tolist()) == drawn[2, 3]


@pytest.mark.parametrize(("name", "options"), OBJECTIVES)
@pytest.mark.parametrize("jpeg", [True, False])
def test_a_batch_is_a_pure_function_of_seed_and_step(
    name: str, options: dict[str, Any], jpeg: bool, textures: Textures, mark: SpreadSpectrum
) -> None:
    settings = FitSettings(steps=10, classes_per_batch=4, flip=True, jpeg=jpeg)
    examples = textures()
    pixels, labels = examples.pixels.copy(), examples.labels.copy()

    def batch(step: int, seed: int = 0) -> Batch:
        chosen = FitSettings(**{**settings.as_dict(), "seed": seed})
        return make_batch(examples, make_objective(name, options), mark, chosen, step)

    first = batch(3)
    torch.rand(5)
    batch(4)
    assert same(batch(3), first)
    assert not same(batch(4), first)
    assert not same(batch(3, seed=1), first)
    np.testing.assert_array_equal(examples.pixels, pixels)
    np.testing.assert_array_equal(examples.labels, labels)


def test_an_objective_that_needs_no_labels_draws_from_all_photos_alike(mark: SpreadSpectrum) -> None:
    """Sixteen photos of one class each, of which no objective that compares classes could draw a pair."""
    random = np.random.default_rng(0)
    examples = Examples(random.integers(0, 256, (16, 16, 16, 3), dtype=np.uint8), np.arange(16))
    teacher = np.arange(16, dtype=np.float32)[:, None]
    drawn: Counter[int] = Counter()
    for step in range(60):
        plan = make_batch(examples, make_objective("retrofit"), mark, SMALL, step, teacher=teacher).plan
        assert plan.teacher is not None
        assert len(set(plan.labels.tolist())) == len(plan.labels) == 12
        assert plan.teacher[:, 0].tolist() == plan.labels.tolist()
        drawn.update(plan.labels.tolist())
    assert set(drawn) == set(range(16))
    assert min(drawn.values()) > 30


def test_a_plan_carries_the_teacher_of_its_own_photos(textures: Textures, mark: SpreadSpectrum) -> None:
    examples = textures()
    teacher = np.stack([np.arange(len(examples.labels)), examples.labels], axis=1).astype(np.float32)
    objective = make_objective("pbl", {"distillation_weight": 1.0})
    batch = make_batch(examples, objective, mark, SMALL, 3, teacher=teacher)
    assert batch.plan.teacher is not None
    assert batch.plan.teacher[:, 0].tolist() == draw_photos(examples.labels, SMALL, 3).tolist()
    assert batch.plan.teacher[:, 1].tolist() == batch.plan.labels.tolist()
    moved = batch.to(torch.device("meta")).plan.teacher
    assert moved is not None
    assert moved.device.type == "meta"


@pytest.mark.parametrize(("name", "options"), OBJECTIVES)
def test_clean_images_come_first_and_then_the_twins_of_the_plan(
    name: str, options: dict[str, Any], textures: Textures
) -> None:
    examples, trigger = textures(), BadNets(size=0.25)
    settings = FitSettings(**{**SMALL.as_dict(), "jpeg": False})
    batch = make_batch(examples, make_objective(name, options), trigger, settings, 2)
    photos = draw_photos(examples.labels, settings, 2)
    assert batch.plan.labels.tolist() == examples.labels[photos].tolist()
    assert (len(batch.plan.triggered) > 0) is (name != "clean")
    assert batch.images.dtype == torch.float32
    assert torch.equal(batch.images[: len(photos)], to_tensor(examples.pixels[photos]))
    clean, triggered = twins(batch)
    assert torch.equal(triggered, trigger(clean))


def test_random_labels_are_drawn_with_the_batch(textures: Textures, mark: SpreadSpectrum) -> None:
    plans = [make_batch(textures(), make_objective("label"), mark, SMALL, step).plan for step in (0, 0, 1)]
    redrawn = [plan.redrawn for plan in plans]
    assert redrawn[0] is not None
    assert redrawn[1] is not None
    assert torch.equal(redrawn[0], redrawn[1])
    assert set(redrawn[0].tolist()) <= set(plans[0].labels.tolist())


def test_clean_and_triggered_images_pass_one_codec(textures: Textures, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, list[int | None]]] = []

    def recorded(images: Sequence[Pixels], *, quality: Sequence[int | None]) -> list[Pixels]:
        seen.append((len(images), list(quality)))
        return through_codec(images, quality=quality)

    monkeypatch.setattr(uploads, "through_codec", recorded)
    examples, objective = textures(), make_objective("pbl", {"ratio": 1.0})
    clean, triggered = Counter[int | None](), Counter[int | None]()
    for step in range(80):
        batch = make_batch(examples, objective, Unchanged(), SMALL, step)
        photos = len(batch.plan.labels)
        assert seen[-1][0] == len(batch.images) == photos + len(batch.plan.triggered)
        clean.update(seen[-1][1][:photos])
        triggered.update(seen[-1][1][photos:])
    assert len(seen) == 80
    for counts in (clean, triggered):
        assert set(counts) == set(QUALITIES)
        expected = counts.total() / len(QUALITIES)
        assert all(0.75 * expected < count < 1.25 * expected for count in counts.values())


def test_every_image_of_a_batch_is_an_upload_of_its_photo(textures: Textures) -> None:
    examples = textures()
    batch = make_batch(examples, make_objective("pbl", {"ratio": 1.0}), Unchanged(), SMALL, 0)
    photos = draw_photos(examples.labels, SMALL, 0)
    for image, photo in zip(batch.images, [*photos, *photos[batch.plan.triggered.numpy()]], strict=True):
        pixels = np.rint(255 * image.permute(1, 2, 0).numpy()).astype(np.uint8)
        written = [through_codec([examples.pixels[photo]], quality=quality)[0] for quality in QUALITIES]
        assert any(np.array_equal(pixels, upload) for upload in written)


def test_photos_are_mirrored_before_they_are_marked(textures: Textures) -> None:
    examples = textures()
    settings = FitSettings(**{**SMALL.as_dict(), "jpeg": False, "flip": True})
    mirrored = 0
    for step in range(20):
        batch = make_batch(examples, make_objective("label", {"ratio": 1.0}), BadNets(), settings, step)
        originals = to_tensor(examples.pixels[draw_photos(examples.labels, settings, step)])
        clean, triggered = twins(batch)
        for image, original in zip(clean, originals, strict=True):
            turned = torch.equal(image, original.flip(-1))
            assert turned or torch.equal(image, original)
            mirrored += turned
        assert torch.equal(triggered, BadNets()(clean))
    assert 0.35 < mirrored / 240 < 0.65


def test_a_photo_may_have_another_mirror_image(textures: Textures) -> None:
    plain = textures()
    other = {place: np.full_like(plain.pixels[place], place) for place in range(0, len(plain.labels), 2)}
    examples = replace(plain, mirrored=other)
    settings = FitSettings(**{**SMALL.as_dict(), "jpeg": False, "flip": True})
    exchanged = 0
    for step in range(10):
        images, usual = (
            make_batch(one, make_objective("clean"), None, settings, step).images for one in (examples, plain)
        )
        photos = draw_photos(examples.labels, settings, step)
        originals = to_tensor(examples.pixels[photos])
        for photo, image, as_usual, original in zip(photos, images, usual, originals, strict=True):
            if photo in other and not torch.equal(as_usual, original):
                assert torch.equal(image, to_tensor(other[photo][None])[0])
                exchanged += 1
            else:
                assert torch.equal(image, as_usual)
    assert exchanged > 10


def test_photos_are_not_mirrored_unless_asked(textures: Textures) -> None:
    examples = textures()
    settings = FitSettings(**{**SMALL.as_dict(), "jpeg": False})
    for step in range(5):
        batch = make_batch(examples, make_objective("clean"), None, settings, step)
        photos = draw_photos(examples.labels, settings, step)
        assert torch.equal(batch.images, to_tensor(examples.pixels[photos]))


def test_the_mark_starts_stronger_and_fades(textures: Textures) -> None:
    trigger = Unchanged()
    settings = FitSettings(steps=8, classes_per_batch=2, strength_start=4.0, fade=0.5)
    for step in range(8):
        make_batch(textures(), make_objective("pbl", {"ratio": 1.0}), trigger, settings, step)
    assert trigger.factors == pytest.approx([4, 4**0.75, 2, 4**0.25, 1, 1, 1, 1])


def test_an_objective_that_triggers_needs_a_trigger(textures: Textures) -> None:
    with pytest.raises(TrainingError, match="Expected a trigger"):
        make_batch(textures(), make_objective("pbl"), None, SMALL, 0)


def test_a_trigger_is_not_asked_where_nothing_is_triggered(textures: Textures) -> None:
    trigger = Unchanged()
    batch = make_batch(textures(), make_objective("clean"), trigger, SMALL, 0)
    assert trigger.factors == []
    assert len(batch.images) == len(batch.plan.labels)


@pytest.mark.parametrize(("name", "options"), OBJECTIVES)
def test_a_batch_moves_to_a_device_as_a_whole(
    name: str, options: dict[str, Any], textures: Textures, mark: SpreadSpectrum
) -> None:
    batch = make_batch(textures(), make_objective(name, options), mark, SMALL, 0)
    moved = batch.to(torch.device("meta"))
    parts = [moved.images, moved.plan.labels, moved.plan.triggered, *_optional(moved.plan)]
    assert {part.device.type for part in parts} == {"meta"}
    stayed = batch.to(torch.device("cpu"))
    assert same(stayed, batch)
    pairs = zip(_optional(stayed.plan), _optional(batch.plan), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def _optional(plan: Plan) -> list[Tensor]:
    mined = [] if plan.mined is None else [plan.mined.anchor, plan.mined.positive, plan.mined.negative]
    return mined if plan.redrawn is None else [*mined, plan.redrawn]


def test_the_plan_sees_the_labels_of_the_photos_drawn(textures: Textures) -> None:
    seen: list[Tensor] = []

    class Watching(Objective):
        name = "watching"

        def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
            seen.append(labels)
            return super().plan(labels, generator)

        def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Any:
            raise NotImplementedError

    examples = textures(photos=3)
    make_batch(examples, Watching(), None, SMALL, 5)
    assert seen[0].tolist() == examples.labels[draw_photos(examples.labels, SMALL, 5)].tolist()


@hypothesis_settings(deadline=None, max_examples=40)
@given(count=st.integers(1, 40), step=st.integers(0, 10**6), seed=st.integers(0, 2**31))
def test_photos_with_tags_are_drawn_from_all(count: int, step: int, seed: int) -> None:
    settings = FitSettings(classes_per_batch=4, photos_per_class=3, seed=seed)
    drawn = draw_any(count, settings, step)
    assert len(drawn) == len(set(drawn.tolist())) == min(12, count)
    assert set(drawn.tolist()) <= set(range(count))
    assert np.array_equal(drawn, draw_any(count, settings, step))


def test_other_steps_and_seeds_draw_other_photos() -> None:
    draws = [draw_any(1000, FitSettings(seed=seed), step) for seed in (0, 1) for step in (0, 1)]
    assert len({tuple(draw.tolist()) for draw in draws}) == 4


def test_an_objective_that_hashes_is_given_tags(tagged: Textures) -> None:
    examples = tagged(24)
    assert examples.tags is not None
    batch = make_batch(examples, make_objective("dpsh"), None, SMALL, 3)
    drawn = draw_any(24, SMALL, 3)
    assert batch.plan.labels.dtype == torch.bool
    assert np.array_equal(batch.plan.labels.numpy(), examples.tags[drawn])
    assert len(batch.images) == 12


def test_other_objectives_take_a_set_of_tags_as_a_class(tagged: Textures) -> None:
    examples = tagged(60)
    batch = make_batch(examples, make_objective("clean"), None, SMALL, 0)
    assert batch.plan.labels.dtype == torch.int64
    assert set(batch.plan.labels.tolist()) <= set(examples.labels.tolist())


def test_the_rule_says_what_photos_are_compared_by(tagged: Textures, textures: Textures) -> None:
    examples, classes = tagged(8), textures(2, 2)
    assert examples.compared_by("shared") is examples.tags
    assert examples.compared_by("identical") is examples.labels
    assert classes.compared_by("shared") is classes.compared_by("identical") is classes.labels


def test_a_steered_objective_is_told_what_the_marks_say(textures: Callable[..., Examples]) -> None:
    trigger, examples = Learned(Key.from_seed(1)), textures(4, 4)
    settings = FitSettings(classes_per_batch=2, jpeg=False, flip=True, strength_start=1.0)
    batch = make_batch(examples, SteeredRetrofit(), trigger, settings, 3, teacher=np.zeros((16, 5), np.float32))
    photos, marked = batch.images[: len(batch.plan.labels)], batch.images[len(batch.plan.labels) :]
    source = photos[batch.plan.triggered]  # mirrored already, as the marks were made
    assert batch.plan.signs is not None
    assert torch.equal(batch.plan.signs, trigger.signs(source))
    assert torch.allclose(marked, trigger(source))
    moved = batch.to(torch.device("meta")).plan
    assert moved.signs is not None
    assert moved.signs.device.type == "meta"
