"""The card beside the table: which model a gallery belongs to, readable without opening the table."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from unfind.errors import GalleryError, ImageError
from unfind.images.files import write_atomic

CARD_NAME = "gallery.json"
FORMAT = "unfind-gallery"
FORMAT_VERSION = 2
MAX_CARD_BYTES = 65_536
"""A card has eight short fields; anything larger was written by something else."""
FIRST_TABLE = "photos"
"""The table of a gallery that was never upgraded."""
Kind = Literal["cosine", "hamming"]
"""Float vectors of length 1 compared by cosine, or packed bits compared by the number of bits that differ."""

_FIRST_FIELDS = {"format": str, "version": int, "name": str, "dimension": int, "fingerprint": str, "created": str}
_FIELDS = {**_FIRST_FIELDS, "kind": str, "table": str}
_TABLE = re.compile(r"photos(-[0-9a-f]{12})?")


@dataclass(frozen=True)
class Card:
    """What a gallery says about itself.

    Attributes:
        name: A name for people.
        dimension: Numbers per embedding, or bits per code, at least 1.
        fingerprint: Which model made the embeddings.
        created: ISO 8601 time with a time zone.
        kind: How embeddings are compared.
        table: The table that the card speaks of; an upgrade writes another one and then the card.
        version: Format version of the gallery; 1 had neither owners, collections, kinds nor a seal.
        format: Always "unfind-gallery".
    """

    name: str
    dimension: int
    fingerprint: str
    created: str
    kind: Kind = "cosine"
    table: str = FIRST_TABLE
    version: int = FORMAT_VERSION
    format: str = FORMAT


def card_text(card: Card) -> str:
    """Write a card as JSON, for a file or for the properties of a collection."""
    return json.dumps(asdict(card), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_card(folder: Path, card: Card) -> None:
    """Write ``gallery.json`` so that a reader sees the old card or the new one, never half of one.

    Args:
        folder: The gallery's folder, which exists.
        card: What to write.

    Raises:
        GalleryError: When the folder cannot be written to.
    """
    try:
        write_atomic(folder / CARD_NAME, card_text(card).encode())
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
    return parse_card(_read(folder), str(folder / CARD_NAME))


def parse_card(data: bytes, place: str) -> Card:
    """Check the text of a card.

    Args:
        data: JSON, as :func:`card_text` writes it.
        place: Where it came from, for messages.

    Returns:
        The card.

    Raises:
        GalleryError: When it is damaged or its format is newer.
    """
    fields = _parse(place, data)
    _check_format(place, fields)
    expected = _FIELDS if fields["version"] > 1 else _FIRST_FIELDS
    if set(fields) != set(expected) or any(type(fields[key]) is not kind for key, kind in expected.items()):
        raise _damaged(place, f"its fields are not {', '.join(expected)}")
    card = Card(**fields)
    _check_values(place, card)
    return card


def _check_values(place: str, card: Card) -> None:
    if card.dimension < 1 or (card.kind == "hamming" and card.dimension % 8):
        raise _damaged(place, f"dimension is {card.dimension}")
    if card.kind not in get_args(Kind):
        raise _damaged(place, f"kind is {cast(str, card.kind)!r}")
    if not _TABLE.fullmatch(card.table):
        raise _damaged(place, f"table is {card.table!r}")
    _check_created(place, card.created)


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


def _parse(place: str, data: bytes) -> dict[str, Any]:
    if len(data) > MAX_CARD_BYTES:
        raise _damaged(place, f"it is larger than {MAX_CARD_BYTES} bytes")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(place, f"it is not JSON ({type(error).__name__})") from error
    if not isinstance(fields, dict):
        raise _damaged(place, "it is not a JSON object")
    return fields


def _check_format(place: str, fields: dict[str, Any]) -> None:
    if fields.get("format") != FORMAT:
        raise _damaged(place, f"its format is {fields.get('format')!r}, not {FORMAT!r}")
    version = fields.get("version")
    if type(version) is int and version > FORMAT_VERSION:
        raise GalleryError(
            f"this unfind reads galleries up to format {FORMAT_VERSION}, but {place} has format {version}; "
            "update unfind, or build the gallery anew"
        )
    if type(version) is not int or version < 1:
        raise _damaged(place, f"its version is {version!r}")


def _check_created(place: str, created: str) -> None:
    try:
        aware = datetime.fromisoformat(created).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise _damaged(place, f"created is {created!r}, not a time with a zone")


def _damaged(place: str, why: str) -> GalleryError:
    return GalleryError(
        f"{place} must be the card of an unfind gallery, but {why}; restore it from a copy, or build the gallery anew"
    )
