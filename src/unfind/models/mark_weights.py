"""A mark's networks on disk: safetensors beside a JSON card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from unfind.errors import ImageError, ModelError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_parts import WORKING_SIZE
from unfind.models.tensor_files import plain, write_together

FORMAT = 1
WEIGHTS = "mark.safetensors"
CARD = "mark.json"
SECOND = "second_decoder.safetensors"
"""Beside them: a decoder that reads behind filters, in half precision. A mark may do without."""


@dataclass(frozen=True)
class Mark:
    """What makes a mark and what reads it.

    Attributes:
        encoder, decoder: in evaluation mode, without gradients of their own.
        card: what is known of them: data, licence, figures, the strength they were trained for.
        fingerprint: 16 hex digits that name the weights.
        second_decoder: reads what filters have left of marks; None where nobody trained one.
    """

    encoder: MarkEncoder
    decoder: MarkDecoder
    card: dict[str, Any]
    fingerprint: str
    second_decoder: MarkDecoder | None = None


def untrained_mark(slots: int) -> Mark:
    """The mark that training starts from: gratings that are compared with gratings.

    It can be read where it is loud; it knows nothing of photos yet.
    """
    encoder, decoder = MarkEncoder(slots), MarkDecoder(slots)
    return _frozen(encoder, decoder, {"strength": 1.0}, f"untrained-{slots}")


def save_mark(folder: Path, encoder: MarkEncoder, decoder: MarkDecoder, card: dict[str, Any]) -> dict[str, Any]:
    """Write both networks and their card into a folder.

    Args:
        folder: made where absent.
        encoder, decoder: what to save.
        card: with at least ``strength``, the one they were trained for.

    Returns:
        The card as written.

    Raises:
        ModelError: the folder cannot be written; what stood there before is intact.
    """
    tensors = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    tensors |= {f"decoder.{name}": value for name, value in decoder.state_dict().items()}
    data = save_tensors(plain(tensors))
    whole = {
        **card,
        "format": FORMAT,
        "slots": encoder.slots,
        "working_size": WORKING_SIZE,
        "weights_sha256": hashlib.sha256(data).hexdigest(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_together(folder, {WEIGHTS: data, CARD: (json.dumps(whole, indent=2, sort_keys=True) + "\n").encode()})
    except (OSError, ImageError) as error:
        raise ModelError(f"Expected to write a mark into {folder}, got: {error}") from error
    return whole


def save_second_decoder(source: Path, folder: Path, decoder: MarkDecoder, facts: dict[str, Any]) -> dict[str, Any]:
    """Write a mark again into another folder, with a second decoder beside it.

    Args:
        source: folder of the mark.
        folder: made where absent.
        decoder: the second one.
        facts: what is known of it, for the card.

    Returns:
        The card as written.

    Raises:
        ModelError: the folder cannot be written; what stood there before is intact.
    """
    half = {name: value.half() for name, value in plain(decoder.state_dict()).items()}
    data = save_tensors(half)
    about = {**facts, "weights_sha256": hashlib.sha256(data).hexdigest()}
    whole = {**read_mark_card(source), "second_decoder": about}
    text = (json.dumps(whole, indent=2, sort_keys=True) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_together(folder, {WEIGHTS: (source / WEIGHTS).read_bytes(), SECOND: data, CARD: text})
    except (OSError, ImageError) as error:
        raise ModelError(f"Expected to write a mark into {folder}, got: {error}") from error
    return whole


def load_mark(folder: Path) -> Mark:
    """Load the networks of a mark.

    Raises:
        ModelError: no mark there, a damaged or changed file, or one of another format or size.
    """
    card = read_mark_card(folder)
    data = _checked_bytes(folder, WEIGHTS, card["weights_sha256"])
    encoder, decoder = MarkEncoder(card["slots"]), MarkDecoder(card["slots"])
    second = MarkDecoder(card["slots"]) if "second_decoder" in card else None
    try:
        state = load_tensors(data)
        for net, prefix in ((encoder, "encoder."), (decoder, "decoder.")):
            part = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            net.load_state_dict(part)
        if second is not None:
            bytes_ = _checked_bytes(folder, SECOND, card["second_decoder"]["weights_sha256"])
            second.load_state_dict({name: value.float() for name, value in load_tensors(bytes_).items()})
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"Expected the networks of a mark in {folder}, got others: update unfind.") from error
    return _frozen(encoder, decoder, card, card["weights_sha256"][:16], second)


def _checked_bytes(folder: Path, name: str, digest: str) -> bytes:
    """The bytes of a file that the card names; ModelError where there are none, or others."""
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(f"Expected weights at {folder / name}, got '{error.strerror}': copy the file too.") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise ModelError(f"Expected the weights that {folder / CARD} names, got other bytes: copy the mark again.")
    return data


def read_mark_card(folder: Path) -> dict[str, Any]:
    """Read the card of a mark's folder.

    Raises:
        ModelError: no card, not JSON, or of another format or working size.
    """
    path = folder / CARD
    try:
        card: dict[str, Any] = json.loads(path.read_text())
        facts = (card["format"], card["working_size"])
        if facts == (FORMAT, WORKING_SIZE):
            str(card["weights_sha256"])
            card |= {"slots": int(card["slots"]), "strength": float(card["strength"])}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(f"Expected a mark's card at {path}, got none: give what mark train wrote.") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"Expected a readable card at {path}, got '{error}': copy the mark again.") from error
    if facts != (FORMAT, WORKING_SIZE):
        raise ModelError(
            f"Expected a mark of format {FORMAT} made at {WORKING_SIZE} pixels, got {facts[0]} and {facts[1]}: "
            "update unfind."
        )
    return card


def _frozen(
    encoder: MarkEncoder,
    decoder: MarkDecoder,
    card: dict[str, Any],
    fingerprint: str,
    second: MarkDecoder | None = None,
) -> Mark:
    for net in (encoder, decoder, second):
        if net is not None:
            net.eval().requires_grad_(False)
    return Mark(encoder, decoder, card, fingerprint, second)
