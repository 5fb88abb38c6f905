"""``audit.json``: what `unfind redteam audit` has found in a model, in fixed keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.checks import (
    exactly,
    list_of,
    measure,
    nullable,
    number,
    record,
    text,
    truth,
    whole_number,
)
from unfind.report.json_file import read_json, write_json

VERDICTS = ("backdoor", "suspicious", "nothing found")
_SHARE = number(0.0, 1.0)
_FINDING = record(
    {
        "about": text(),
        "value": number(),
        "clean": list_of(number()),
        "index": nullable(number()),
        "alarm": truth,
        "false_alarms": nullable(_SHARE),
        "why": text(),
    }
)
_SEARCH = record(
    {
        "model": text(),
        "shape": text("faint", "patch"),
        "goal": text("away", "towards"),
        "target": nullable(whole_number(0)),
        "budget": _SHARE,
        "moved": number(-0.01, 2.01),
        "control": number(-0.01, 2.01),
        "gathered": number(-1.01, 1.01),
        "reached": nullable(number(-1.01, 1.01)),
    }
)
_PHOTO_TEST = record(
    {
        "model": text(),
        "group": text(),
        "detector": text(),
        "auc": measure(0.0, 1.0),
        "caught": _SHARE,
        "false_alarms": _SHARE,
        "threshold": number(),
    }
)
_TRAINING = record(
    {
        "photos": whole_number(1),
        "classes": list_of(record({"class": text(), "score": number(), "share": _SHARE, "photos": whole_number(0)})),
        "flagged": list_of(record({"file": text(), "class": text(), "spectral": number(0.0)})),
    }
)
_CURVE = record({"defence": text(), "knob": nullable(text()), "value": nullable(number())})

AUDIT = record(
    {
        "schema": exactly(1),
        "run": text(),
        "fingerprint": text(),
        "hashes": truth,
        "data": text(),
        "beside": list_of(text()),
        "own_trigger": nullable(text()),
        "n_trusted": whole_number(1),
        "n_clean": whole_number(1),
        "n_suspects": whole_number(0),
        "seed": whole_number(0),
        "verdict": text(*VERDICTS),
        "findings": list_of(_FINDING),
        "searches": list_of(_SEARCH),
        "photo_tests": list_of(_PHOTO_TEST),
        "training": nullable(_TRAINING),
        "curves": nullable(list_of(_CURVE)),
        "doubts": list_of(record({"flag": text(), "why": text()})),
        "seconds": number(0.0),
    }
)
"""The fixed keys; null stands where something was not looked at, more keys may be added."""


def write_audit(path: Path, audit: Mapping[str, Any]) -> None:
    """Check an audit and write it.

    Args:
        path: The file, usually ``audit.json``.
        audit: The document.

    Raises:
        UsageError: When a key is missing or a number is out of its range.
        DataError: When the disk refuses.
    """
    write_json(path, audit, AUDIT, kind="an audit")


def read_audit(path: Path) -> dict[str, Any]:
    """Read an audit and check it.

    Args:
        path: The file.

    Returns:
        The document.

    Raises:
        DataError: When the file is absent, damaged, or of another kind.
    """
    return read_json(path, AUDIT, kind="an audit")
