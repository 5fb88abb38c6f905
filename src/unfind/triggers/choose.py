"""A trigger by name, and a trigger from the card of a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from unfind.errors import KeyFileError, ModelError, UsageError
from unfind.triggers.badnets import BadNets
from unfind.triggers.base import Trigger
from unfind.triggers.blended import Blended
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.shipped import SPREAD_SPECTRUM
from unfind.triggers.spread_spectrum import SpreadSpectrum
from unfind.triggers.wanet import WaNet

TRIGGERS: dict[str, Callable[..., Trigger]] = {
    "spread-spectrum": SpreadSpectrum,
    "badnets": BadNets,
    "blended": Blended,
    "wanet": WaNet,
    "learned": Learned,
}


def make_trigger(name: str, key: Key | None, **settings: Any) -> Trigger:
    """Make a trigger.

    Args:
        name: one of TRIGGERS.
        key: for triggers that are keyed; the others do without.
        settings: the trigger's own arguments; an unknown one is an error.

    Raises:
        UsageError: an unknown name or argument, or a key that is needed and absent.
    """
    if name not in TRIGGERS:
        raise UsageError(f"Expected a trigger out of {', '.join(TRIGGERS)}, got '{name}': choose one of these.")
    parameters = inspect.signature(TRIGGERS[name]).parameters
    if "key" in parameters:
        if key is None and parameters["key"].default is inspect.Parameter.empty:
            raise UsageError(f"Expected a key for the {name} trigger, got none: give one with --key.")
        settings["key"] = key
    try:
        return TRIGGERS[name](**settings)
    except TypeError as error:
        raise UsageError(f"Expected settings that the {name} trigger knows, got another one: {error}.") from error


def photo_trigger(
    key: Key, mark: str, *, strength: float | None = None, owner: int | None = None
) -> SpreadSpectrum | Learned:
    """The trigger that marks photos under a name.

    Args:
        key: the secret.
        mark: "spread-spectrum", or a learned mark as ``Learned`` takes it.
        strength: None for the mark's own.
        owner: what a learned mark says of its owner.

    Raises:
        UsageError: a number out of range, or an owner for a mark that names none.
        ModelError: no such mark.
    """
    if mark != SPREAD_SPECTRUM:
        return Learned(key, mark=mark, strength=strength, owner=owner or 0)
    if owner is not None:
        raise UsageError(f"Expected no owner for a mark that names none, got {owner}: take the shipped mark.")
    return SpreadSpectrum(key, strength=1.0 if strength is None else strength)


def trigger_card(trigger: Trigger, key: Key | None) -> dict[str, Any]:
    """What a model's card says of its trigger; the key itself is never in it.

    Raises:
        UsageError: a keyed trigger without its key: such a card would let any key pass.
    """
    if trigger.keyed and key is None:
        raise UsageError(f"Expected the key of the {trigger.name} trigger, got none: give it, for its fingerprint.")
    fingerprint = key.fingerprint if key is not None and trigger.keyed else None
    return {"name": trigger.name, "settings": trigger.settings(), "key_fingerprint": fingerprint}


def trigger_from_card(card: Mapping[str, Any], key: Key | None) -> Trigger:
    """Make the trigger that a model was trained to react to.

    Raises:
        KeyFileError: the key is absent or is not the one the model was trained with.
        ModelError: the card names no trigger this version knows.
    """
    wanted = card.get("key_fingerprint")
    if wanted is not None and key is None:
        raise KeyFileError(f"Expected the key with fingerprint {wanted}, got none: give it with --key.")
    if wanted is not None and key is not None and key.fingerprint != wanted:
        raise KeyFileError(
            f"Expected the key with fingerprint {wanted}, got {key.fingerprint}: this model reacts to another key."
        )
    try:
        return make_trigger(str(card["name"]), key, **card["settings"])
    except (KeyError, TypeError, UsageError) as error:
        raise ModelError(f"Expected a trigger this version knows, got {dict(card)}: update unfind.") from error
