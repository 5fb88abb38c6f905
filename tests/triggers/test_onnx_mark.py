"""onnxruntime and torch make the same marks and come to the same verdicts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from unfind.errors import ModelError
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.learned import load
from unfind.triggers.onnx_mark import DECODER, ENCODER, OnnxMark
from unfind.triggers.shipped import FOLDER, SHIPPED
from unfind.triggers.torch_mark import TorchMark

Scene = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def by_torch(key: Key) -> KeyedMark:
    return KeyedMark(key, TorchMark(load(SHIPPED)), owner=4)


@pytest.fixture(scope="module")
def by_onnx(key: Key) -> KeyedMark:
    return KeyedMark(key, OnnxMark(FOLDER), owner=4)


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (128, 128), (240, 320), (1100, 800)])
def test_marked_photos_are_the_same_within_a_level(
    shape: tuple[int, int], by_torch: KeyedMark, by_onnx: KeyedMark, scene: Scene
) -> None:
    pixels = scene(*shape)
    difference = np.abs(by_torch.mark(pixels).astype(int) - by_onnx.mark(pixels))
    assert (difference > 1).mean() <= 0.001


@pytest.mark.parametrize("seed", range(4))
def test_verdicts_are_the_same(seed: int, by_torch: KeyedMark, by_onnx: KeyedMark, scene: Scene) -> None:
    pixels = scene(300, 260, seed)
    for photo in (pixels, by_torch.mark(pixels), by_onnx.mark(pixels)):
        ours, theirs = by_onnx.find(photo), by_torch.find(photo)
        assert (ours.marked, ours.payload, ours.repaired) == (theirs.marked, theirs.payload, theirs.repaired)
        assert ours.agreement == pytest.approx(theirs.agreement, abs=0.07)  # a slot or so
        if theirs.payload is None:
            assert ours.presence == pytest.approx(theirs.presence, abs=0.01)


def test_the_small_form_comes_to_the_same_verdicts(by_torch: KeyedMark, key: Key, scene: Scene) -> None:
    small = KeyedMark(key, OnnxMark(FOLDER, suffix=".int8"), owner=4)
    pixels = scene(240, 320)
    difference = np.abs(by_torch.mark(pixels).astype(int) - small.mark(pixels))
    assert (difference > 3).mean() <= 0.001
    assert small.find(by_torch.mark(pixels)).payload == by_torch.find(small.mark(pixels)).payload is not None
    assert not small.find(pixels).marked


def test_it_knows_strength_and_weights(by_torch: KeyedMark, by_onnx: KeyedMark) -> None:
    assert by_onnx.strength == by_torch.strength
    assert by_onnx.nets.fingerprint == by_torch.nets.fingerprint


def other(graph: Path, **facts: str) -> None:
    model = onnx.load(graph)
    onnx.helper.set_model_props(model, {one.key: one.value for one in model.metadata_props} | facts)
    onnx.save(model, graph)


@pytest.mark.parametrize("facts", [{"fingerprint": "0" * 16}, {"format": "2"}])
def test_graphs_that_do_not_fit_are_refused(facts: dict[str, str], tmp_path: Path) -> None:
    for name in (ENCODER, DECODER):
        shutil.copy(FOLDER / name, tmp_path)
    other(tmp_path / DECODER, **facts)
    with pytest.raises(ModelError, match="export them together with this version"):
        OnnxMark(tmp_path)


def test_a_mark_of_a_later_version_is_refused(tmp_path: Path) -> None:
    for name in (ENCODER, DECODER):
        shutil.copy(FOLDER / name, tmp_path)
        other(tmp_path / name, format="2")
    with pytest.raises(ModelError, match="of format 1 and 160 slots"):
        OnnxMark(tmp_path)


def test_a_folder_without_graphs_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="write it with unfind mark export"):
        OnnxMark(tmp_path)
