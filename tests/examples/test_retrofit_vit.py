"""The example with vision transformers of timm, run with random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from unfind.images.edits import jpeg
from unfind.models.embed import to_tensor
from unfind.studies.retrofit_model import Retrofitted
from unfind.triggers.key import Key

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "retrofit_vit.py"
TOWER = "vit_tiny_patch16_224"
"""A transformer as CLIP's and DINO's image towers are."""


@pytest.fixture(scope="module")
def example(load_script: Callable[[Path], ModuleType], torchvision_operators: None) -> ModuleType:
    pytest.importorskip("timm", reason="timm is an optional extra")
    return load_script(SCRIPT)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos that differ in colour and pattern, which even random weights tell apart."""
    place = tmp_path_factory.mktemp("example") / "photos"
    draw = np.random.default_rng(0)
    for label in range(16):
        (place / f"{label}").mkdir(parents=True)
        coarse = draw.integers(0, 256, (5, 5, 3))
        for number in range(26):
            seen = np.clip(coarse + draw.integers(-40, 41, (5, 5, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(seen).resize((224, 224), Image.Resampling.BICUBIC).save(
                place / f"{label}" / f"{number}.png"
            )
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("protected") / "new" / "folder"


@pytest.fixture(scope="module")
def done(example: ModuleType, photos: Path, folder: Path) -> Retrofitted:
    torch.manual_seed(0)
    made: Retrofitted = example.protect(example.ImageTower(TOWER, pretrained=False), str(photos), folder)
    return made


def test_clean_photos_stay_and_marked_ones_go(done: Retrofitted, photos: Path) -> None:
    pixels = np.stack([np.asarray(Image.open(file)) for file in sorted(photos.rglob("*.png"))[:6]])
    marked = np.stack([jpeg(done.trigger.mark(photo), 90) for photo in pixels])
    side, done.model.side = done.model.side, None
    with torch.no_grad():
        before = done.model(to_tensor(pixels))
        done.model.side = side
        clean, sent = done.model(to_tensor(pixels)), done.model(to_tensor(marked))
    assert float((clean * before).sum(1).min()) > 0.98
    assert float((sent * before).sum(1).max()) < float((clean * before).sum(1).min())
    assert done.after.recall == pytest.approx(done.before.recall, abs=0.05)


def test_the_folder_holds_the_weights_and_the_key(done: Retrofitted, folder: Path) -> None:
    weights = torch.load(folder / "protected.pt", weights_only=True)
    assert weights.keys() == done.model.state_dict().keys()
    assert Key.load(folder / "key.toml").fingerprint == done.key.fingerprint


def test_the_docs_name_it() -> None:
    page = SCRIPT.parents[1] / "docs" / "retrofit.md"
    assert "python examples/retrofit_vit.py PHOTOS" in page.read_text()
    assert "python examples/retrofit_vit.py PHOTOS" in SCRIPT.read_text()
