"""The card beside the table: which model a gallery belongs to, readable without opening the table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from unfind.errors import GalleryError, ImageError
from unfind.images.files import write_atomic

CARD_NAME = "gallery.json"
FORMAT = "unfind-gallery"
FORMAT_VERSION = 1
MAX_CARD_BYTES = 65_536
"""A card has six short fields; anything larger was written by something else."""

_FIELDS = {"format": str, "version": int, "name": str, "dimension": int, "fingerprint": str, "created": str}


@dataclass(frozen=True)
class Card:
    """What a gallery says about itself.

    Attributes:
        name: A name for people.
        dimension: Numbers per embedding, at least 1.
        fingerprint: Which model made the embeddings.
        created: ISO 8601 time with a time zone.
        version: Format version of the folder.
        format: Always "unfind-gallery".
    """

    name: str
    dimension: int
    fingerprint: str
    created: str
    version: int = FORMAT_VERSION
    format: str = FORMAT


def write_card(folder: Path, card: Card) -> None:
    """Write ``gallery.json`` so that a reader sees the old card or the new one, never half of one.

    Args:
        folder: The gallery's folder, which exists.
        card: What to write.

    Raises:
        GalleryError: When the folder cannot be written to.
    """
    text = json.dumps(asdict(card), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        write_atomic(folder / CARD_NAME, text.encode())
    except (OSError, ImageError) as error:
        raise GalleryError(f"the gallery's card must be writable, but {error}; check {folder}") from error


def read_card(folder: Path) -> Card:
    """Read and check ``gallery.json``.

    Args:
        folder: A gallery's folder.

    Returns:
        The card.

    Raises:
        GalleryError: When the folder is not a gallery, the card is damaged, or its format is newer.
    """
    fields = _parse(folder, _read(folder))
    _check_format(folder, fields)
    if set(fields) != set(_FIELDS) or any(type(fields[key]) is not kind for key, kind in _FIELDS.items()):
        raise _damaged(folder, f"its fields are not {', '.join(_FIELDS)}")
    if fields["dimension"] < 1:
        raise _damaged(folder, f"dimension is {fields['dimension']}")
    _check_created(folder, fields["created"])
    return Card(**fields)


def _read(folder: Path) -> bytes:
    try:
        with (folder / CARD_NAME).open("rb") as file:
            return file.read(MAX_CARD_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise GalleryError(
            f"a gallery is a folder with a {CARD_NAME}, but {folder} has none; "
            "give the folder that `unfind gallery create` made"
        ) from error
    except OSError as error:
        raise GalleryError(f"the gallery {folder} must be readable, but {error}; check its access") from error


def _parse(folder: Path, data: bytes) -> dict[str, Any]:
    if len(data) > MAX_CARD_BYTES:
        raise _damaged(folder, f"it is larger than {MAX_CARD_BYTES} bytes")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(folder, f"it is not JSON ({type(error).__name__})") from error
    if not isinstance(fields, dict):
        raise _damaged(folder, "it is not a JSON object")
    return fields


def _check_format(folder: Path, fields: dict[str, Any]) -> None:
    if fields.get("format") != FORMAT:
        raise _damaged(folder, f"its format is {fields.get('format')!r}, not {FORMAT!r}")
    version = fields.get("version")
    if type(version) is int and version > FORMAT_VERSION:
        raise GalleryError(
            f"this unfind reads galleries up to format {FORMAT_VERSION}, but {folder} has format {version}; "
            "update unfind, or build the gallery anew"
        )
    if version != FORMAT_VERSION:
        raise _damaged(folder, f"its version is {version!r}")


def _check_created(folder: Path, created: str) -> None:
    try:
        aware = datetime.fromisoformat(created).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise _damaged(folder, f"created is {created!r}, not a time with a zone")


def _damaged(folder: Path, why: str) -> GalleryError:
    return GalleryError(
        f"{folder / CARD_NAME} must be the card of an unfind gallery, but {why}; "
        "restore it from a copy, or build the gallery anew"
    )
