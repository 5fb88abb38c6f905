"""Two lines of Python protect a picture and verify it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import unfind
from unfind.errors import ImageError, KeyFileError
from unfind.studies import protector as module
from unfind.studies.protector import KEY_VARIABLE, Protector, Verifier
from unfind.triggers.key import Key
from unfind.triggers.read_mark import MarkReading


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


@pytest.fixture
def picture(wave) -> np.ndarray:
    return np.array(Image.fromarray(wave(3, 0)).resize((400, 300), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("mark", ["shipped", "spread-spectrum"])
def test_what_is_protected_is_verified(mark: str, key: Path, picture: np.ndarray) -> None:
    before = picture.copy()
    marked = Protector.load(key, mark=mark)(picture)
    assert np.array_equal(picture, before)
    assert (marked.shape, marked.dtype) == (picture.shape, np.uint8)
    verify = Verifier.load(str(key), mark=mark)
    assert verify(marked).marked
    assert not verify(picture).marked
    assert not Verifier.load(Key.from_seed(2), mark=mark)(marked).marked


def test_they_are_at_hand_in_the_package(key: Path, picture: np.ndarray) -> None:
    assert unfind.Protector is Protector
    assert unfind.Verifier is Verifier
    assert {"Protector", "Verifier"} <= set(dir(unfind))
    with pytest.raises(AttributeError, match="no attribute 'Protecter'"):
        _ = unfind.Protecter
    found = unfind.Verifier.load(key, mark="shipped")(unfind.Protector.load(key, mark="shipped", owner=8)(picture))
    assert isinstance(found, MarkReading)
    assert found.payload is not None
    assert found.payload.owner == 8


def test_importing_the_package_imports_nothing_slow() -> None:
    program = "import sys, unfind; assert not {'torch', 'numpy', 'PIL'} & set(sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_the_environment_may_name_the_key(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, str(key))
    assert Protector.load(mark="shipped").mark.key == Key.from_seed(1)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(KeyFileError, match="name it in UNFIND_KEY"):
        Protector.load()
    with pytest.raises(KeyFileError, match="check the path"):
        Protector.load(key.with_name("absent.key"))


def test_pillow_images_come_back_as_such(key: Path, picture: np.ndarray) -> None:
    protect = Protector.load(key, mark="shipped")
    image = Image.fromarray(picture)
    assert np.array_equal(np.array(protect(image)), protect(picture))
    alpha = Image.fromarray(np.tile(np.arange(200, dtype=np.uint8), (300, 2)))
    image.putalpha(alpha)
    marked = protect(image)
    assert (marked.mode, marked.size) == ("RGBA", (400, 300))
    assert np.array_equal(np.array(marked.getchannel("A")), np.array(alpha))
    assert Verifier.load(key, mark="shipped")(marked).marked


def test_a_protected_picture_is_left_alone(key: Path, picture: np.ndarray) -> None:
    protect = Protector.load(key, mark="shipped")
    with pytest.raises(ImageError, match="protected already"):
        protect(protect(picture))


def test_a_mark_that_is_not_read_back_is_made_stronger_within_a_limit(
    key: Path, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect = Protector.load(key, mark="shipped", strength=0.02)
    with pytest.raises(ImageError, match="even 2 times as strong"):
        protect(picture)
    monkeypatch.setattr(module, "LOUDER", (1.0, 60.0))
    assert Verifier.load(key, mark="shipped")(protect(picture)).marked


@pytest.mark.parametrize("wrong", [np.zeros((5, 5, 3)), np.zeros((5, 5), np.uint8), np.zeros((0, 5, 3), np.uint8)])
@pytest.mark.parametrize("kind", [Protector, Verifier])
def test_what_is_no_picture_is_told(kind: type, wrong: np.ndarray, key: Path) -> None:
    with pytest.raises(ImageError, match="expected RGB pixels"):
        kind.load(key, mark="shipped")(wrong)
