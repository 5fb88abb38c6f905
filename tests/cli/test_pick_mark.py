"""What marks photos for a command, and that it does not wait for torch where it need not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from unfind.cli.pick_mark import pick_mark
from unfind.errors import KeyFileError, UsageError
from unfind.images.files import read_photo
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


@pytest.fixture
def soft(photos: list[Path], tmp_path: Path) -> list[Path]:
    """Photos as large as those on a page, with room for a faint mark."""
    folder = tmp_path / "soft"
    folder.mkdir()
    for photo in photos:
        with Image.open(photo) as image:
            image.resize((400, 300), Image.Resampling.BICUBIC).save(folder / photo.name, quality=92)
    return sorted(folder.iterdir())


def test_a_key_alone_opens_a_mark(key: Path) -> None:
    mark = pick_mark(key, None, mark="shipped", owner=12, strength=0.3)
    assert isinstance(mark, KeyedMark)
    assert (mark.key, mark.owner, mark.strength) == (Key.from_seed(1), 12, 0.3)
    assert isinstance(pick_mark(key, None, mark="shipped", engine="torch"), Learned)


def test_a_model_brings_its_own(protected_run: Path) -> None:
    assert isinstance(pick_mark(None, protected_run), SpreadSpectrum)


def test_what_cannot_be_is_told(key: Path, protected_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Expected no --run for --engine onnx"):
        pick_mark(None, protected_run, engine="onnx")
    with pytest.raises(UsageError, match="give --key FILE or --run FOLDER"):
        pick_mark(None, None, mark="shipped", engine="onnx")
    with pytest.raises(UsageError, match="Expected no --owner 3 for a model of the spread-spectrum trigger"):
        pick_mark(None, protected_run, owner=3)
    (tmp_path / "cut.key").write_text(key.read_text()[:30])
    for wrong in (tmp_path / "cut.key", tmp_path / "absent.key"):
        with pytest.raises(KeyFileError):
            pick_mark(wrong, None, mark="shipped")


def test_both_engines_write_the_same_file_and_come_to_the_same_verdict(
    unfind, soft: list[Path], key: Path, tmp_path: Path
) -> None:
    words = ("--key", key, "--mark", "shipped")
    for engine in ("onnx", "torch"):
        unfind("protect", *soft[:3], *words, "--engine", engine, "--out", tmp_path / engine, "--owner", 5)
    found = [
        unfind("verify", tmp_path / made, soft[4], *words, "--engine", engine, "--json", code=3).json
        for made in ("onnx", "torch")
        for engine in ("onnx", "torch")
    ]
    verdicts = [
        sorted((Path(one["file"]).name, one["marked"], one["owner"], one["nonce"]) for one in document)
        for document in found
    ]
    assert verdicts[0] == verdicts[1] == verdicts[2] == verdicts[3]
    assert sorted(owner or 0 for _, _, owner, _ in verdicts[0]) == [0, 5, 5, 5]
    for photo in soft[:3]:
        ours, theirs = (read_photo(tmp_path / engine / photo.name).pixels for engine in ("onnx", "torch"))
        # A level before compression may be a few after it.
        assert (abs(ours.astype(int) - theirs) > 8).mean() < 0.001


def test_no_torch_is_imported(soft: list[Path], key: Path, tmp_path: Path) -> None:
    """In a process of its own: protecting and verifying with onnx must not wait for torch."""
    words = ["--key", str(key), "--mark", "shipped", "--engine", "onnx"]
    program = (
        "import sys\n"
        "from unfind.cli.app import run\n"
        f"assert run(['protect', {str(soft[0])!r}, *{words}, '--out', {str(tmp_path / 'out')!r}]) == 0\n"
        f"assert run(['verify', {str(tmp_path / 'out')!r}, *{words}]) == 0\n"
        "slow = {'torch', 'scipy', 'skimage', 'matplotlib', 'onnx', 'onnxscript'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
