"""The trigger that a command is to use: from a key file, or from a model's run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unfind.errors import ModelError, UsageError
from unfind.models.weights import read_card
from unfind.triggers.base import Trigger
from unfind.triggers.choose import photo_trigger, trigger_from_card
from unfind.triggers.key import KEY_FILE, Key
from unfind.triggers.learned import Learned
from unfind.triggers.shipped import default_mark
from unfind.triggers.spread_spectrum import SpreadSpectrum


def pick_trigger(
    key: Path | None,
    run: Path | None,
    strength: float | None = None,
    mark: str | None = None,
    owner: int | None = None,
) -> Trigger:
    """Make the trigger.

    Args:
        key: a key file; alone it gives the mark that is the default.
        run: a protected model's folder; its card names the trigger, and its own key is used where none is given.
        strength: instead of the card's, for triggers that have one.
        mark: "shipped", "spread-spectrum" or the folder of a learned mark; with a run where that one is now.
        owner: what a learned mark says of its owner.

    Raises:
        UsageError: neither is given, or a strength or an owner for a trigger without one.
        KeyFileError: no key, or another one than the model's.
        ModelError: the model has no trigger.
    """
    if key is None and run is None:
        raise UsageError("Expected a key or a model's folder, got neither: give --key FILE or --run FOLDER.")
    if run is None:
        assert key is not None
        return photo_trigger(Key.load(key), mark or default_mark(), strength=strength, owner=owner)
    card = model_card(run).get("trigger")
    if not card:
        raise ModelError(f"Expected a protected model in {run}, got one without a trigger: train it with pbl.")
    asked = {name: value for name, value in {"mark": mark, "owner": owner}.items() if value is not None}
    trigger = trigger_from_card(_with(card, asked), model_key(run, key))
    if strength is None:
        return trigger
    if not isinstance(trigger, Learned | SpreadSpectrum):
        raise UsageError(f"Expected no strength for the {trigger.name} trigger, got {strength}: leave it out.")
    return trigger.stronger(strength / trigger.strength)


def _with(card: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A trigger's card with other settings: where its mark is now, whose it says it is."""
    if settings and card.get("name") != Learned.name:
        asked = ", ".join(f"--{name} {value}" for name, value in settings.items())
        raise UsageError(f"Expected no {asked} for a model of the {card.get('name')} trigger: leave it out.")
    return {**card, "settings": {**card["settings"], **settings}} if settings else card


def model_card(run: Path) -> dict[str, Any]:
    """The card of a model's folder.

    Raises:
        ModelError: no model there; a file, such as a pickled checkpoint, is not even opened.
    """
    if run.is_file():
        raise ModelError(
            f"Expected a model's folder, got the file {run}: give the folder that train wrote; a pickled checkpoint "
            "can run code and is refused."
        )
    return read_card(run)


def model_key(run: Path, key: Path | None) -> Key | None:
    """The key given, else the one kept in the run folder, else none."""
    path = key if key is not None else run / KEY_FILE
    return Key.load(path) if key is not None or path.exists() else None
