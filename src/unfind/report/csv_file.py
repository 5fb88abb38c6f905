"""Rows of facts as comma-separated values, for any other program."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as comma-separated values, with every fact that any of them has as a column; what one lacks is empty.

    Args:
        rows: {fact: value}; the columns stand in the order in which facts first appear.
    """
    columns = dict.fromkeys(name for row in rows for name in row)
    file = io.StringIO()
    writer = csv.DictWriter(file, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
