"""JSON documents on disk: checked, sorted, and never half written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.atomic_file import replace_file
from unfind.errors import DataError, UsageError
from unfind.report.checks import Check


def write_json(path: Path, document: Mapping[str, Any], check: Check, *, kind: str) -> None:
    """Check a document and write it so that the file holds the old one or the new one, never half of one.

    Equal documents give equal bytes: keys are sorted, and NaN, which JSON does not know, is refused.

    Args:
        path: The file to write; its folder exists.
        document: What to write.
        check: What it must look like.
        kind: What it is, for messages, such as "a report".

    Raises:
        UsageError: When the document does not fit.
        DataError: When the disk refuses.
    """
    wrong = next(check(document, ""), None)
    if wrong:
        raise UsageError(f"{kind} must follow its schema, but {wrong}; mend the document before writing it")
    _replace(path, document_text(document, kind=kind).encode())


def document_text(document: Mapping[str, Any], *, kind: str) -> str:
    """Format a document: two blanks of indent, sorted keys, a newline at the end.

    Args:
        document: JSON values only.
        kind: What it is, for messages.

    Returns:
        The text.

    Raises:
        UsageError: When it holds NaN, infinity or something that is no JSON value.
    """
    try:
        return json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{kind} holds finite numbers, text, lists and objects only, but {error}; "
            "convert arrays to lists and use null for what could not be measured"
        ) from error


def read_json(path: Path, check: Check, *, kind: str) -> dict[str, Any]:
    """Read a document and check it.

    Args:
        path: The file.
        check: What it must look like.
        kind: What it is, for messages, such as "a report".

    Returns:
        The document.

    Raises:
        DataError: When the file is absent, is not JSON, or does not fit.
    """
    try:
        document = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        raise DataError(f"{kind} must be a readable file, but {error}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} must hold {kind} as JSON, but {error}; make it anew") from error
    wrong = next(check(document, ""), None)
    if wrong:
        raise DataError(f"{path} must hold {kind}, but {wrong}; make it anew with this version of unfind")
    return dict(document)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _replace(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        raise DataError(f"{path} must be writable, but {error}; check disk space and access") from error
