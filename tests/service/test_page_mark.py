from __future__ import annotations

import json
from pathlib import Path

import pytest

from unfind.errors import ModelError
from unfind.service.page import PageFacts
from unfind.service.page_mark import find_networks, page_facts
from unfind.triggers.blended import Blended
from unfind.triggers.default import DEFAULT
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum


def exported(folder: Path, fingerprint: str, *suffixes: str) -> Path:
    """A folder as the export of a mark leaves it."""
    folder.mkdir(exist_ok=True)
    (folder / "mark-onnx.json").write_text(json.dumps({"fingerprint": fingerprint, "strength": 0.7}))
    for suffix in suffixes:
        for name in ("encoder", "decoder"):
            (folder / f"mark_{name}{suffix}.onnx").write_bytes(b"onnx")
    return folder


def test_the_small_form_is_taken_where_there_is_one(tmp_path: Path) -> None:
    both = find_networks(exported(tmp_path / "a", "f" * 16, "", ".int8"))
    assert both is not None
    assert both.encoder.name == "mark_encoder.int8.onnx"
    assert both.decoder.name == "mark_decoder.int8.onnx"
    assert (both.fingerprint, both.strength) == ("f" * 16, 0.7)
    large = find_networks(exported(tmp_path / "b", "f" * 16, ""))
    assert large is not None
    assert large.encoder.name == "mark_encoder.onnx"


def test_where_nothing_was_exported_there_is_nothing(tmp_path: Path) -> None:
    assert find_networks(tmp_path) is None
    assert find_networks(exported(tmp_path / "card alone", "f" * 16)) is None


def test_a_damaged_card_is_told(tmp_path: Path) -> None:
    exported(tmp_path / "a", "f" * 16, "")
    (tmp_path / "a" / "mark-onnx.json").write_text('{"fingerprint": 1}')
    with pytest.raises(ModelError, match="Expected a readable card"):
        find_networks(tmp_path / "a")


def test_the_page_makes_the_mark_of_the_services_model(tmp_path: Path) -> None:
    key = Key.from_seed(1)
    assert page_facts(SpreadSpectrum(key, strength=0.6)) == PageFacts("spread-spectrum", 0.6)
    assert page_facts(Blended()).mark is None
    assert page_facts(None, tmp_path) == PageFacts("spread-spectrum")


def test_without_a_model_of_its_own_the_package_chooses(tmp_path: Path) -> None:
    facts = page_facts(None, exported(tmp_path / "shipped", "f" * 16, ".int8"))
    assert facts.mark == DEFAULT
    assert facts.networks is not None


def test_a_learned_mark_needs_its_own_networks(tmp_path: Path) -> None:
    trigger = Learned(Key.from_seed(1), mark="untrained")
    assert page_facts(trigger).mark is None
    trigger.source = str(exported(tmp_path / "mark", trigger.net.fingerprint, ""))
    assert page_facts(trigger).mark == "learned"
    louder = page_facts(trigger.stronger(2)).networks
    assert louder is not None
    assert louder.strength == trigger.stronger(2).strength
    exported(tmp_path / "mark", "0" * 16)
    assert page_facts(trigger).mark is None
