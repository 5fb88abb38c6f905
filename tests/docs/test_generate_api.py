"""docs/generate_api.py: one reference page for each room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

Script = Callable[[str], ModuleType]


def test_every_file_of_the_package_but_the_command_line_is_on_a_page(script: Script, root: Path) -> None:
    text = "\n".join(script("generate_api").pages().values())
    package = root / "src" / "unfind"
    for file in package.rglob("*.py"):
        parts = file.relative_to(package).with_suffix("").parts
        if parts[0] in ("__init__", "__main__", "cli"):
            continue
        name = ".".join(("unfind", *parts)).removesuffix(".__init__")
        assert f".. automodule:: {name}\n" in text, name
    assert "unfind.cli" not in text


def test_every_page_is_in_the_index(script: Script) -> None:
    pages = script("generate_api").pages()
    listed = {line.strip() for line in pages["index.rst"].splitlines() if line.startswith("   ")}
    assert {name.removesuffix(".rst") for name in pages} - {"index"} <= listed


def test_pages_of_rooms_that_are_gone_are_dropped_and_others_left_alone(script: Script, tmp_path: Path) -> None:
    module = script("generate_api")
    module.write_pages(tmp_path)
    (tmp_path / "gone.rst").write_text("An old page")
    kept = tmp_path / "errors.rst"
    before = kept.stat().st_mtime_ns
    module.write_pages(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == module.pages().keys()
    assert kept.stat().st_mtime_ns == before


def test_a_page_that_changed_is_written_anew(script: Script, tmp_path: Path) -> None:
    module = script("generate_api")
    module.write_pages(tmp_path)
    (tmp_path / "errors.rst").write_text("changed")
    module.write_pages(tmp_path)
    assert (tmp_path / "errors.rst").read_text() == module.room_page("errors")
