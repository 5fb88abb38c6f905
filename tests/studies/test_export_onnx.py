"""A run and a mark leave as ONNX files, with a report of how near they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unfind.errors import ModelError
from unfind.images.resize import to_square
from unfind.models.embed import embed_pixels
from unfind.models.onnx_session import facts_of, open_session
from unfind.models.weights import fingerprint_of, load_encoder, save_encoder
from unfind.studies import export_onnx as module
from unfind.studies.export_onnx import REPORT, WholeEncoder, export_mark, export_run
from unfind.triggers.shipped import FOLDER


@pytest.fixture(scope="module")
def pictures(wave) -> list[np.ndarray]:
    return [np.tile(wave(label, 0), (2, 3, 1)) for label in range(3)]


@pytest.fixture
def graphs_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped graphs in place of fresh ones: exporting them is tested where it is done."""
    files = {file.name: file.read_bytes() for file in FOLDER.glob("*.onnx")}
    monkeypatch.setattr(module, "mark_files", lambda net: files)


@pytest.fixture(scope="module")
def exported(protected_run: Path, pictures: list[np.ndarray], tmp_path_factory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("graphs")
    return out, export_run(protected_run, out, pictures)


def test_an_encoder_comes_out_as_it_went_in(
    exported: tuple[Path, dict[str, Any]], protected_run: Path, pictures: list[np.ndarray]
) -> None:
    out, report = exported
    encoder, card = load_encoder(protected_run)
    session = open_session(out / "encoder.onnx")
    assert facts_of(session)["fingerprint"] == fingerprint_of(card) == report["model"]
    found = session.run(None, {"photo": pictures[0][None]})[0]
    expected = embed_pixels(encoder, [to_square(pictures[0], encoder.architecture.size)])
    assert float((found * expected).sum()) > 0.999
    np.testing.assert_allclose(found, WholeEncoder(encoder)(torch.from_numpy(pictures[0])[None]).detach(), atol=1e-4)


def test_the_report_says_how_near(exported: tuple[Path, dict[str, Any]]) -> None:
    out, report = exported
    assert json.loads((out / REPORT).read_text()) == report
    assert report["encoder_onnx"]["lowest_cosine"] > 0.999
    assert report["encoder_onnx"]["photos"] == 3
    assert report["encoder_onnx_int8"]["mean_cosine"] > 0.9
    assert set(report["bytes"]) == {"encoder.onnx", "encoder.int8.onnx"}
    assert "mark" not in report  # spread-spectrum has no network


@pytest.mark.usefixtures("graphs_at_hand")
def test_a_run_of_the_learned_mark_brings_that_too(
    protected_run: Path, pictures: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, card = load_encoder(protected_run)
    trigger = {"name": "learned", "settings": {"mark": "shipped"}, "key_fingerprint": None}
    save_encoder(tmp_path / "run", encoder, card | {"trigger": trigger})
    monkeypatch.setattr(module, "onnx_graph", lambda *words, **options: b"")
    monkeypatch.setattr(module, "eight_bit_graph", lambda graph: b"")
    monkeypatch.setattr(module, "_likeness", lambda *words: {})
    report = export_run(tmp_path / "run", tmp_path / "out", pictures)
    assert report["mark"]["onnx"]["verdicts_that_differ"] == 0
    assert json.loads((tmp_path / "out" / REPORT).read_text())["model"] == report["model"]


@pytest.mark.usefixtures("graphs_at_hand")
def test_a_mark_is_measured_in_both_forms(pictures: list[np.ndarray], tmp_path: Path) -> None:
    report = export_mark("shipped", tmp_path / "out", pictures)
    assert report["onnx"]["worst_photo_within_a_level"] >= 0.999
    assert report["onnx"]["verdicts_that_differ"] == 0
    assert report["onnx_int8"]["photos"] == report["torch"]["photos"] == len(pictures)
    assert len(report["bytes"]) == 4
    assert json.loads((tmp_path / "out" / REPORT).read_text()) == report


@pytest.mark.usefixtures("graphs_at_hand")
def test_a_place_that_cannot_be_written_is_told(pictures: list[np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="Expected to write graphs into"):
        export_mark("shipped", tmp_path / "file", pictures)
