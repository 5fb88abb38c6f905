"""Marks on disk: whole, checked, or refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from unfind.errors import ModelError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import (
    CARD,
    SECOND,
    WEIGHTS,
    load_mark,
    read_mark_card,
    save_mark,
    save_second_decoder,
    untrained_mark,
)

SLOTS = 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_mark(tmp_path / "mark", MarkEncoder(SLOTS, seed=2), MarkDecoder(SLOTS, seed=2), {"strength": 0.5, "data": "x"})
    return tmp_path / "mark"


def change(folder: Path, **facts: object) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **facts}))


def test_what_is_saved_is_loaded(folder: Path) -> None:
    mark = load_mark(folder)
    encoder, decoder = MarkEncoder(SLOTS, seed=2), MarkDecoder(SLOTS, seed=2)
    for net, expected in ((mark.encoder, encoder), (mark.decoder, decoder)):
        for name, value in expected.state_dict().items():
            assert torch.equal(net.state_dict()[name], value)
    assert (mark.card["strength"], mark.card["data"], mark.card["slots"]) == (0.5, "x", SLOTS)
    assert mark.card["weights_sha256"].startswith(mark.fingerprint)


def test_loaded_networks_do_not_learn(folder: Path) -> None:
    mark = load_mark(folder)
    assert not mark.encoder.training
    assert not any(weight.requires_grad for net in (mark.encoder, mark.decoder) for weight in net.parameters())


def test_a_second_decoder_is_kept_in_half_precision(folder: Path, tmp_path: Path) -> None:
    second = MarkDecoder(SLOTS, seed=3)
    card = save_second_decoder(folder, tmp_path / "two", second, {"data": "y"})
    mark = load_mark(tmp_path / "two")
    assert mark.card == card
    assert mark.card["second_decoder"]["data"] == "y"
    assert mark.fingerprint == load_mark(folder).fingerprint
    assert mark.second_decoder is not None
    for name, value in second.state_dict().items():
        assert torch.equal(mark.second_decoder.state_dict()[name], value.half().float())
    assert not any(weight.requires_grad for weight in mark.second_decoder.parameters())
    assert load_mark(folder).second_decoder is None


def test_a_second_decoder_that_is_changed_gone_or_another_is_told(folder: Path, tmp_path: Path) -> None:
    save_second_decoder(folder, tmp_path / "two", MarkDecoder(SLOTS), {})
    file = tmp_path / "two" / SECOND
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ModelError, match="other bytes"):
        load_mark(tmp_path / "two")
    file.unlink()
    with pytest.raises(ModelError, match="copy the file too"):
        load_mark(tmp_path / "two")
    save_second_decoder(folder, tmp_path / "two", MarkDecoder(SLOTS + 1), {})
    with pytest.raises(ModelError, match="networks of a mark"):
        load_mark(tmp_path / "two")
    change(tmp_path / "two", second_decoder=3)
    with pytest.raises(ModelError, match="networks of a mark"):
        load_mark(tmp_path / "two")


def test_the_untrained_mark_is_always_the_same() -> None:
    one, other = untrained_mark(SLOTS), untrained_mark(SLOTS)
    assert torch.equal(one.encoder.amplitudes, other.encoder.amplitudes)
    assert one.fingerprint == other.fingerprint
    assert one.card["strength"] == 1.0


def test_changed_weights_are_refused(folder: Path) -> None:
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(ModelError, match="other bytes"):
        load_mark(folder)


def test_weights_that_are_gone_are_told(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="copy the file too"):
        load_mark(folder)


@pytest.mark.parametrize("facts", [{"format": 2}, {"working_size": 256}])
def test_another_version_is_refused(folder: Path, facts: dict[str, int]) -> None:
    change(folder, **facts)
    with pytest.raises(ModelError, match="update unfind"):
        load_mark(folder)


def test_another_number_of_slots_than_the_weights_have_is_refused(folder: Path) -> None:
    change(folder, slots=SLOTS + 1)
    with pytest.raises(ModelError, match="networks of a mark"):
        load_mark(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"format": 1}', '{"format": 1, "working_size": 128}'])
def test_a_card_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / CARD).write_text(text)
    with pytest.raises(ModelError, match="readable card"):
        read_mark_card(folder)


@pytest.mark.parametrize("facts", [{"slots": "many"}, {"strength": None}])
def test_a_card_with_the_wrong_kind_of_facts_is_refused(folder: Path, facts: dict[str, object]) -> None:
    change(folder, **facts)
    with pytest.raises(ModelError, match="readable card"):
        load_mark(folder)


def test_no_card_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="got none"):
        load_mark(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="Expected to write a mark"):
        save_mark(tmp_path / "file", MarkEncoder(SLOTS), MarkDecoder(SLOTS), {"strength": 1.0})
