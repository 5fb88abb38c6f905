"""How the site is built: Markdown pages beside pages made from docstrings. It asks nothing of the network."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generate_api import write_pages  # noqa: E402 - it lies beside this file

from unfind import __version__  # noqa: E402

logging.getLogger("faiss.loader").setLevel(logging.WARNING)  # it tells of every instruction set it does not find

project = "unfind"
author = "the unfind authors"
copyright = "the unfind authors, Apache-2.0"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "code"
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"unfind {__version__}"

napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": True}


def setup(app: Sphinx) -> None:
    """Write the pages of the reference before Sphinx looks for pages."""
    write_pages(HERE / "api")
    app.connect("autodoc-process-docstring", keep_colons, priority=400)  # before napoleon, which has 500


def keep_colons(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Let constants be described in sentences: napoleon takes what comes before the first colon for a type."""
    if what in ("data", "attribute"):
        lines.insert(0, "\\")  # a line without a colon that shows as nothing
