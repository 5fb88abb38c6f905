"""Tables in Markdown."""

from __future__ import annotations

import pytest

from unfind.report.markdown_table import markdown_table, number_columns


def test_all_but_the_first_column_stand_to_the_right() -> None:
    found = markdown_table(["method", "map", "psnr"], [["noise", "1.0", "30"], ["rnm", "-", "40"]])
    assert found == "| method | map | psnr |\n| --- | ---: | ---: |\n| noise | 1.0 | 30 |\n| rnm | - | 40 |"


def test_columns_can_be_named() -> None:
    found = markdown_table(["a", "b"], [["x", "y"]], numbers=[True, False])
    assert found.splitlines()[1] == "| ---: | --- |"


def test_a_table_without_lines_has_its_head() -> None:
    assert markdown_table(["a"], []) == "| a |\n| --- |"


@pytest.mark.parametrize(
    ("cells", "number"),
    [
        (["1", "2.5", "-0.25", "-"], True),
        (["1", "two"], False),
        (["1.2.3"], False),
        (["0.1, 0.2"], False),
        ([""], False),
    ],
)
def test_a_column_of_numbers_is_known(cells: list[str], number: bool) -> None:
    assert number_columns([["word", cell] for cell in cells]) == [False, number]


def test_of_no_line_there_are_no_columns() -> None:
    assert number_columns([]) == []
