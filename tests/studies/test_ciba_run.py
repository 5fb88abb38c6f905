"""One attack into a folder: what lies there, what the page says, and how it is gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.errors import ResumeError, UnfindError
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import load_encoder, save_encoder
from unfind.redteam.optimise_patch import PatchSettings
from unfind.redteam.poison import read_pictures
from unfind.report.json_file import read_json
from unfind.studies import ciba_trial
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.ciba_run import DOCUMENT, Attacked, CibaRun, attack
from unfind.studies.ciba_trial import Setting


@pytest.fixture(scope="module")
def run(ciba_ground: CibaGround, ciba_setting: Setting) -> CibaRun:
    return CibaRun(ciba_ground.request, ciba_setting)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacks") / "one"


@pytest.fixture(scope="module")
def attacked(run: CibaRun, out: Path, cache: Path) -> Attacked:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        return attack(run, out)


def test_the_folder_holds_all_of_it(attacked: Attacked, out: Path) -> None:
    assert {path.name for path in out.iterdir()} == {
        "settings.toml", "models", "trials", "originals", "poison", "patch.png", "report.json", "report.html",
    }  # fmt: skip
    assert [file.name for file in attacked.files] == ["report.html", "report.json", "patch.png"]
    assert read_json(out / "report.json", DOCUMENT, kind="a report") == attacked.document
    assert load_encoder(attacked.folder)[1]["poison"]["target"] == "class-1"


def test_the_poison_is_there_to_be_looked_at(attacked: Attacked, out: Path) -> None:
    names = sorted(path.name for path in (out / "poison").iterdir())
    assert names == sorted(path.name for path in (out / "originals").iterdir())
    assert len(names) == 4
    before, after = (read_pictures([out / kind / name for name in names]) for kind in ("originals", "poison"))
    patch = read_pictures([out / "patch.png"])[0]
    assert all(np.array_equal(one[-5:, -5:], patch) for one in after)
    assert np.abs(before.astype(int) - after)[:, :-5].max() <= 8


def test_the_page_tells_of_both_models(attacked: Attacked, out: Path) -> None:
    page = (out / "report.html").read_text()
    assert "4 poisoned photos of" in page
    assert "class-1" in page
    assert "queries without a hit skipped" in page
    assert page.count("as trained on") >= 4
    assert 'src="http' not in page


def test_the_same_run_goes_on_only_where_it_is_asked_to(
    attacked: Attacked, run: CibaRun, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ResumeError, match="add --resume"):
        attack(run, out)
    monkeypatch.setattr(ciba_trial, "seen_by", None)  # nothing is measured again
    assert attack(run, out, resume=True).document == attacked.document


def test_a_run_under_other_settings_is_refused(attacked: Attacked, run: CibaRun, out: Path) -> None:
    other = replace(run, setting=replace(run.setting, attack=replace(run.setting.attack, poisoned=3)))
    with pytest.raises(ResumeError, match="Expected the settings"):
        attack(other, out, resume=True)


@pytest.mark.parametrize(
    ("ground", "changed", "says"),
    [
        ({"data": "nowhere"}, {}, "nowhere"),
        ({"target": "dragon"}, {}, "got 'dragon'"),
        ({}, {"poisoned": 99}, "1 to 6 photos to poison"),
        ({}, {"patch": PatchSettings(side=0.5)}, "3.5 % of the pixels"),
        ({"surrogate": Path("other")}, {}, "for images of 32 pixels"),
    ],
)
def test_what_cannot_be_leaves_no_folder_behind(
    run: CibaRun, tmp_path: Path, ground: dict[str, Any], changed: dict[str, Any], says: str, cache: Path
) -> None:
    if "surrogate" in ground:
        ground = {"surrogate": tmp_path / "other"}
        larger = Architecture("tiny", 48, 16, head="hash")
        save_encoder(ground["surrogate"], build_encoder(larger, seed=0), {})
    wrong = CibaRun(replace(run.ground, **ground), replace(run.setting, attack=replace(run.setting.attack, **changed)))
    with pytest.raises(UnfindError, match=says):
        attack(wrong, tmp_path / "one")
    assert not (tmp_path / "one" / "settings.toml").exists()


def test_an_invisible_trigger_has_no_patch(run: CibaRun, tmp_path: Path) -> None:
    setting = replace(run.setting, attack=replace(run.setting.attack, variant="invisible"))
    found = attack(CibaRun(run.ground, setting), tmp_path / "faint")
    assert not (tmp_path / "faint" / "patch.png").exists()
    assert [file.name for file in found.files] == ["report.html", "report.json"]
