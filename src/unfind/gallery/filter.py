"""Which photos a search looks at, by what is known of them; safe whatever text comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from unfind.errors import UsageError

MAX_TEXT = 1024
"""Characters of an owner's, collection's or label's name; a longer one is a mistake or an attack."""
_MILVUS_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Filter:
    """Photos must meet every condition that is given.

    Attributes:
        owner: Whose photos, or None for everybody's.
        collection: Which set of photos, or None for all.
        label: What the photos show, or None for anything.
        added_from: Added at this time or later, with a time zone.
        added_before: Added before this time, with a time zone.

    Raises:
        UsageError: When a time has no zone, or a text is too long or holds a NUL or half a character.
    """

    owner: str | None = None
    collection: str | None = None
    label: str | None = None
    added_from: datetime | None = None
    added_before: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("owner", "collection", "label"):
            if getattr(self, name) is not None:
                check_text(name, getattr(self, name))
        for name in ("added_from", "added_before"):
            time = getattr(self, name)
            if time is not None and time.tzinfo is None:
                raise UsageError(f"{name} must be a time with a zone, but {time} came; write for example +00:00 behind")

    @property
    def texts(self) -> dict[str, str]:
        """The conditions on texts that are given, by column."""
        pairs = {"owner": self.owner, "collection": self.collection, "label": self.label}
        return {column: text for column, text in pairs.items() if text is not None}

    @property
    def times(self) -> dict[str, datetime]:
        """The conditions on the time of adding that are given, by operator."""
        pairs = {">=": self.added_from, "<": self.added_before}
        return {operator: time for operator, time in pairs.items() if time is not None}


EVERYTHING = Filter()


def check_text(name: str, text: str) -> None:
    """Refuse text that a table or an engine could not hold.

    Args:
        name: What it is, for the message.
        text: Any text.

    Raises:
        UsageError: When it is longer than 1024 characters, or holds a NUL or half a surrogate pair.
    """
    if len(text) > MAX_TEXT or "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(
            f"{name} must be whole text of at most {MAX_TEXT} characters without NUL, "
            f"but {len(text)} characters came that are not; write a shorter or a plain name"
        )


def lance_filter(wanted: Filter) -> str | None:
    """Write a filter in LanceDB's SQL, in which a quote inside text is doubled and nothing else is special.

    Returns:
        A condition, or None when everything is wanted.
    """
    parts = [f"{column} = '{text.replace(chr(39), 2 * chr(39))}'" for column, text in wanted.texts.items()]
    parts += [f"added {operator} to_timestamp_micros({microseconds(time)})" for operator, time in wanted.times.items()]
    return " AND ".join(parts) or None


def milvus_filter(wanted: Filter) -> str:
    """Write a filter in Milvus's language, in which a string is everything between double quotes on one line.

    Returns:
        A condition, "" when everything is wanted.
    """
    parts = [f'{column} == "{text.translate(_MILVUS_ESCAPES)}"' for column, text in wanted.texts.items()]
    parts += [f"added {operator} {microseconds(time)}" for operator, time in wanted.times.items()]
    return " and ".join(parts)


def arrow_mask(wanted: Filter, columns: pa.Table) -> Any | None:
    """Say which rows of a table in memory meet a filter.

    Args:
        wanted: The filter.
        columns: A table with the columns owner, collection, label and added.

    Returns:
        bool (rows,) as NumPy array, or None when everything is wanted.
    """
    parts = [pc.equal(columns[column], text) for column, text in wanted.texts.items()]
    compare = {">=": pc.greater_equal, "<": pc.less}
    for operator, time in wanted.times.items():
        parts.append(compare[operator](columns["added"], pa.scalar(time, pa.timestamp("us", tz="UTC"))))
    if not parts:
        return None
    mask = parts[0]
    for part in parts[1:]:
        mask = pc.and_(mask, part)
    return mask.to_numpy()


def microseconds(time: datetime) -> int:
    """Count microseconds since 1970, exactly."""
    return (time - _EPOCH) // timedelta(microseconds=1)
