"""The whole story in one run."""

from __future__ import annotations

import io
import shutil
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from unfind.errors import DataError, UsageError
from unfind.images.edits import EDITS
from unfind.models.weights import read_card
from unfind.report.report_json import read_report
from unfind.studies import demo as module
from unfind.studies.demo import CLEAN_FIT, PROTECTED_FIT, Told, tell
from unfind.training.run_folder import SETTINGS


@pytest.fixture(scope="module")
def large_photos(tmp_path_factory: pytest.TempPathFactory, class_photos: Path) -> Path:
    """Photos with room for a faint mark."""
    folder = tmp_path_factory.mktemp("large") / "photos"
    for photo in class_photos.rglob("*.jpg"):
        target = folder / photo.relative_to(class_photos)
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(photo) as image:
            image.resize((320, 240), Image.Resampling.BICUBIC).save(target, quality=92)
    return folder


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, large_photos: Path, cache: Path) -> Told:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(module, "SIZE", 32)
        patch.setattr("unfind.studies.evaluate.EDITS", {"jpeg75": EDITS["jpeg75"]})
        return tell(tmp_path_factory.mktemp("demo"), photos=large_photos, steps=2, seed=1)


def test_everything_lies_in_the_folder(told: Told) -> None:
    found = {path.name for path in told.folder.iterdir()}
    assert found == {"clean-model", "protected-model", "galleries", "photos", "report.html", "report.json"}
    assert told.report == told.folder / "report.html"


def test_the_report_is_the_one_told(told: Told) -> None:
    assert read_report(told.folder / "report.json") == told.numbers
    assert told.numbers["run"] == told.folder.name
    assert told.numbers["seed"] == 1


def test_the_page_shows_searches_and_photos(told: Told) -> None:
    page = told.report.read_text(encoding="utf-8")
    assert page.count("data:image/") > 10
    assert "Query: " in page
    assert "difference x 10" in page


def test_both_models_took_the_steps_asked_for(told: Told) -> None:
    for name in ("clean-model", "protected-model"):
        assert tomllib.loads((told.folder / name / SETTINGS).read_text())["fit"]["steps"] == 2
    started = read_card(told.folder / "protected-model")["started_from"]
    assert started["path"] == str(told.folder / "clean-model")


def test_all_photos_are_accounted_for(told: Told) -> None:
    assert told.refused == []
    assert told.notes == []


def test_bad_photos_among_many_are_named_once(
    class_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIZE", 32)
    monkeypatch.setattr("unfind.studies.evaluate.EDITS", {})
    photos = shutil.copytree(class_photos, tmp_path / "photos")
    bad = [photos / "class-0" / "00.jpg", photos / "class-7" / "71.jpg"]
    for path in bad:
        path.write_bytes(path.read_bytes()[:300])
    file = io.BytesIO()
    Image.new("RGB", (3, 2)).save(file, "GIF")
    (photos / "class-6" / "60.jpg").write_bytes(file.getvalue())
    told = tell(tmp_path / "out", photos=photos, steps=1)
    assert sorted(name for name, _ in told.refused) == ["class-0/00.jpg", "class-6/60.jpg", "class-7/71.jpg"]
    assert len(list((tmp_path / "out" / "photos" / "shared").iterdir())) == 18
    # These photos are too small for the mark, and that is told.
    assert told.notes == [f"4 of 4 photos could not be protected, such as {told.notes[0].partition('such as ')[2]}"]
    assert "expected to find the mark" in told.notes[0]


def test_photos_that_cannot_be_used_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds none"):
        tell(tmp_path / "out", photos=tmp_path / "empty")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"seed": -1}])
def test_numbers_that_cannot_be_right_leave_nothing(class_photos: Path, tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"at least [01]"):
        tell(tmp_path / "out", photos=class_photos, **wrong)
    assert not (tmp_path / "out").exists()


def test_without_a_wish_the_usual_steps_are_taken() -> None:
    for settings in (CLEAN_FIT, PROTECTED_FIT):
        assert module._fit(settings, 5, None).steps == settings.steps
        assert module._fit(settings, 5, None).seed == 5
