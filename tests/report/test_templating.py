from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from unfind.report.templating import CONTENT_POLICY, render_page


def template(folder: Path, text: str) -> Path:
    path = folder / "page.html"
    path.write_text(text)
    return path


def test_values_are_escaped(tmp_path: Path) -> None:
    assert render_page(template(tmp_path, "{{ name }}"), name="<b>&'\"") == "&lt;b&gt;&amp;&#39;&#34;"


def test_gaps_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="name"):
        render_page(template(tmp_path, "{{ name }}"))


def test_templates_elsewhere_find_the_shared_style(tmp_path: Path) -> None:
    assert "prefers-color-scheme: dark" in render_page(template(tmp_path, '{% include "base.css" %}'))


def test_policy_forbids_all_but_own_pictures_and_style(tmp_path: Path) -> None:
    assert render_page(template(tmp_path, "{{ content_policy }}")).replace("&#39;", "'") == CONTENT_POLICY
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "script-src" not in rules
