"""A mark goes into ONNX files and comes out the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.models.mark_weights import untrained_mark
from unfind.triggers.export_mark import CARD, SMALL, mark_files
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.onnx_mark import DECODER, ENCODER, OnnxMark
from unfind.triggers.torch_mark import TorchMark

Scene = Callable[..., np.ndarray]
MARK = untrained_mark(160)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    for name, data in mark_files(MARK).items():
        (folder / name).write_bytes(data)
    return folder


def test_there_are_two_graphs_in_two_forms_and_a_card(folder: Path) -> None:
    small = {str(Path(name).with_suffix(f"{SMALL}.onnx")) for name in (ENCODER, DECODER)}
    assert {file.name for file in folder.iterdir()} == {ENCODER, DECODER, CARD} | small
    card = json.loads((folder / CARD).read_text())
    assert (card["fingerprint"], card["strength"], card["slots"]) == (MARK.fingerprint, 1.0, "160")
    for name in (ENCODER, DECODER):
        whole, eighth = (folder / name).stat().st_size, (folder / name.replace(".onnx", ".int8.onnx")).stat().st_size
        assert eighth < 0.45 * whole


def test_what_comes_out_marks_and_reads_as_what_went_in(folder: Path, key: Key, scene: Scene) -> None:
    before = KeyedMark(key, TorchMark(MARK), strength=2.0)
    after = KeyedMark(key, OnnxMark(folder), strength=2.0)
    for shape in ((97, 130), (300, 200)):
        pixels = scene(*shape)
        marked = before.mark(pixels)
        assert (np.abs(marked.astype(int) - after.mark(pixels)) > 1).mean() <= 0.001
        assert after.find(marked).payload == before.find(marked).payload
