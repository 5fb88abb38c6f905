"""unfind keeps private photos out of image search."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unfind.models.embed_photos import embed, load_embedder
    from unfind.studies.protector import Protector, Verifier
    from unfind.studies.retrofit_model import retrofit

__version__ = "0.1.0"
__all__ = ["Protector", "Verifier", "__version__", "embed", "load_embedder", "retrofit"]

_HOMES = {
    "Protector": "unfind.studies.protector",
    "Verifier": "unfind.studies.protector",
    "embed": "unfind.models.embed_photos",
    "load_embedder": "unfind.models.embed_photos",
    "retrofit": "unfind.studies.retrofit_model",
}


def __getattr__(name: str) -> Any:
    """Import what costs seconds only when somebody asks for it: ``import unfind`` itself costs nothing."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'unfind' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
