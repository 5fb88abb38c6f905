"""unfind keeps private photos out of image search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unfind.models.embed_photos import embed as embed
    from unfind.models.embed_photos import load_embedder as load_embedder

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``unfind.embed`` and ``unfind.load_embedder``, loaded when asked for: they bring torch along."""
    if name not in ("embed", "load_embedder"):
        raise AttributeError(f"module 'unfind' has no attribute {name!r}")
    from unfind.models import embed_photos

    return getattr(embed_photos, name)
