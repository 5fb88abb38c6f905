from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from unfind.models.embed_photos import load_embedder
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import save_encoder

pytest.importorskip("faiss", reason="faiss is not installed")
SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "existing_index.py"
SMALL = Architecture("tiny", size=32, dimension=16)


@pytest.fixture(scope="module")
def example(load_script: Callable[[Path], ModuleType]) -> ModuleType:
    return load_script(SCRIPT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photos, an old model, one moved a little from it, and a stranger."""
    place = tmp_path_factory.mktemp("example")
    draw = np.random.default_rng(0)
    (place / "photos").mkdir()
    for number in range(12):
        coarse = Image.fromarray(draw.integers(0, 256, (4, 4, 3), np.uint8))
        coarse.resize((48, 48)).save(place / "photos" / f"{number:02}.png")
    encoder = build_encoder(SMALL, seed=0)
    save_encoder(place / "old", encoder, {"objective": "clean"})
    save_encoder(place / "stranger", build_encoder(SMALL, seed=1), {"objective": "clean"})
    with torch.no_grad():
        for weights in encoder.parameters():
            weights.add_(0.001 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(1)) * weights.std())
    save_encoder(place / "new", encoder, {"objective": "retrofit"})
    return place


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, check=False)


def test_an_index_stays_where_the_new_model_leaves_photos(folder: Path) -> None:
    done = run(folder / "old", folder / "new", folder / "photos")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("12 photos; old and new vectors agree by ")
    assert float(lines[0].split()[-1].rstrip(".")) > 0.95
    assert len(lines) == 1 + 5
    scores = [float(line.split()[0]) for line in lines[1:]]
    assert scores == sorted(scores, reverse=True)
    assert not any("00.png" in line for line in lines[1:])


def test_a_stranger_makes_the_index_anew(folder: Path, example: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    example.main(str(folder / "old"), str(folder / "stranger"), str(folder / "photos"))
    assert "embed all photos again" in capsys.readouterr().out


def test_a_photo_is_there_once_and_can_be_forgotten(folder: Path, example: ModuleType, tmp_path: Path) -> None:
    model, files = load_embedder(folder / "old"), sorted((folder / "photos").iterdir())
    search = example.Search(model.dimension)
    search.add(files, model)
    (tmp_path / "copy.png").write_bytes(files[3].read_bytes())
    search.add([tmp_path / "copy.png"], model)
    assert search.index.ntotal == len(search.photos) == 12
    assert example.agreement(search, model) == pytest.approx(1, abs=1e-5)
    [(first, _)] = search.find(files[0], 1, model)
    search.forget(first)
    assert search.index.ntotal == len(search.photos) == 11
    assert first not in [file for file, _ in search.find(files[0], 11, model)]


def test_wrong_use_shows_how_it_is_used() -> None:
    done = run("one")
    assert done.returncode == 1
    assert "OLD_MODEL NEW_MODEL PHOTOS" in done.stderr
