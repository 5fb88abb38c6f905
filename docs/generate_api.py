"""Write one reference page for each room of the package; autodoc fills them from the docstrings.

The pages are made anew by every build (see conf.py) and are not kept in the repository.
"""

from __future__ import annotations

from pathlib import Path

import unfind

PACKAGE = Path(unfind.__file__).parent
LEFT_OUT = {"__init__", "__main__", "cli"}
"""The command line has a page of its own, made from its help."""

_INDEX = """Python reference
================

One page for each room of the package, in the order of the alphabet. Every file holds one idea.

.. toctree::
   :maxdepth: 1

{pages}
"""
_MODULE = """{title}
{line}

.. automodule:: {title}
"""


def pages() -> dict[str, str]:
    """Every page as reStructuredText, by file name."""
    rooms = sorted(path.stem for path in PACKAGE.iterdir() if _is_room(path))
    index = _INDEX.format(pages="\n".join(f"   {room}" for room in rooms))
    return {"index.rst": index, **{f"{room}.rst": room_page(room) for room in rooms}}


def room_page(room: str) -> str:
    """The page of one room: what it is, then each of its files."""
    files = sorted(path.stem for path in (PACKAGE / room).glob("*.py") if path.stem != "__init__")
    parts = [_section(f"unfind.{room}", "=")]
    parts += [_section(f"unfind.{room}.{file}", "-") for file in files]
    return "\n".join(parts)


def write_pages(folder: Path) -> None:
    """Write all pages and drop those of rooms that are gone; a page that stays the same is not touched."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in folder.glob("*.rst"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _is_room(path: Path) -> bool:
    return path.stem not in LEFT_OUT and (path.suffix == ".py" or (path / "__init__.py").exists())


def _section(module: str, underline: str) -> str:
    return _MODULE.format(title=module, line=underline * len(module))
