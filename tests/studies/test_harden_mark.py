"""From photos on disk to a mark with a second decoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from unfind.errors import DataError, ResumeError, UsageError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import load_mark, save_mark
from unfind.studies.harden_mark import HardenRequest, harden_mark
from unfind.training.filter_settings import FilterSettings
from unfind.training.filtered_batches import FILTERS

FIT = FilterSettings(steps=2, batch=4, check_every=1, precision="fp32")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(cache))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_mark(tmp_path / "mark", MarkEncoder(160), MarkDecoder(160), {"strength": 0.5, "data": {"x": 1}})
    return tmp_path / "mark"


def test_the_mark_is_written_again_with_a_second_decoder(folder: Path, class_photos: Path, tmp_path: Path) -> None:
    told: list[str] = []
    request = HardenRequest(str(folder), (class_photos,), "CC0-1.0", FIT)
    hardened = harden_mark(request, tmp_path / "hard", progress=lambda stage, *_: told.append(stage))
    before, after = load_mark(folder), load_mark(tmp_path / "hard")
    assert before.second_decoder is None
    assert after.second_decoder is not None
    assert after.fingerprint == before.fingerprint, "photos that carry it need not be marked again"
    assert torch.equal(after.decoder.heard, before.decoder.heard)
    about = after.card["second_decoder"]
    assert about["data"] == {"waves": 40}
    assert about["data_licence"] == "CC0-1.0"
    assert about["held_out"] == {"photos": 8, "decoder": hardened.before, "second_decoder": hardened.after}
    assert list(hardened.after) == list(FILTERS)
    assert any(stage.startswith("read behind filters (") for stage in told)
    assert {key: value for key, value in after.card.items() if key != "second_decoder"} == before.card


def test_a_training_goes_on_and_is_never_overwritten(folder: Path, class_photos: Path, tmp_path: Path) -> None:
    request = HardenRequest(str(folder), (class_photos,), fit=FIT)
    with pytest.raises(ResumeError, match="without --resume"):
        harden_mark(request, tmp_path / "hard", resume=True)
    harden_mark(request, tmp_path / "hard")
    card = json.loads((tmp_path / "hard" / "mark.json").read_text())
    with pytest.raises(ResumeError, match="--resume"):
        harden_mark(request, tmp_path / "hard")
    harden_mark(request, tmp_path / "hard", resume=True)
    assert json.loads((tmp_path / "hard" / "mark.json").read_text()) == card


def test_a_hardened_mark_can_be_hardened_again(folder: Path, class_photos: Path, tmp_path: Path) -> None:
    harden_mark(HardenRequest(str(folder), (class_photos,), fit=FIT), tmp_path / "one")
    again = harden_mark(HardenRequest(str(tmp_path / "one"), (class_photos,), fit=FIT), tmp_path / "two")
    assert load_mark(again.folder).second_decoder is not None


@pytest.mark.parametrize(
    ("mark", "out", "told"),
    [("untrained", "hard", "was trained"), ("mark", "mark", "another folder"), ("nowhere", "hard", "mark's card")],
)
def test_what_cannot_be_hardened_is_told(
    folder: Path, class_photos: Path, tmp_path: Path, mark: str, out: str, told: str
) -> None:
    name = mark if mark == "untrained" else str(tmp_path / mark)
    with pytest.raises(Exception, match=told):
        harden_mark(HardenRequest(name, (class_photos,), fit=FIT), tmp_path / out)
    assert load_mark(folder).second_decoder is None


def test_photos_are_needed(folder: Path, class_photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data"):
        harden_mark(HardenRequest(str(folder), (), fit=FIT), tmp_path / "hard")
    few = tmp_path / "few"
    few.mkdir()
    for photo in sorted(class_photos.rglob("*.jpg"))[:4]:
        (few / photo.name).write_bytes(photo.read_bytes())
    with pytest.raises(DataError, match="at least 5 photos"):
        harden_mark(HardenRequest(str(folder), (few,), fit=FIT), tmp_path / "hard")
