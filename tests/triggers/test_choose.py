from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from unfind.errors import KeyFileError, ModelError, UsageError
from unfind.triggers.base import Trigger
from unfind.triggers.choose import TRIGGERS, make_trigger, trigger_card, trigger_from_card
from unfind.triggers.default import DEFAULT
from unfind.triggers.key import Key

CHOICES: list[tuple[str, dict[str, Any]]] = [
    ("spread-spectrum", {"strength": 0.7, "carriers": 20}),
    ("badnets", {"size": 0.1}),
    ("blended", {}),
    ("blended", {"pattern": "full", "opacity": 0.2}),
    ("wanet", {"displacement": 0.01}),
    ("learned", {"strength": 0.7, "owner": 9}),
]
every_choice = pytest.mark.parametrize(("name", "settings"), CHOICES)


def marks(trigger: Trigger) -> torch.Tensor:
    return trigger(torch.rand(2, 3, 40, 50, generator=torch.Generator().manual_seed(0)))


def test_the_default_is_one_of_the_triggers_and_keyed(key: Key) -> None:
    assert DEFAULT in TRIGGERS
    assert make_trigger(DEFAULT, key).keyed


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_has_the_name_it_is_chosen_by(name: str, key: Key) -> None:
    assert make_trigger(name, key).name == name


@pytest.mark.parametrize("name", ["", "hologram", "Badnets", "spread_spectrum"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str, key: Key) -> None:
    with pytest.raises(UsageError, match=f"spread-spectrum, badnets, blended, wanet, learned, got '{name}'"):
        make_trigger(name, key)


@pytest.mark.parametrize("name", TRIGGERS)
@pytest.mark.parametrize("settings", [{"volume": 11}, {"Strength": 1}, {"opacity": "much"}, {"strength": "much"}])
def test_unknown_settings_are_refused(name: str, settings: dict[str, Any], key: Key) -> None:
    with pytest.raises(UsageError, match=name):
        make_trigger(name, key, **settings)


@pytest.mark.parametrize(("name", "settings"), [("badnets", {}), ("blended", {})])
def test_a_trigger_without_a_key_needs_none(name: str, settings: dict[str, Any], key: Key) -> None:
    assert torch.equal(marks(make_trigger(name, None, **settings)), marks(make_trigger(name, key, **settings)))


@pytest.mark.parametrize(
    ("name", "settings"), [("spread-spectrum", {}), ("blended", {"pattern": "full"}), ("wanet", {}), ("learned", {})]
)
def test_a_keyed_trigger_needs_its_key(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="Expected a key"):
        make_trigger(name, None, **settings)


@every_choice
def test_a_card_gives_the_trigger_back(name: str, settings: dict[str, Any], key: Key) -> None:
    trigger = make_trigger(name, key, **settings)
    card = json.loads(json.dumps(trigger_card(trigger, key)))
    assert torch.equal(marks(trigger_from_card(card, Key(key.secret))), marks(trigger))
    assert trigger_card(trigger_from_card(card, key), key) == card


@every_choice
def test_a_card_names_the_key_but_does_not_hold_it(name: str, settings: dict[str, Any], key: Key) -> None:
    trigger = make_trigger(name, key, **settings)
    text = json.dumps(trigger_card(trigger, key))
    assert (key.fingerprint in text) is trigger.keyed
    assert key.secret.hex() not in text
    assert key.to_text().strip().partition(":")[2] not in text


def test_a_card_cannot_leave_out_the_key_it_needs(key: Key) -> None:
    with pytest.raises(UsageError, match="Expected the key of the spread-spectrum trigger"):
        trigger_card(make_trigger("spread-spectrum", key), None)
    assert trigger_card(make_trigger("badnets", None), None)["key_fingerprint"] is None


def test_another_key_is_refused_naming_both(key: Key) -> None:
    other = Key.from_seed(2)
    card = trigger_card(make_trigger("spread-spectrum", key), key)
    with pytest.raises(KeyFileError, match=f"{key.fingerprint}, got {other.fingerprint}"):
        trigger_from_card(card, other)


def test_a_missing_key_is_asked_for_by_its_fingerprint(key: Key) -> None:
    card = trigger_card(make_trigger("blended", key, pattern="full"), key)
    with pytest.raises(KeyFileError, match=f"fingerprint {key.fingerprint}, got none"):
        trigger_from_card(card, None)


@pytest.mark.parametrize("name", ["badnets", "blended"])
def test_any_key_will_do_for_a_trigger_without_one(name: str, key: Key) -> None:
    card = trigger_card(make_trigger(name, None), None)
    assert torch.equal(marks(trigger_from_card(card, key)), marks(trigger_from_card(card, None)))


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"name": "badnets"},
        {"settings": {}},
        {"name": "hologram", "settings": {}},
        {"name": "badnets", "settings": {"depth": 3}},
        {"name": "badnets", "settings": {"size": 7}},
        {"name": "badnets", "settings": None},
        {"name": "blended", "settings": {"key": "mine"}},
        {"name": "spread-spectrum", "settings": {"highest": 10**6}},
    ],
)
def test_a_card_of_another_version_or_a_damaged_one_is_refused(card: dict[str, Any], key: Key) -> None:
    with pytest.raises(ModelError, match="update unfind"):
        trigger_from_card(card, key)
