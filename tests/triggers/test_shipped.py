"""The mark that comes with the package: whole, small, and said to be whose."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from unfind.triggers.shipped import FOLDER, SHIPPED, mark_folder

CARD = json.loads((FOLDER / "mark.json").read_text())


def test_names_lead_to_folders() -> None:
    assert mark_folder(SHIPPED) == FOLDER
    assert mark_folder("my/mark") == Path("my/mark")


def test_the_card_says_where_the_weights_come_from() -> None:
    assert CARD["data_licence"] == "CC0-1.0 and MIT"
    assert set(CARD["data"]) == {"clothing", "grocery", "generated"}
    assert CARD["held_out"]["untouched"] > 0.97
    assert hashlib.sha256((FOLDER / "mark.safetensors").read_bytes()).hexdigest() == CARD["weights_sha256"]


@pytest.mark.parametrize("kind", [".safetensors", ".int8.onnx", ".onnx"])
def test_both_networks_together_take_at_most_eight_megabytes(kind: str) -> None:
    files = [file for file in FOLDER.iterdir() if file.name.partition(".")[2] == kind[1:]]
    assert 0 < sum(file.stat().st_size for file in files) <= 8_000_000


def test_the_graphs_are_of_these_weights() -> None:
    told = json.loads((FOLDER / "mark-onnx.json").read_text())
    assert told["fingerprint"] == CARD["weights_sha256"][:16]
    assert told["strength"] == CARD["strength"]
