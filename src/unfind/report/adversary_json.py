"""``adversary.json``: what `unfind redteam adversary` got and what it paid, in fixed keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.checks import exactly, list_of, measure, nullable, number, record, text, whole_number
from unfind.report.json_file import read_json, write_json

KINDS = ("none", "wash", "estimate", "forge", "invert", "unlearn", "list")
_SHARE = number(0.0, 1.0)
_FOUND = measure(low=0.0)
_LISTING = record({"auc": measure(0.0, 1.0), "precision": _SHARE, "share": _SHARE})
_CHANGE = number(-1.0, 1.0)
_ATTACK = record(
    {
        "attack": text(),
        "kind": text(*KINDS),
        "held": whole_number(0),
        "share": _SHARE,
        "seconds": number(0.0),
        "psnr": nullable(number()),
        "likeness": nullable(number(-1.01, 1.01)),
        "found_c2p": _FOUND,
        "found_p2c": _FOUND,
        "benign_drop": nullable(record({"recall@1": _CHANGE, "map_r": _CHANGE})),
        "listing": nullable(_LISTING),
    }
)

ADVERSARY = record(
    {
        "schema": exactly(1),
        "run": text(),
        "fingerprint": text(),
        "data": text(),
        "trigger": text(),
        "seed": whole_number(0),
        "n_photos": whole_number(1),
        "n_train": whole_number(1),
        "adoption": _SHARE,
        "clean_map_r": _SHARE,
        "clean_recall@1": _SHARE,
        "attacks": list_of(_ATTACK),
        "seconds": number(0.0),
    }
)
"""The fixed keys; null stands where an attack has no such figure, more keys may be added."""


def write_adversary(path: Path, document: Mapping[str, Any]) -> None:
    """Check the document of an adversary and write it.

    Args:
        path: The file, usually ``adversary.json``.
        document: The document.

    Raises:
        UsageError: When a key is missing or a number is out of its range.
        DataError: When the disk refuses.
    """
    write_json(path, document, ADVERSARY, kind="a document of an adversary")


def read_adversary(path: Path) -> dict[str, Any]:
    """Read the document of an adversary and check it.

    Args:
        path: The file.

    Returns:
        The document.

    Raises:
        DataError: When the file is absent, damaged, or of another kind.
    """
    return read_json(path, ADVERSARY, kind="a document of an adversary")
