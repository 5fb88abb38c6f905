"""Which trigger a command uses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from unfind.cli.pick_trigger import model_card, model_key, pick_trigger
from unfind.errors import KeyFileError, ModelError, UsageError
from unfind.models.weights import CARD, read_card
from unfind.triggers.badnets import BadNets
from unfind.triggers.key import KEY_FILE, Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


@pytest.fixture
def with_trigger(protected_run: Path, tmp_path: Path):
    """Return a maker of model folders whose card names another trigger; without a key."""

    def make(trigger: dict[str, object] | None) -> Path:
        folder = tmp_path / "run"
        folder.mkdir()
        card = json.loads((protected_run / CARD).read_text()) | {"trigger": trigger}
        (folder / CARD).write_text(json.dumps(card))
        return folder

    return make


def test_a_key_alone_gives_the_keyed_mark(key: Path) -> None:
    trigger = pick_trigger(key, None)
    assert isinstance(trigger, Learned)
    assert trigger.key == Key.from_seed(1)
    assert pick_trigger(key, None, 0.25).settings()["strength"] == 0.25
    waves = pick_trigger(key, None, mark="spread-spectrum")
    assert isinstance(waves, SpreadSpectrum)
    assert (waves.key, waves.strength) == (Key.from_seed(1), 1.0)


def test_a_run_gives_its_own_trigger_and_key(protected_run: Path) -> None:
    trigger = pick_trigger(None, protected_run)
    assert isinstance(trigger, SpreadSpectrum)
    assert trigger.key == Key.load(protected_run / KEY_FILE)
    assert trigger.settings() == read_card(protected_run)["trigger"]["settings"]


def test_strength_replaces_the_runs(with_trigger, key: Path) -> None:
    settings = {"strength": 0.8, "carriers": 40, "lowest": 14, "highest": 30}
    run = with_trigger(
        {"name": "spread-spectrum", "settings": settings, "key_fingerprint": Key.from_seed(1).fingerprint}
    )
    trigger = pick_trigger(key, run, 0.2)
    assert trigger.settings() == pytest.approx({**settings, "strength": 0.2})
    assert pick_trigger(key, run).settings()["strength"] == 0.8


def test_neither_key_nor_run() -> None:
    with pytest.raises(UsageError, match=r"--key FILE or --run FOLDER"):
        pick_trigger(None, None)


def test_another_key_than_the_runs(protected_run: Path, key: Path) -> None:
    with pytest.raises(KeyFileError, match="another key"):
        pick_trigger(key, protected_run)


def test_a_run_whose_key_is_elsewhere(protected_run: Path, tmp_path: Path) -> None:
    shutil.copy(protected_run / CARD, tmp_path / CARD)
    with pytest.raises(KeyFileError, match="--key"):
        pick_trigger(None, tmp_path)
    assert isinstance(pick_trigger(protected_run / KEY_FILE, tmp_path), SpreadSpectrum)


def test_a_clean_run_has_no_trigger(clean_run: Path) -> None:
    with pytest.raises(ModelError, match="without a trigger"):
        pick_trigger(None, clean_run)


def test_a_trigger_without_strength_takes_none(with_trigger) -> None:
    run = with_trigger({"name": "badnets", "settings": {"size": 0.1, "opacity": 1.0}, "key_fingerprint": None})
    assert isinstance(pick_trigger(None, run), BadNets)
    with pytest.raises(UsageError, match="no strength"):
        pick_trigger(None, run, 0.5)


@pytest.mark.parametrize("strength", [0.0, -1.0, 99.0])
def test_impossible_strengths(key: Path, strength: float) -> None:
    with pytest.raises(UsageError, match="strength"):
        pick_trigger(key, None, strength)


def test_the_key_given_comes_before_the_one_kept(protected_run: Path, clean_run: Path, key: Path) -> None:
    assert model_key(protected_run, key) == Key.from_seed(1)
    assert model_key(protected_run, None) == Key.load(protected_run / KEY_FILE)
    assert model_key(clean_run, None) is None
    with pytest.raises(KeyFileError):
        model_key(protected_run, Path("no/such.key"))


def test_a_file_is_no_model(tmp_path: Path, protected_run: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04pickle")
    with pytest.raises(ModelError, match="can run code and is refused"):
        model_card(tmp_path / "model.pt")
    with pytest.raises(ModelError, match="run folder"):
        model_card(tmp_path / "nothing")
    assert model_card(protected_run) == read_card(protected_run)
