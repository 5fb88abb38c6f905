"""Photos, keys, folders and weights that cannot be right, given to ``unfind protect`` with the shipped mark.

Each ends in one sentence and the right exit code, and leaves nothing half-written.
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from unfind.triggers.key import Key
from unfind.triggers.onnx_mark import DECODER, ENCODER
from unfind.triggers.shipped import FOLDER


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


@pytest.fixture
def protect(unfind, key: Path, tmp_path: Path) -> Callable[..., str]:
    """Return the command on one photo; it gives what was said, and checks that a failure wrote nothing."""

    def call(photo: Path, *words: object, code: int = 0) -> str:
        out = tmp_path / "out"
        said = unfind("protect", photo, "--key", key, "--mark", "shipped", "--out", out, *words, code=code)
        written = [path for path in out.rglob("*") if path.is_file()] if out.exists() else []
        assert len(written) == (1 if code == 0 else 0)
        assert code == 0 or said.err.count("\n") == 1
        return said.out if code == 0 else said.sentence

    return call


@pytest.fixture
def soft(wave) -> Image.Image:
    return Image.fromarray(wave(3, 0)).resize((320, 240), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (6, 4)])
def test_a_photo_too_small_for_a_mark(size: tuple[int, int], protect, tmp_path: Path) -> None:
    Image.new("RGB", size, (90, 120, 60)).save(tmp_path / "small.png")
    assert "too small or too flat" in protect(tmp_path / "small.png", code=1)


def test_a_strip(protect, soft: Image.Image, tmp_path: Path) -> None:
    soft.resize((100, 20_000), Image.Resampling.BICUBIC).save(tmp_path / "strip.jpg", quality=90)
    assert "found (" in protect(tmp_path / "strip.jpg", "--strength", 2)
    with Image.open(tmp_path / "out" / "strip.jpg") as image:
        assert image.size == (100, 20_000)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_bomb(protect, tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 15_000, 15_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(data)
    assert "expected at most 120,000,000 pixels" in protect(tmp_path / "bomb.png", code=1)


def test_an_animation(protect, soft: Image.Image, tmp_path: Path) -> None:
    soft.save(tmp_path / "moving.webp", save_all=True, append_images=[soft.rotate(90)], duration=100)
    assert "expected a still photo, got 2 frames" in protect(tmp_path / "moving.webp", code=1)


def test_cmyk_becomes_rgb(protect, soft: Image.Image, tmp_path: Path) -> None:
    soft.convert("CMYK").save(tmp_path / "press.jpg", quality=90)
    protect(tmp_path / "press.jpg")
    with Image.open(tmp_path / "out" / "press.jpg") as image:
        assert (image.mode, image.size) == ("RGB", soft.size)


def test_what_is_no_photo(protect, tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_text("<html>")
    assert "got a web page" in protect(tmp_path / "page.jpg", code=1)


def test_marked_twice(protect, unfind, key: Path, soft: Image.Image, tmp_path: Path) -> None:
    soft.save(tmp_path / "a.jpg", quality=92)
    protect(tmp_path / "a.jpg", "--strength", 1.5)
    first = tmp_path / "out" / "a.jpg"
    words = ("--mark", "shipped", "--out", tmp_path / "again")
    said = unfind("protect", first, "--key", key, *words, code=1)
    assert "it is protected already" in said.sentence
    assert list((tmp_path / "again").iterdir()) == []
    Key.from_seed(2).save(tmp_path / "other.key")
    other = unfind("protect", first, "--key", tmp_path / "other.key", *words, "--strength", 2, "--json")
    assert [one["problem"] for one in other.json] == [None]
    assert "seems to carry a mark of another key" in other.json[0]["notice"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_folder_that_may_not_be_written(protect, soft: Image.Image, tmp_path: Path) -> None:
    soft.save(tmp_path / "a.jpg")
    (tmp_path / "out").mkdir(mode=0o500)
    try:
        assert "free some space or choose another folder" in protect(tmp_path / "a.jpg", code=1)
    finally:
        (tmp_path / "out").chmod(0o700)


def test_a_full_disk(protect, soft: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    soft.save(tmp_path / "a.jpg")
    monkeypatch.setattr("unfind.atomic_file.os.fsync", full)
    assert "No space left on device" in protect(tmp_path / "a.jpg", code=1)


@pytest.mark.parametrize("damage", [lambda text: text[:30], lambda text: "", lambda text: text.replace("A", "B", 1)])
def test_a_damaged_key(damage, protect, key: Path, soft: Image.Image, tmp_path: Path) -> None:
    soft.save(tmp_path / "a.jpg")
    changed = damage(key.read_text())
    if changed != key.read_text():
        key.write_text(changed)
        assert "key" in protect(tmp_path / "a.jpg", code=1)


def test_weights_of_another_version(wrong, key: Path, soft: Image.Image, tmp_path: Path) -> None:
    soft.save(tmp_path / "a.jpg")
    folder = tmp_path / "later"
    folder.mkdir()
    for name in (ENCODER, DECODER):
        model = onnx.load(FOLDER / name)
        onnx.helper.set_model_props(model, {"format": "2", "slots": "160", "strength": "1.0", "fingerprint": "ab"})
        onnx.save(model, folder / name)
    words = ("protect", tmp_path / "a.jpg", "--key", key, "--mark", folder, "--out", tmp_path / "out")
    assert "export them together with this version" in wrong(*words, code=1)
    shutil.copy(FOLDER / ENCODER, folder)
    assert "of one mark" in wrong(*words, code=1)
    (folder / ENCODER).write_bytes(np.random.default_rng(0).bytes(500))
    assert "cannot be run: export it again" in wrong(*words, code=1)
    assert not (tmp_path / "out").exists()
