"""The document that `unfind bench` prints: one measured claim, with what is needed to measure it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.checks import (
    either,
    exactly,
    list_of,
    names_to,
    nullable,
    number,
    record,
    spread,
    text,
    truth,
    whole_number,
)
from unfind.report.json_file import read_json, write_json

BENCH = record(
    {
        "schema": exactly(1),
        "bench": text(),
        "data": text(),
        "seeds": list_of(whole_number(0)),
        "machine": text(),
        "threads": whole_number(1),
        "versions": names_to(text()),
        "seconds": number(low=0.0),
        "figures": names_to(
            record(
                {
                    "value": nullable(number()),
                    "unit": text(),
                    "spread": nullable(spread),
                    "target": nullable(either(number(), text(), "a number or a text such as '>= 0.9'")),
                    "holds": nullable(truth),
                }
            )
        ),
    }
)
"""The fixed keys; without a target, `target` and `holds` are null; a single seed has a null `spread`."""


def write_bench(path: Path, bench: Mapping[str, Any]) -> None:
    """Check a bench document and write it.

    Args:
        path: The file.
        bench: The document.

    Raises:
        UsageError: When a key is missing or a value is of the wrong kind.
        DataError: When the disk refuses.
    """
    write_json(path, bench, BENCH, kind="a bench document")


def read_bench(path: Path) -> dict[str, Any]:
    """Read a bench document and check it.

    Args:
        path: The file.

    Returns:
        The document.

    Raises:
        DataError: When the file is absent, damaged, or of another kind.
    """
    return read_json(path, BENCH, kind="a bench document")
