"""Links between pages, to sections and to pictures lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
ELSEWHERE = ("https://", "http://", "mailto:")
MADE_BY_THE_BUILD = "docs/api/"


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What headings are called in addresses, as code hosts and myst-parser make them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_relative_links_lead_somewhere(page: Path, root: Path) -> None:
    for link in LINK.finditer(prose(page)):
        target = link["target"]
        if target.startswith(ELSEWHERE):
            continue
        file, _, anchor = target.partition("#")
        goal = (page.parent / file).resolve() if file else page
        place = goal.relative_to(root).as_posix()
        assert goal.exists() or place.startswith(MADE_BY_THE_BUILD), f"{page.name} leads to {place}, which is absent"
        if anchor:
            assert anchor in anchors(goal), f"{page.name} leads to #{anchor}, which {place} does not have"


def test_pictures_say_what_they_show(page: Path) -> None:
    for link in LINK.finditer(prose(page)):
        if link["picture"]:
            assert len(link["text"]) > 40


def test_every_page_of_the_site_can_be_reached(root: Path) -> None:
    index = (root / "docs" / "index.md").read_text()
    listed = {line for block in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for line in block.split()}
    pages = {path.relative_to(root / "docs").with_suffix("").as_posix() for path in (root / "docs").rglob("*.md")}
    assert {page for page in pages if not page.startswith("_build/")} - {"index"} <= listed


def test_the_readme_leads_to_every_page(root: Path) -> None:
    readme = (root / "README.md").read_text()
    for page in (root / "docs").glob("*.md"):
        if page.stem not in ("index", "security", "contributing", "changelog"):
            assert f"docs/{page.name}" in readme
    for page in (root / "docs" / "extend").glob("*.md"):
        assert f"docs/extend/{page.name}" in readme
    for page in root.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in readme


@pytest.mark.parametrize("name", ["SECURITY", "CONTRIBUTING", "CHANGELOG"])
def test_pages_that_the_site_takes_over_link_into_the_site_only(name: str, root: Path) -> None:
    for link in LINK.finditer(prose(root / f"{name}.md")):
        assert link["target"].startswith((*ELSEWHERE, "docs/"))
