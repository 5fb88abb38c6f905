"""The document that `unfind bench` prints: one measured claim, with what is needed to measure it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.checks import (
    Check,
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

CLAIM_SEEDS = 3
"""A claim takes at least as many seeds."""
MEASURED: dict[str, Check] = {
    "schema": exactly(1),
    "data": text(),
    "seeds": list_of(whole_number(0)),
    "machine": text(),
    "threads": whole_number(1),
    "versions": names_to(text()),
    "seconds": number(low=0.0),
}
"""What every document of a measurement says of its making."""
BENCH = record(
    {
        "bench": text(),
        **MEASURED,
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


def filed_benches(folder: Path, bench: str | None = None) -> dict[str, dict[str, Any]]:
    """The bench documents in a folder, by the name of the file without its ending.

    Args:
        folder: where they lie; other kinds of files are not looked at.
        bench: only of this one; None for all.

    Raises:
        DataError: a JSON file is no bench document.
    """
    found = {path.stem: read_bench(path) for path in sorted(folder.glob("*.json"))}
    return {title: one for title, one in found.items() if bench in (None, one["bench"])}
