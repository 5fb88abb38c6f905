"""unfind keeps private photos out of image search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unfind.studies.retrofit_model import retrofit

__all__ = ["__version__", "retrofit"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what costs seconds only when somebody asks for it."""
    if name != "retrofit":
        raise AttributeError(f"module 'unfind' has no attribute '{name}'")
    from unfind.studies.retrofit_model import retrofit

    return retrofit
