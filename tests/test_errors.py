"""The tree of errors."""

from __future__ import annotations

import inspect
import re

import pytest

from unfind import errors
from unfind.errors import UnfindError, UsageError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if found.__module__ == errors.__name__]


def drawn() -> dict[str, str | None]:
    """Each class of the drawing in the docstring, and the class it hangs below."""
    above: dict[int, str] = {}
    parents: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│ ├└─]*)(\w+Error)\s", line)
        if found:
            depth = len(found[1]) // 4
            above[depth] = found[2]
            parents[found[2]] = above.get(depth - 1)
    return parents


def test_the_drawing_is_the_tree() -> None:
    assert drawn() == {
        found.__name__: None if found is UnfindError else found.__bases__[0].__name__ for found in CLASSES
    }


@pytest.mark.parametrize("kind", CLASSES)
def test_one_class_catches_them_all(kind: type[UnfindError]) -> None:
    with pytest.raises(UnfindError, match="what to do"):
        raise kind("what to do")


@pytest.mark.parametrize("kind", CLASSES)
def test_only_wrong_use_exits_with_two(kind: type[UnfindError]) -> None:
    assert kind.exit_code == (2 if issubclass(kind, UsageError) else 1)


@pytest.mark.parametrize("kind", CLASSES)
def test_each_says_what_it_is_for(kind: type[UnfindError]) -> None:
    assert kind.__doc__


def test_errors_of_python_are_none_of_ours() -> None:
    for kind in CLASSES:
        assert not issubclass(kind, ValueError | OSError | RuntimeError)
