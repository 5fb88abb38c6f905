"""Only what stands between the markers is made anew."""

from __future__ import annotations

import pytest

from unfind.report.generated_part import END, NOTHING, START, with_generated

PAGE = f"Before.\n\n{START}\n\nold\n\n{END}\n\nAfter.\n"


def test_what_people_wrote_stays() -> None:
    made = with_generated(PAGE, "new\n", nothing="none\n")
    assert made == f"Before.\n\n{START}\n\nnew\n\n{END}\n\nAfter.\n"
    assert with_generated(made, "new\n", nothing="none\n") == made


def test_where_there_is_nothing_the_page_says_so() -> None:
    assert "none\n" in with_generated(PAGE, "", nothing="none\n")
    assert NOTHING in with_generated(PAGE, "")


@pytest.mark.parametrize("text", ["no marker", f"{START} only", f"{END} before {START}"])
def test_a_page_without_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="generated"):
        with_generated(text, "new", nothing="none")
