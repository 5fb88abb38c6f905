"""docs/doubts.md: a paragraph for each flag of the code, and none for flags that do not exist."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from unfind.evaluation import doubts


def flags() -> set[str]:
    """Every flag that evaluation/doubts.py can raise."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(doubts))):
        if isinstance(node, ast.keyword) and node.arg == "flag":
            if isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
            else:
                assert ast.unparse(node.value) == "f'collapsed_{side}'", "a new kind of flag: teach this test"
                found |= {f"collapsed_{side}" for side in doubts._COLLAPSED}
    return found


def sections(root: Path) -> dict[str, str]:
    parts = re.split(r"^## (\w+)\n", (root / "docs" / "doubts.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_flags_are_found() -> None:
    assert {"many_ties", "collapsed_clean", "collapsed_triggered"} <= flags()
    assert len(flags()) >= 8


def test_every_flag_has_a_section_and_every_section_a_flag(root: Path) -> None:
    assert sections(root).keys() == flags()


def test_every_section_says_what_the_flag_means_and_what_to_do(root: Path) -> None:
    for flag, text in sections(root).items():
        assert re.search(r"\*\*Meaning\.\*\* .{40}", text), flag
        assert re.search(r"\*\*What to do\.\*\* .{40}", text, re.DOTALL), flag


def test_the_thresholds_on_the_page_are_those_of_the_code(root: Path) -> None:
    text = sections(root)
    assert f"above {doubts.MAX_MEAN_COSINE:g}" in text["collapsed_clean"]
    assert f"fewer than {doubts.MIN_EFFECTIVE_RANK:g} effective" in text["collapsed_clean"]
    assert f"more than {100 * doubts.MAX_TIED_SHARE:g} %" in text["many_ties"]
    assert f"more than {100 * doubts.MAX_CLEAN_DETECTIONS:g} %" in text["trigger_in_clean"]
    assert f"fewer than {doubts.MIN_QUERIES} scored" in text["few_queries"]
    assert doubts.MAX_CODEC_EFFECT == 0.005
    assert "half a\npoint" in text["codec_effect"]
    assert doubts.MAX_INTERVAL_WIDTH == 0.1
    assert "ten points" in text["few_queries"]
    assert doubts.PUBLISHED_TOLERANCE == 0.05
    assert "five points" in text["below_published"]
