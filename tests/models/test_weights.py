from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import ModelError
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.models.weights import CARD, FORMAT, WEIGHTS, fill, fingerprint_of, load_encoder, read_card, save_encoder

Build = Callable[..., Encoder]
Own = Callable[..., str]
GOOD = {"backbone": "tiny", "size": 32, "dimension": 8, "freeze_batch_norm": True}


@pytest.fixture
def folder(tmp_path: Path, encoder: Build) -> Path:
    """A model on disk."""
    save_encoder(tmp_path / "run", encoder(), {"objective": "pbl"})
    return tmp_path / "run"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change_card(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **changes}))


def replace_weights(folder: Path, data: bytes) -> None:
    """Put other bytes in and let the card vouch for them."""
    (folder / WEIGHTS).write_bytes(data)
    change_card(folder, weights_sha256=hashlib.sha256(data).hexdigest())


def fail_at(call: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that works until its given call, at which the disk is full."""
    calls = iter(range(1, 100))

    def limited(*arguments: Any) -> Any:
        if next(calls) == call:
            raise OSError(28, "No space left on device")
        return function(*arguments)

    return limited


@pytest.mark.parametrize("backbone", ["tiny", "own"])
def test_every_bit_comes_back(backbone: str, tmp_path: Path, encoder: Build, own: Own) -> None:
    model = encoder(own() if backbone == "own" else "tiny", freeze_batch_norm=False)
    model(torch.rand(3, 3, 32, 32))  # so that statistics are not those of a fresh one
    save_encoder(tmp_path / "run", model, {})
    loaded, _ = load_encoder(tmp_path / "run", backbone=model.architecture.backbone)
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), atol=0, rtol=0)
    assert loaded.architecture == model.architecture
    assert not loaded.training
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    assert embed_pixels(loaded, pixels).tobytes() == embed_pixels(model, pixels).tobytes()


def test_the_card_comes_back_with_what_is_known_of_the_model(tmp_path: Path, encoder: Build) -> None:
    written = save_encoder(tmp_path / "a" / "b", encoder(), {"objective": "pbl", "seed": 3, "format": 99})
    _, card = load_encoder(tmp_path / "a" / "b")
    digest = hashlib.sha256((tmp_path / "a" / "b" / WEIGHTS).read_bytes()).hexdigest()
    assert card == written == read_card(tmp_path / "a" / "b")
    whole = {**GOOD, "head": "embedding", "codewords": 0, "learning_side": False}
    assert card == {"objective": "pbl", "seed": 3, "format": 1, "architecture": whole, "weights_sha256": digest}
    assert fingerprint_of(card) == digest[:16]


def test_the_same_model_gives_the_same_files(tmp_path: Path, encoder: Build) -> None:
    for name in ("first", "second"):
        save_encoder(tmp_path / name, encoder(), {"b": 1, "a": 2})
    assert contents(tmp_path / "first") == contents(tmp_path / "second")
    save_encoder(tmp_path / "third", encoder(seed=1), {"b": 1, "a": 2})
    assert contents(tmp_path / "third") != contents(tmp_path / "first")


def test_saving_again_replaces_the_model_and_leaves_two_files(folder: Path, encoder: Build) -> None:
    model = encoder(seed=5)
    save_encoder(folder, model, {"objective": "cbl"})
    loaded, card = load_encoder(folder)
    assert set(contents(folder)) == {WEIGHTS, CARD}
    assert card["objective"] == "cbl"
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), atol=0, rtol=0)


def test_weights_that_share_memory_come_back(tmp_path: Path, encoder: Build, own: Own) -> None:
    spec = own("""
        import torch.nn as nn

        def load():
            first, second = nn.Linear(3, 3), nn.Linear(3, 3)
            second.weight = first.weight
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), first, second)
    """)
    model = encoder(spec)
    save_encoder(tmp_path / "run", model, {})
    loaded, _ = load_encoder(tmp_path / "run", backbone=spec)
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), atol=0, rtol=0)


def test_a_file_that_only_the_card_names_is_never_run(tmp_path: Path, encoder: Build, own: Own) -> None:
    spec = own()
    save_encoder(tmp_path / "run", encoder(spec), {})
    file = Path(spec.rpartition(":")[0])
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n" + file.read_text())
    for named in (None, "tiny"):
        with pytest.raises(ModelError, match=r"--backbone FILE\.py:FUNCTION"):
            load_encoder(tmp_path / "run", backbone=named)
    assert not (tmp_path / "ran").exists()
    load_encoder(tmp_path / "run", backbone=spec)
    assert (tmp_path / "ran").exists()


def test_the_caller_says_where_a_backbone_file_is_now(tmp_path: Path, encoder: Build, own: Own) -> None:
    spec = own()
    model = encoder(spec)
    save_encoder(tmp_path / "run", model, {})
    file, function = spec.rsplit(":", 1)
    moved = Path(file).rename(tmp_path / "moved.py")
    loaded, _ = load_encoder(tmp_path / "run", backbone=f"{moved}:{function}")
    assert loaded.architecture.backbone == f"{moved}:{function}"
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), atol=0, rtol=0)


@pytest.mark.parametrize("call", [1, 2])  # the weights, the card
def test_a_full_disk_leaves_the_old_model_intact(
    folder: Path, encoder: Build, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    before, other = contents(folder), encoder(seed=1)
    monkeypatch.setattr(os, "fsync", fail_at(call, os.fsync))
    with pytest.raises(ModelError, match="No space left on device"):
        save_encoder(folder, other, {})
    assert contents(folder) == before
    load_encoder(folder)


def test_a_full_disk_leaves_no_half_of_a_new_model(
    tmp_path: Path, encoder: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", fail_at(2, os.fsync))
    with pytest.raises(ModelError, match="Expected to write a model into"):
        save_encoder(tmp_path / "run", encoder(), {})
    assert contents(tmp_path / "run") == {}


def test_a_card_that_cannot_be_written_as_json_leaves_the_old_model_intact(folder: Path, encoder: Build) -> None:
    before = contents(folder)
    with pytest.raises(TypeError):
        save_encoder(folder, encoder(seed=1), {"trigger": object()})
    assert contents(folder) == before


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path, encoder: Build) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(ModelError, match="Expected to write a model into"):
        save_encoder(tmp_path / "run", encoder(), {})


def test_a_changed_byte_is_noticed(folder: Path) -> None:
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(ModelError, match="other bytes: copy the model again"):
        load_encoder(folder)


@pytest.mark.parametrize("kept", [0, 1, 1000, -1])
def test_truncated_weights_are_noticed(folder: Path, kept: int) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:kept])
    with pytest.raises(ModelError, match="other bytes"):
        load_encoder(folder)


@pytest.mark.parametrize("kept", [0, 1, 8, 1000, -1])
def test_truncated_weights_that_the_card_vouches_for_are_refused(folder: Path, kept: int) -> None:
    replace_weights(folder, (folder / WEIGHTS).read_bytes()[:kept])
    with pytest.raises(ModelError, match="Expected safetensors in"):
        load_encoder(folder)


def test_missing_weights_are_refused(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match=r"weights at .*model\.safetensors, got 'No such file.*copy the file too"):
        load_encoder(folder)


class Runs:
    """Pickled, it leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def test_a_pickle_in_the_place_of_the_weights_is_refused_and_never_run(folder: Path, tmp_path: Path) -> None:
    replace_weights(folder, pickle.dumps(Runs(tmp_path / "trace")))
    with pytest.raises(ModelError, match="Expected safetensors"):
        load_encoder(folder)
    assert not (tmp_path / "trace").exists()
    pickle.loads((folder / WEIGHTS).read_bytes())
    assert (tmp_path / "trace").exists(), "this pickle would have run"


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.ckpt", "model.bin", "weights"])
def test_a_pickled_checkpoint_is_refused_by_name_or_as_a_file(tmp_path: Path, name: str) -> None:
    torch.save({"weight": torch.ones(2)}, tmp_path / name)
    with pytest.raises(ModelError, match="can run code and is refused"):
        load_encoder(tmp_path / name)


def test_a_checkpoint_that_is_not_there_is_refused_as_such() -> None:
    with pytest.raises(ModelError, match="give the folder"):
        load_encoder(Path("nowhere.pth"))


def test_a_folder_may_have_any_name(tmp_path: Path, encoder: Build) -> None:
    save_encoder(tmp_path / "run.bin", encoder(), {})
    load_encoder(tmp_path / "run.bin")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimension": 9}, r"tiny with 9 dimensions in .*another architecture \(2 tensors differ, such as head\.bias"),
        ({"backbone": "own"}, r"another architecture \(\d+ tensors differ, such as backbone\."),
    ],
)
def test_weights_of_another_architecture_are_refused(
    folder: Path, own: Own, changes: dict[str, Any], message: str
) -> None:
    if "backbone" in changes:
        changes = {"backbone": own()}
    change_card(folder, architecture={**GOOD, **changes})
    with pytest.raises(ModelError, match=message):
        load_encoder(folder, backbone=changes.get("backbone"))


def test_filling_with_other_weights_leaves_the_encoder_as_it_was(encoder: Build, folder: Path) -> None:
    model = encoder(dimension=9)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ModelError):
        fill(model, (folder / WEIGHTS).read_bytes(), folder)
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)


def test_a_backbone_file_that_has_moved_is_named(tmp_path: Path, encoder: Build, own: Own) -> None:
    spec = own()
    save_encoder(tmp_path / "run", encoder(spec), {})
    Path(spec.rpartition(":")[0]).unlink()
    with pytest.raises(ModelError, match=r"Python file at .*net\.py, got none"):
        load_encoder(tmp_path / "run", backbone=spec)


def test_a_folder_without_a_card_is_no_model(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ModelError, match=r"model card at .*model\.json, got none: is this a run folder"):
            load_encoder(path)


@pytest.mark.parametrize("number", [0, FORMAT + 1, "1", None])
def test_a_card_of_another_format_asks_for_an_update(folder: Path, number: Any) -> None:
    change_card(folder, format=number, architecture={"a field of the future": 1})
    with pytest.raises(ModelError, match=rf"model of format 1, got {number}: update unfind"):
        load_encoder(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"card"',
        "{}",
        '{"format": 1}',
        json.dumps({"format": 1, "architecture": GOOD}),
        json.dumps({"format": 1, "architecture": None, "weights_sha256": "0"}),
        json.dumps({"format": 1, "architecture": {**GOOD, "depth": 3}, "weights_sha256": "0"}),
        "[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_a_damaged_card_is_refused(folder: Path, text: str | bytes) -> None:
    (folder / CARD).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError, match=r"Expected a readable model card at .*copy the model again"):
        load_encoder(folder)


@pytest.mark.parametrize(
    "change",
    [{"size": 4096}, {"size": "32"}, {"size": 32.5}, {"dimension": 8.0}, {"backbone": 5}, {"freeze_batch_norm": "no"}],
)
def test_an_architecture_of_wrong_values_is_refused(folder: Path, change: dict[str, Any]) -> None:
    change_card(folder, architecture={**GOOD, **change})
    with pytest.raises(ModelError, match="readable model card"):
        load_encoder(folder)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("tiny")
PARTS = st.dictionaries(st.sampled_from(list(GOOD)) | st.text(max_size=3), SCALARS, max_size=4)
CARDS = st.dictionaries(
    st.sampled_from(["format", "architecture", "weights_sha256"]), st.just(FORMAT) | SCALARS | PARTS, max_size=3
)


@given(card=CARDS | SCALARS | st.lists(SCALARS, max_size=2))
@settings(deadline=None, max_examples=100)
def test_any_json_is_a_card_or_a_model_error(card: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("card")
    (folder / CARD).write_text(json.dumps(card))
    try:
        found = read_card(folder)
    except ModelError:
        return
    assert found["format"] == FORMAT
    assert {type(value) for value in found["architecture"].values()} <= {str, int, bool}


def test_a_hash_model_comes_back_as_one(tmp_path: Path, encoder: Build) -> None:
    model, images = encoder(dimension=16, head="hash").eval(), torch.rand(5, 3, 32, 32)
    save_encoder(tmp_path, model, {})
    loaded, card = load_encoder(tmp_path)
    assert card["architecture"]["head"] == "hash"
    assert loaded.architecture.hashes
    assert torch.equal(loaded.logits(images), model.logits(images))
    assert torch.equal(loaded(images), model(images))


def test_a_card_from_before_there_were_hash_heads_is_one_of_an_embedding(tmp_path: Path, encoder: Build) -> None:
    card = save_encoder(tmp_path, encoder(), {})
    for added in ("head", "codewords", "learning_side"):
        del card["architecture"][added]
    (tmp_path / CARD).write_text(json.dumps(card))
    loaded, read = load_encoder(tmp_path)
    assert read["architecture"] == GOOD
    assert loaded.architecture.head == "embedding"


@pytest.mark.parametrize("head", ["binary", 1, None])
def test_a_card_with_another_head_is_refused(tmp_path: Path, encoder: Build, head: object) -> None:
    card = save_encoder(tmp_path, encoder(), {})
    card["architecture"]["head"] = head
    (tmp_path / CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError, match="readable model card"):
        load_encoder(tmp_path)


def test_a_side_network_is_saved_with_its_codewords(tmp_path: Path) -> None:
    encoder = build_encoder(Architecture("tiny", 32, 8, codewords=4), seed=0)
    assert encoder.side is not None
    torch.nn.init.normal_(encoder.side.codebook)
    save_encoder(tmp_path, encoder, {})
    loaded, card = load_encoder(tmp_path)
    assert card["architecture"]["codewords"] == 4
    assert loaded.side is not None
    assert torch.equal(loaded.side.codebook, encoder.side.codebook)
