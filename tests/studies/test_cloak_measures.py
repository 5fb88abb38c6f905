"""What is measured of cloaks, on a model of three steps: shapes, identities and definitions, no claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unfind.cloaks.generator import Design, Generator
from unfind.cloaks.pace import Pace
from unfind.cloaks.rnm import RNM
from unfind.studies import cloak_measures as module
from unfind.studies.cloak_measures import (
    EDITS,
    NEAR,
    TARGETED,
    UNTARGETED,
    advantage,
    amortised,
    convergence,
    speed,
    survival,
    targeted,
    transfer,
    untargeted,
)
from unfind.studies.cloak_paces import MODES
from unfind.studies.cloak_trial import Trials, edited
from unfind.studies.hash_scene import Ground, HashScene, ModelName

FEW = Pace(iterations=3)


@pytest.fixture(scope="module", autouse=True)
def _short() -> Any:
    """Loops of three iterations in place of hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUICK_STEPS", FEW)
        patch.setattr(module, "PUBLISHED", replace(module.PUBLISHED, iterations=7))
        patch.setattr(module, "MODES", {name: replace(pace, iterations=3) for name, pace in MODES.items()})
        for name in ("STRONG", "DIVERSE"):
            patch.setattr(module, name, replace(getattr(module, name), iterations=3))
        yield


@pytest.fixture(scope="module")
def trials(hash_scene: HashScene, tmp_path_factory: pytest.TempPathFactory) -> Trials:
    return Trials(hash_scene, tmp_path_factory.mktemp("measured"))


def test_every_targeted_method_has_its_row(trials: Trials) -> None:
    rows = targeted(trials, 6, pace=FEW)
    assert [row["method"] for row in rows] == list(TARGETED)
    assert all(0 <= row["t_map"] <= 1 and row["way"] == "towards" and row["count"] == 6 for row in rows)
    noise, rnm = rows[0], rows[-1]
    assert rnm["distance"] < noise["distance"]
    assert (noise["arrived"], noise["bits"], noise["budget"]) == (0.0, 16, FEW.budget)


def test_every_untargeted_method_has_its_row(trials: Trials, hash_scene: HashScene) -> None:
    rows = {row["method"]: row for row in untargeted(trials, 6, pace=FEW)}
    assert list(rows) == list(UNTARGETED)
    assert all(hash_scene.floor(6) <= row["map"] <= 1 for row in rows.values())
    # There are fewer than a thousand photos, so that a cutoff there cuts nothing.
    assert all(row["map@1000"] == row["map"] for row in rows.values())
    assert rows["rnm"]["distance"] < rows["noise"]["distance"]


def test_the_way_of_each_contestant(trials: Trials) -> None:
    rows = {row["method"]: row for row in convergence(trials, 4)}
    assert len(rows["rnm-p2s"]["curve"]) <= 4
    assert len(rows["tanh-p2s, published schedule"]["curve"]) <= 8
    assert len({row["curve"][0] for row in rows.values()}) == 1  # all start from the same photos
    assert all(len(row["curve"]) == len(row["clock"]) for row in rows.values())


def contest(ours: list[float], theirs: list[float]) -> list[dict[str, Any]]:
    return [
        {"method": "rnm-p2s", "curve": ours, "clock": [0.5 * (place + 1) for place in range(len(ours))]},
        {
            "method": "tanh-p2s, published schedule",
            "curve": theirs,
            "clock": [3.0 * (x + 1) for x in range(len(theirs))],
        },
    ]


def test_the_advantage_where_both_get_there() -> None:
    found = advantage(contest([9, 3, NEAR, 0], [9, 8, 7, 6, 5, 4, NEAR, 0]))
    assert (found["rnm_iterations"], found["tanh_iterations"], found["reached"]) == (2, 6, 1)
    assert found["iterations"] == 3
    assert found["seconds"] == pytest.approx(3.0 * 7 / (0.5 * 3))
    assert found["distance"] == NEAR


def test_the_advantage_where_tanh_does_not_get_there_is_a_lower_bound() -> None:
    found = advantage(contest([9, 0], [9, 8, 7, 6, 5]))
    assert (found["rnm_iterations"], found["tanh_iterations"], found["reached"]) == (1, 4, 0)
    assert found["iterations"] == 4


def test_the_advantage_at_what_rnm_comes_to() -> None:
    found = advantage(contest([9, 4, 2], [9, 5, 2, 0]))
    assert found["distance"] == 2
    assert (found["rnm_iterations"], found["tanh_iterations"], found["reached"]) == (2, 2, 1)


def test_survival_of_each_mode_and_edit(trials: Trials) -> None:
    rows = survival(trials, 3, ("usual", "robust", "strong"))
    assert [row["mode"] for row in rows] == ["usual", "robust", "strong"]
    for row in rows:
        assert row.keys() >= EDITS.keys()
        assert row["way"] == "towards"
        assert row["score_after"].keys() == EDITS.keys()
        assert all(0 <= value <= 1 for value in (row["score"], *row["score_after"].values()))
    assert rows[0]["psnr"] > 40
    assert rows[1]["psnr"] > 35


def test_survival_of_what_leads_away_is_scored_by_map(trials: Trials, hash_scene: HashScene) -> None:
    [row] = survival(trials, 3, ("strong",), "away")
    trial = trials.run(RNM(module.MODES["strong"]), "away", 3)
    assert row["score"] == hash_scene.map(hash_scene.codes_of(trial.pixels))
    shrunk = hash_scene.codes_of(edited(hash_scene, trial.pixels, EDITS["resize0.5"]))
    assert row["score_after"]["resize0.5"] == hash_scene.map(shrunk)


def test_transfer_says_which_model_was_known(trials: Trials, ground: Ground) -> None:
    others = {"ally": ground.scene(ModelName(bits=8)), "stranger": ground.scene(ModelName(16, "hashnet"))}
    rows = transfer(trials, others, "ally", 3)
    assert len(rows) == 4 * 3
    known = {(row["made_on"], row["seen_by"]) for row in rows if row["known"]}
    assert {name for made, name in known if made == "two models, varied"} == {"home", "ally"}
    assert {name for made, name in known if made == "one model"} == {"home"}
    for row in rows:
        scene = {"home": trials.scene, **others}[row["seen_by"]]
        assert row["clean_map"] == scene.map(scene.own[:3])


def test_speed_takes_four_times(hash_scene: HashScene) -> None:
    generator = Generator(Design(16, 0.05, width=4, blocks=1)).eval()
    taken = speed(hash_scene, generator, 14, alone=2, side=48)  # more photos than there are queries
    assert min(vars(taken).values()) > 0
    assert taken.side == 48
    assert taken.whole > taken.amortised


def test_a_generator_is_fitted_once(trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "new" / "generator.safetensors"
    generator, row = amortised(trials, file, 3, 4)
    assert row.keys() >= {"t_map", "map", "distance", "psnr"}
    monkeypatch.setattr(module, "fit_generator", lambda *args, **options: pytest.fail("fitted again"))
    again, same = amortised(trials, file, 3, 4)
    assert same == row
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in generator.state_dict().items())
    with pytest.raises(pytest.fail.Exception, match="fitted again"):
        amortised(trials, file, 4, 4)


def test_a_generator_never_sees_a_query(
    trials: Trials, tmp_path: Path, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {}

    def watch(victim: Any, images: torch.Tensor, targets: torch.Tensor, design: Design, *rest: Any, **more: Any) -> Any:
        shown.update(images=images, targets=targets)
        return Generator(design).eval()

    monkeypatch.setattr(module, "fit_generator", watch)
    amortised(trials, tmp_path / "generator.safetensors", 1, 2)
    queries = {photo.tobytes() for photo in ground.query.pixels}
    photos = (shown["images"] * 255).round().byte().permute(0, 2, 3, 1).numpy()
    assert len(photos) == len(ground.split.train)
    assert not queries & {np.ascontiguousarray(photo).tobytes() for photo in photos}
    assert len(shown["targets"]) == 6 * module.VOTES
