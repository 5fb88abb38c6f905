"""``report.json``: what `unfind evaluate` has measured, in fixed keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.checks import (
    Check,
    exactly,
    list_of,
    measure,
    names_to,
    number,
    record,
    text,
    whole_number,
)
from unfind.report.json_file import read_json, write_json

METRICS = ("recall@1", "recall@2", "recall@4", "recall@8", "map", "map_r", "map@1000", "nmi", "f1")
PRIVATE_TASKS = ("c2p", "p2c", "p2p")
TASKS = ("c2c", *PRIVATE_TASKS)
"""`a2b`: the query is a, the gallery b; c is clean, p is protected by the trigger."""


def _metrics(check: Check) -> Check:
    return record(dict.fromkeys(METRICS, check))


_FRACTION = measure(0.0, 1.0)
_CHANGE = measure(-1.0, 1.0)
# Private search can be better than clean search, by any factor; it cannot lose more than everything.
_PSR = measure(high=1.0)
_RATIO = measure(low=0.0)

_MIXED = record(
    {
        "adoption": number(0.0, 1.0),
        "exposure@10": _RATIO,
        "album_leak@10": _RATIO,
        "benign_recall@1": _FRACTION,
    }
)
_SURVIVAL = record({"edit": text(), "psr_map_r": record(dict.fromkeys(PRIVATE_TASKS, _PSR)), "bit_accuracy": _FRACTION})

REPORT = record(
    {
        "schema": exactly(1),
        "run": text(),
        "dataset": text(),
        "protocol": text("strict", "paper"),
        "seed": whole_number(0),
        "n_query": whole_number(1),
        "n_gallery": whole_number(1),
        "clean_model": record({"c2c": _metrics(_FRACTION)}),
        "protected_model": record({task: _metrics(_FRACTION) for task in TASKS}),
        "benign_drop": _metrics(_CHANGE),
        "psr": record({task: _metrics(_PSR) for task in PRIVATE_TASKS}),
        "twin": record({"c2p_hit@1": _FRACTION, "c2p_hit@10": _FRACTION}),
        "mixed": list_of(_MIXED),
        "false_trigger": names_to(record({"benign_drop_recall@1": _CHANGE})),
        "survival": list_of(_SURVIVAL),
        "stealth": record(
            {
                "mse": _RATIO,
                "psnr": measure(),
                "ssim": measure(-1.0, 1.0),
                "lpips": _RATIO,
            }
        ),
        "doubts": list_of(record({"flag": text(), "why": text()})),
    }
)
"""The fixed keys; null stands where something could not be measured, more keys may be added."""


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Check a report and write it.

    Args:
        path: The file, usually ``report.json`` in a run folder.
        report: The document; a measurement is a number, an object of value, low and high, or null.

    Raises:
        UsageError: When a key is missing or a number is out of its range.
        DataError: When the disk refuses.
    """
    write_json(path, report, REPORT, kind="a report")


def read_report(path: Path) -> dict[str, Any]:
    """Read a report and check it.

    Args:
        path: The file.

    Returns:
        The document.

    Raises:
        DataError: When the file is absent, damaged, or of another kind.
    """
    return read_json(path, REPORT, kind="a report")
