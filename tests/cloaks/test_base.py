"""The loop, through a method so plain that every number can be foretold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unfind.cloaks.base import Cloak, Job, Look
from unfind.cloaks.goal import Goal, away_from, towards
from unfind.cloaks.pace import Pace
from unfind.cloaks.passages import AS_IS, Passage
from unfind.cloaks.rnm import RNM
from unfind.cloaks.scaling import Scaling
from unfind.cloaks.state import CloakState
from unfind.errors import ModelError, ResumeError, UsageError


class Climb(Cloak):
    """Adds one stride to every pixel, whatever the model says."""

    name = "climb"
    kinds = frozenset({"code", "embedding"})

    def move(self, look: Look) -> tuple[Tensor, Tensor]:
        return look.perturbation + self.pace.stride, look.velocity


def brightness(images: Tensor) -> Tensor:
    """One bit: whether an image is brighter than 0.5; the second bit always is -1."""
    mean = images.mean(dim=(1, 2, 3)) - 0.5
    return torch.stack([mean, mean - 9], dim=1)


def grey(*levels: float) -> Tensor:
    return torch.tensor(levels)[:, None, None, None].expand(-1, 3, 4, 4).clone()


@pytest.fixture
def job() -> Job:
    return Job(brightness, grey(0.473, 0.25, 0.7), towards(torch.tensor([1.0, -1.0]), 3))


PACE = Pace(budget=0.1, step=0.01, iterations=8)


def test_images_finish_when_they_reach_their_target_and_the_others_go_on(job: Job) -> None:
    state = Climb(PACE).run(job)
    assert state.finished_at.tolist() == [3, -1, 0]
    assert state.best_distance.tolist() == [0, 1, 0]
    assert state.curve.T.tolist() == [[1, 1, 1] + [0] * 6, [1] * 9, [0] * 9]
    assert state.iteration == PACE.iterations + 1
    torch.testing.assert_close(state.best[0], torch.full((3, 4, 4), 0.03))
    assert not bool(state.best[2].any())


def test_the_loop_ends_early_when_all_are_done(job: Job) -> None:
    done = Job(job.victim, job.images[[0, 2]], job.goal.of(torch.tensor([0, 2])))
    state = Climb(PACE).run(done)
    assert state.iteration == 4


def test_finished_images_are_not_shown_to_the_model_again(job: Job) -> None:
    shown: list[int] = []

    def victim(images: Tensor) -> Tensor:
        shown.append(len(images))
        return brightness(images)

    Climb(PACE).run(replace(job, victim=victim))
    assert shown[2:] == [3, 2, 2, 2, 1, 1, 1, 1, 1]  # after the two looks of the check
    shown.clear()
    Climb(replace(PACE, batch=2)).run(replace(job, victim=victim))
    assert shown[2:] == [2, 1, 2, 2, 2, 1, 1, 1, 1, 1]


def test_the_nearest_so_far_is_kept_though_later_ones_are_worse() -> None:
    def peak(images: Tensor) -> Tensor:
        """Right bits only near a brightness of 0.53."""
        apart = (images.mean(dim=(1, 2, 3)) - 0.53).abs()
        return torch.stack([0.015 - apart, 0.005 - apart, -1 - apart], dim=1)

    state = Climb(PACE).run(Job(peak, grey(0.5), towards(torch.ones(3), 1)))
    assert state.curve[:, 0].tolist() == [3, 3, 2, 1, 2, 3, 3, 3, 3]
    assert state.best_distance.tolist() == [1]
    torch.testing.assert_close(state.best, torch.full((1, 3, 4, 4), 0.03))


def test_a_margin_asks_for_more_than_the_sign(job: Job) -> None:
    # The second bit's logit is about -8.5: half a percent of the mean is 0.02.
    state = Climb(replace(PACE, margin=0.005)).run(job)
    assert state.finished_at.tolist() == [5, -1, 0]
    torch.testing.assert_close(state.best[0], torch.full((3, 4, 4), 0.05))


def test_a_tolerance_is_content_with_less(job: Job) -> None:
    assert Climb(replace(PACE, tolerance=1)).run(job).finished_at.tolist() == [0, 0, 0]


def test_budget_and_range_are_kept() -> None:
    job = Job(brightness, grey(0.2, 0.98), towards(torch.tensor([1.0, 1.0]), 2))
    state = Climb(replace(PACE, budget=0.05)).run(job)
    torch.testing.assert_close(state.perturbation[0], torch.full((3, 4, 4), 0.05))
    torch.testing.assert_close(state.perturbation[1], torch.full((3, 4, 4), 0.02))


def test_no_iteration_only_looks(job: Job) -> None:
    state = Climb(replace(PACE, iterations=0)).run(job)
    assert state.curve.tolist() == [[1, 1, 0]]
    assert not bool(state.best.any())


def test_no_image_is_no_work() -> None:
    state = Climb(PACE).run(Job(brightness, torch.zeros(0, 3, 4, 4), towards(torch.ones(2), 0)))
    assert state.iteration == 0


def test_an_image_is_done_when_it_is_after_every_judged_passage(job: Job) -> None:
    dark = Passage("dark", lambda images, generator: images - 0.02)
    darker = Passage("darker", lambda images, generator: images - 0.5, judged=False)
    state = Climb(replace(PACE, passages=(AS_IS, dark, darker))).run(job)
    assert state.finished_at.tolist() == [5, -1, 0]
    # As it is it arrives after 3, through the dark after 5: between the two the mean is half a bit.
    assert state.curve[:, 0].tolist() == [1, 1, 1, 0.5, 0.5, 0, 0, 0, 0]


def test_a_scaling_stands_between_perturbation_and_model(job: Job) -> None:
    class Half(Scaling):
        def __init__(self) -> None:
            pass

        def __call__(self, perturbation: Tensor, which: Tensor) -> Tensor:
            return perturbation / 2

    state = Climb(PACE).run(Job(job.victim, job.images, job.goal, Half()))
    assert state.finished_at.tolist() == [6, -1, 0]


def test_progress_is_told_after_each_iteration(job: Job) -> None:
    told: list[tuple[int, int]] = []
    Climb(PACE).run(job, on_step=lambda state, total: told.append((state.iteration, total)))
    assert told == [(i, 8) for i in range(1, 10)]


def test_a_loop_that_is_stopped_keeps_what_it_has_and_goes_on(job: Job) -> None:
    cloak = Climb(PACE)
    state = cloak.start(job)

    def stop(state: CloakState, total: int) -> None:
        if state.iteration == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cloak.run(job, state=state, on_step=stop)
    assert state.finished_at.tolist() == [3, -1, 0]
    assert torch.equal(cloak.run(job, state=state).curve, Climb(PACE).run(job).curve)


def test_a_model_that_fails_in_the_middle_leaves_the_state_whole(job: Job) -> None:
    calls = 0

    def fragile(images: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise RuntimeError("out of memory")
        return brightness(images)

    cloak = Climb(replace(PACE, batch=1))
    state = cloak.start(job)
    with pytest.raises(RuntimeError):
        cloak.run(replace(job, victim=fragile), state=state)
    assert state.iteration == 1
    assert torch.equal(cloak.run(job, state=state).perturbation, Climb(replace(PACE, batch=1)).run(job).perturbation)


def test_a_state_of_another_job_is_refused(job: Job) -> None:
    state = Climb(PACE).start(job)
    others: list[tuple[Cloak, Job]] = [
        (Climb(replace(PACE, budget=0.2)), job),
        (Climb(PACE), replace(job, images=job.images + 0.01)),
        (Climb(PACE), replace(job, goal=towards(-torch.ones(2), 3))),
    ]
    for cloak, other in others:
        with pytest.raises(ResumeError, match="of this very job"):
            cloak.run(other, state=state)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"images": torch.zeros(3, 4, 4)}, "images (N, 3, H, W)"),
        ({"images": torch.zeros(3, 1, 4, 4)}, "images (N, 3, H, W)"),
        ({"images": torch.zeros(3, 3, 4, 4, dtype=torch.uint8)}, "of floats"),
        ({"images": torch.full((3, 3, 4, 4), 7.0)}, "divide 8-bit values"),
        ({"images": torch.full((3, 3, 4, 4), torch.nan)}, "in [0, 1]"),
        ({"images": torch.zeros(2, 3, 4, 4)}, "one per image"),
    ],
)
def test_jobs_that_cannot_be(job: Job, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        replace(job, **changes)
    assert says in str(caught.value)


def test_a_goal_the_model_does_not_fit(job: Job) -> None:
    with pytest.raises(UsageError, match="a target of 2 bits, as the model has, got 5"):
        Climb(PACE).run(replace(job, goal=towards(torch.ones(5), 3)))


def test_a_goal_the_method_does_not_know(job: Job) -> None:
    class Leave(Climb):
        towards = False
        kinds = frozenset({"code"})

    class Approach(Climb):
        away = False

    with pytest.raises(UsageError, match="away from one's own for climb"):
        Leave(PACE).run(job)
    with pytest.raises(UsageError, match="towards one for climb"):
        Approach(PACE).run(replace(job, goal=away_from(torch.ones(3, 2))))
    with pytest.raises(UsageError, match="of the kind code for climb"):
        Leave(PACE).run(replace(job, goal=Goal(torch.ones(3, 2), "embedding", True)))


def test_a_model_without_gradients_is_named_before_the_loop(job: Job) -> None:
    def rounded(images: Tensor) -> Tensor:
        return brightness(images).sign().detach()

    with pytest.raises(ModelError, match="a model with a gradient"):
        Climb(PACE).run(replace(job, victim=rounded))


def test_embeddings_are_judged_by_their_cosine(make_look: Callable[..., Look]) -> None:
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    outputs = torch.tensor([[3.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    verdict = Climb(PACE).judge(outputs, Goal(target, "embedding"))
    torch.testing.assert_close(verdict.distance, torch.tensor([0.0, 1.0, 2.0]))


def test_codes_are_judged_by_bits_then_by_what_is_missing() -> None:
    outputs = torch.tensor([[0.5, -0.1, 0.0, -2.0]])
    # Mean absolute logit 0.65: a margin of 0.4 of it is 0.26.
    for margin, unsure, missing in ((0.0, 2, 2.1 / 4), (0.4, 3, (0.36 + 0.26 + 2.26) / 4)):
        verdict = Climb(Pace(margin=margin)).judge(outputs, Goal(torch.ones(1, 4)))
        assert verdict.distance.tolist() == [2]
        assert verdict.unsure.tolist() == [unsure]
        assert float(verdict.shortfall) == pytest.approx(missing)


def test_settings_name_the_method_and_its_pace() -> None:
    settings = Climb(PACE).settings()
    assert settings["name"] == "climb"
    assert settings.items() >= PACE.as_dict().items()
    assert settings["aim"] == "p2s"


@given(st.integers(0, 2**31), st.sampled_from([0.004, 0.05, 1.0]), st.sampled_from([None, 20.0, 40.0]))
@settings(deadline=None, max_examples=40)
def test_what_is_projected_keeps_budget_psnr_and_range(seed: int, budget: float, psnr: float | None) -> None:
    draw = torch.Generator().manual_seed(seed)
    images = torch.rand(3, 3, 4, 5, generator=draw, dtype=torch.float64)
    wild = torch.randn(images.shape, generator=draw, dtype=torch.float64)
    cloak = RNM(Pace(budget=budget, psnr=psnr))
    kept = cloak.project(wild, images)
    assert float(kept.abs().max()) <= budget + 1e-12
    assert bool(((images + kept >= -1e-12) & (images + kept <= 1 + 1e-12)).all())
    for one in kept:
        assert psnr is None or float(one.square().mean().sqrt()) <= (cloak.pace.largest_rms or 0) * (1 + 1e-9)
    torch.testing.assert_close(cloak.project(kept, images), kept)  # what keeps them all stays


def test_a_loop_under_a_psnr_keeps_it(make_job: Callable[..., Job]) -> None:
    job = make_job()
    state = RNM(Pace(budget=0.5, psnr=30.0, rule="rms", iterations=10)).run(job)
    psnr = -10 * state.best.square().mean(dim=(1, 2, 3)).clamp_min(1e-12).log10()
    assert float(psnr.min()) > 30
    assert float(state.best_distance.mean()) < float(state.curve[0].mean())
