"""Encoders on disk: safetensors beside a JSON card that says what they are. Pickles are refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from unfind.errors import ImageError, ModelError, UnfindError
from unfind.models.backbone import is_own
from unfind.models.encoder import Architecture, Encoder
from unfind.models.tensor_files import plain, write_together

FORMAT = 1
WEIGHTS = "model.safetensors"
CARD = "model.json"
_PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".tar"}


def save_encoder(folder: Path, encoder: Encoder, card: dict[str, Any]) -> dict[str, Any]:
    """Write weights and card into a folder: both, or neither.

    Args:
        folder: made where absent.
        encoder: what to save.
        card: what else is known of the model (objective, trigger, data, seed ...).

    Returns:
        The card as written: with format, architecture and the SHA-256 of the weights.

    Raises:
        ModelError: the folder cannot be written; what stood there before is intact.
    """
    data = save_tensors(plain(encoder.state_dict()))
    whole = {
        **card,
        "format": FORMAT,
        "architecture": encoder.architecture.as_dict(),
        "weights_sha256": hashlib.sha256(data).hexdigest(),
    }
    text = json.dumps(whole, indent=2, sort_keys=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_together(folder, {WEIGHTS: data, CARD: text.encode()})
    except (OSError, ImageError) as error:
        raise ModelError(f"Expected to write a model into {folder}, got: {error}") from error
    return whole


def load_encoder(folder: Path, *, backbone: str | None = None) -> tuple[Encoder, dict[str, Any]]:
    """Load an encoder in evaluation mode, and its card.

    A backbone that is somebody's Python file is never run because a card names it: a card may come from a
    stranger. Whoever loads such a model names the file again.

    Args:
        folder: of the model.
        backbone: ``FILE.py:FUNCTION``, for a model whose backbone is such a file; ignored for others.

    Raises:
        ModelError: no model there, a pickle, a damaged or changed file, another format or architecture, or a
            backbone in a Python file that was not named.
    """
    data, card = read_weights(folder)
    encoder = Encoder(_trusted(_architecture(card), backbone), pretrained=False)
    fill(encoder, data, folder)
    return encoder.eval(), card


def read_weights(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """The weights of a model folder, checked against its card, and the card.

    Raises:
        ModelError: no model there, a pickle, a damaged or changed file, or another format.
    """
    card = read_card(folder)
    try:
        data = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise ModelError(
            f"Expected weights at {folder / WEIGHTS}, got '{error.strerror}': copy the file too."
        ) from error
    if hashlib.sha256(data).hexdigest() != card["weights_sha256"]:
        raise ModelError(f"Expected the weights that {folder / CARD} names, got other bytes: copy the model again.")
    return data, card


def read_card(folder: Path) -> dict[str, Any]:
    """Read the card of a model folder.

    Raises:
        ModelError: no card, not JSON, or of another format.
    """
    if folder.is_file() or (folder.suffix in _PICKLES and not folder.is_dir()):
        raise ModelError(
            f"Expected a model folder with {WEIGHTS} and {CARD}, got the file {folder}: give the folder; a pickled "
            "checkpoint can run code and is refused, convert it to safetensors."
        )
    path = folder / CARD
    try:
        card: dict[str, Any] = json.loads(path.read_text())
        # The format first: a card of another one may name its parts differently.
        if card["format"] == FORMAT:
            _architecture(card)
            str(card["weights_sha256"])
    except FileNotFoundError as error:
        raise ModelError(f"Expected a model card at {path}, got none: is this a run folder?") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError, UnfindError) as error:
        raise ModelError(f"Expected a readable model card at {path}, got '{error}': copy the model again.") from error
    if card["format"] != FORMAT:
        raise ModelError(f"Expected a model of format {FORMAT}, got {card['format']}: update unfind.")
    return card


def fill(encoder: Encoder, data: bytes, source: Path) -> None:
    """Put safetensors bytes into an encoder.

    Raises:
        ModelError: damaged bytes, or the weights of another architecture.
    """
    try:
        state = load_tensors(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelError(f"Expected safetensors in {source}, got '{error}': copy the model again.") from error
    expected = encoder.state_dict()
    different = [
        name
        for name in expected.keys() | state.keys()
        if name not in state or name not in expected or state[name].shape != expected[name].shape
    ]
    if different:
        raise ModelError(
            f"Expected weights of {encoder.architecture.backbone} with {encoder.architecture.dimension} dimensions "
            f"in {source}, got another architecture ({len(different)} tensors differ, such as {min(different)})."
        )
    encoder.load_state_dict(state)


def fingerprint_of(card: dict[str, Any]) -> str:
    """16 hex digits that name a model by its weights."""
    return str(card["weights_sha256"])[:16]


def _architecture(card: Mapping[str, Any]) -> Architecture:
    """The architecture a card names; TypeError or UsageError where it is not one."""
    architecture = Architecture(**card["architecture"])
    for field in fields(architecture):
        value = getattr(architecture, field.name)
        if type(value) is not type(field.default):
            raise TypeError(f"{field.name} is {value!r}")
    return architecture


def _trusted(architecture: Architecture, backbone: str | None) -> Architecture:
    """The architecture, with the backbone file that the caller named in place of the card's."""
    if not is_own(architecture.backbone):
        return architecture
    if backbone is None or not is_own(backbone):
        raise ModelError(
            f"Expected to be told which Python file makes this model's backbone, got only its card, which names "
            f"{architecture.backbone}: if you trust that file, repeat it with --backbone FILE.py:FUNCTION."
        )
    return replace(architecture, backbone=backbone)
