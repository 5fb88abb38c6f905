"""The rules of the house, as tests: floors, sizes, names, words."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "unfind"
TESTS = ROOT / "tests"
FLOORS = (
    {"errors", "atomic_file", "kept_pages"},
    {"evaluation", "objectives"},
    {"report", "images"},
    {"models"},
    {"datasets", "defences", "gallery", "triggers", "cloaks"},
    {"training", "service"},
    {"redteam"},
    {"studies"},
    {"cli"},
)
"""Lowest first. A room imports rooms below its floor, and itself."""
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    part = file.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    doc = ast.get_docstring(function, clean=False)
    return (function.end_lineno or function.lineno) - function.lineno + 1 - (len(doc.splitlines()) if doc else 0)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_run_downward(file: Path) -> None:
    room = room_of(file)
    if room in ("__init__", "__main__"):
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("unfind."):
            other = node.module.split(".")[1]
            if other != room:
                assert FLOOR_OF[other] < FLOOR_OF[room], f"{file.name} imports {node.module}, which is not below it"


def test_every_room_has_a_floor_and_says_what_it_is() -> None:
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert rooms <= FLOOR_OF.keys()
    for room in rooms:
        assert ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text())), room


def test_sizes() -> None:
    lengths = [length(f) for file in FILES for f in functions(ast.parse(file.read_text()))]
    assert statistics.median(lengths) <= 8
    assert sorted(lengths)[int(0.9 * len(lengths))] <= 30
    assert max(lengths) <= 60
    assert max(len(file.read_text().splitlines()) for file in FILES) <= 400


def test_tests_are_as_long_as_the_code() -> None:
    code = sum(len(file.read_text().splitlines()) for file in FILES)
    tests = sum(len(file.read_text().splitlines()) for file in TESTS.rglob("*.py"))
    assert tests >= code


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_every_file_has_its_test(file: Path) -> None:
    if file.name in ("__init__.py", "__main__.py"):
        return
    place = TESTS / file.relative_to(PACKAGE).parent / f"test_{file.name}"
    assert place.exists(), f"{place.relative_to(ROOT)} is missing"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_public_names_are_documented(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree), f"{file.name} does not say what it is"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{file.name}: {node.name} has no docstring"


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    for file in FILES:
        assert not words.search(file.read_text()), file


def test_every_error_is_in_the_tree_that_the_docstring_draws() -> None:
    text = (PACKAGE / "errors.py").read_text()
    tree = ast.parse(text)
    drawn = ast.get_docstring(tree) or ""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            assert node.name in drawn
