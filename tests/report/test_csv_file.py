"""Rows that any program can read back."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.report.csv_file import as_csv

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=8)


def test_columns_are_those_of_all_rows() -> None:
    text = as_csv([{"seed": 0, "value": 0.5}, {"seed": 1, "ratio": 0.1, "value": None}])
    assert text == "seed,value,ratio\n0,0.5,\n1,,0.1\n"


def test_commas_and_quotes_stay_in_their_cell() -> None:
    assert as_csv([{"name": 'a, "b"'}]) == 'name\n"a, ""b"""\n'


def test_nothing_is_a_line_end() -> None:
    assert as_csv([]) == "\n"


@given(st.lists(st.dictionaries(WORDS, WORDS, min_size=1, max_size=4), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_what_was_written_is_read_again(rows: list[dict[str, str]]) -> None:
    read = list(csv.DictReader(io.StringIO(as_csv(rows), newline="")))
    assert [{name: value for name, value in row.items() if value} for row in read] == rows
