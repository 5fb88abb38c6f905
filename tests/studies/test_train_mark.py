"""From photos on disk to a mark's folder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import DataError, ResumeError, UnfindError, UsageError
from unfind.models.mark_weights import load_mark
from unfind.studies.train_mark import HELD_OUT, MarkRequest, train_mark
from unfind.training.mark_settings import MarkSettings

FIT = MarkSettings(steps=2, batch=4, canvas=128, check_every=1, precision="fp32")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(cache))


def test_a_folder_and_a_zip_become_a_mark(class_photos: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for photo in sorted(class_photos.rglob("*.jpg"))[:5]:
            archive.write(photo, photo.name)
    told: list[str] = []
    request = MarkRequest((class_photos, tmp_path / "more.zip"), generated=10, licence="CC0-1.0", fit=FIT)
    trained = train_mark(request, tmp_path / "mark", progress=lambda stage, *_: told.append(stage))
    mark = load_mark(tmp_path / "mark")
    assert mark.card["data"] == {"waves": 40, "more": 5, "generated": 10}
    assert mark.card["photos"] == {"train": 44, "held_out": 11}
    assert mark.card["data_licence"] == "CC0-1.0"
    assert mark.card["held_out"] == trained.fitted.figures
    assert any(stage.startswith("train mark (bits") for stage in told)
    names = {path.name for path in (tmp_path / "mark").iterdir()}
    assert names == {"checkpoint.safetensors", "log.jsonl", "mark.json", "mark.safetensors", "settings.toml"}


def test_the_same_request_writes_the_same_files(tmp_path: Path) -> None:
    request = MarkRequest(generated=15, fit=FIT)
    for name in ("one", "two"):
        train_mark(request, tmp_path / name)
    for file in ("log.jsonl", "mark.safetensors", "mark.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_every_fifth_photo_of_each_set_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, np.ndarray] = {}

    def keep(photos: object, *arguments: object, **settings: object) -> None:
        seen.update(train=photos.train, held_out=photos.held_out)
        raise DataError("far enough")

    monkeypatch.setattr("unfind.studies.train_mark.fit_mark", keep)
    with pytest.raises(DataError, match="far enough"):
        train_mark(MarkRequest(generated=25, fit=FIT), tmp_path / "mark")
    assert (len(seen["train"]), len(seen["held_out"])) == (20, 5)
    learned = {photo.tobytes() for photo in seen["train"]}
    assert not learned & {photo.tobytes() for photo in seen["held_out"]}


def test_a_model_to_be_loud_to_is_named_in_the_card(clean_run: Path, tmp_path: Path) -> None:
    train_mark(MarkRequest(generated=15, against=clean_run, fit=FIT), tmp_path / "mark")
    card = json.loads((clean_run / "model.json").read_text())
    assert load_mark(tmp_path / "mark").card["loud_to"] == card["weights_sha256"][:16]


def test_no_photos_are_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data"):
        train_mark(MarkRequest(generated=HELD_OUT), tmp_path / "mark")
    with pytest.raises(DataError):
        train_mark(MarkRequest((tmp_path / "nowhere",)), tmp_path / "mark")
    assert not (tmp_path / "mark").exists()


def test_resuming_needs_a_run_of_the_same_settings(tmp_path: Path) -> None:
    request = MarkRequest(generated=15, fit=FIT)
    with pytest.raises(ResumeError, match="without --resume"):
        train_mark(request, tmp_path / "mark", resume=True)
    train_mark(request, tmp_path / "mark")
    again = train_mark(request, tmp_path / "mark", resume=True)
    assert again.fitted.figures == load_mark(tmp_path / "mark").card["held_out"]
    with pytest.raises(UnfindError, match="--resume"):
        train_mark(request, tmp_path / "mark")
    with pytest.raises(ResumeError, match="settings"):
        train_mark(MarkRequest(generated=16, fit=FIT), tmp_path / "mark", resume=True)
