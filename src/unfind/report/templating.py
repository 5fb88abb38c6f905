"""The one way a page is made: autoescaped, with every gap in its data an error instead of a blank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent

CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""A page may show pictures that it carries itself, in its own style: no script, no request."""


def render_page(template: Path, **values: Any) -> str:
    """Fill a page template; names in it may come from strangers' files and are escaped.

    Templates find ``base.css`` and the partial templates of this folder by name, and ``content_policy`` among
    their values.

    Args:
        template: A template file.
        **values: What the template speaks of.

    Returns:
        A whole HTML document.

    Raises:
        jinja2.UndefinedError: When the template speaks of something that was not given.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(content_policy=CONTENT_POLICY, **values)
