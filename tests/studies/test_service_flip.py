from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unfind.gallery import home
from unfind.gallery.store import Gallery
from unfind.studies import service_flip
from unfind.studies.service_flip import build, cut, damage_rounds, flip, told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("flip") / "g", count=200)


def test_a_flip_changes_one_byte() -> None:
    draw, data = np.random.default_rng(0), bytes(range(100))
    for _ in range(20):
        flipped = flip(draw, data)
        assert len(flipped) == 100
        assert sum(a != b for a, b in zip(data, flipped, strict=True)) == 1


def test_a_cut_leaves_the_beginning() -> None:
    draw, data = np.random.default_rng(0), bytes(range(100))
    for _ in range(20):
        short = cut(draw, data)
        assert len(short) < 100
        assert data.startswith(short)


def test_the_gallery_has_every_kind_of_file(folder: Path) -> None:
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert {".lance", ".manifest", ".txn", ".json", ".seal", ".lock"} <= kinds
    assert any("_deletions" in str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("damage", [flip, cut])
def test_no_damage_misleads(folder: Path, damage: object) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    seen = damage_rounds(folder, 12, damage)  # type: ignore[arg-type]
    assert (seen.silent, seen.crashed) == ((), ())
    assert seen.detected + seen.harmless == 12
    assert seen.detected > 0
    assert seen.files > 1
    assert {path: path.read_bytes() for path in before} == before


def test_without_the_seal_the_measure_sees_wrong_answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "broken", lambda folder: [])
    seen = damage_rounds(folder, 15)
    assert any(name.startswith("photos.lance/data/") for name in seen.silent)


def test_what_is_no_error_of_the_gallery_is_a_crash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = told(folder)
    monkeypatch.setattr(Gallery, "open", lambda folder: 1 / 0)
    assert service_flip._outcome(folder, truth) == "crashed"
