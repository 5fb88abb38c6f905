"""The two models that are compared, from their run folders."""

from __future__ import annotations

from pathlib import Path

from unfind.errors import ModelError
from unfind.models.weights import load_encoder
from unfind.studies.evaluate import Models
from unfind.triggers.choose import trigger_from_card
from unfind.triggers.key import Key


def load_models(clean: Path, protected: Path, key: Key | None, *, backbone: str | None = None) -> Models:
    """Both models from their run folders, and the trigger that the protected one reacts to.

    Args:
        clean, protected: run folders.
        key: of the trigger.
        backbone: the Python file that makes their backbone, where it is the user's own.

    Raises:
        ModelError: a folder without a model, or a protected model without a trigger.
        KeyFileError: not the key that the model was trained with.
    """
    encoder, card = load_encoder(protected, backbone=backbone)
    if not card.get("trigger"):
        raise ModelError(f"Expected a protected model in {protected}, got one without a trigger: train with pbl.")
    return Models(load_encoder(clean, backbone=backbone)[0], encoder, trigger_from_card(card["trigger"], key))
