"""unfind keeps private photos out of image search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unfind.studies.protector import Protector, Verifier

__version__ = "0.1.0"
__all__ = ["Protector", "Verifier", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the two classes when they are first asked for: ``import unfind`` itself must cost nothing."""
    if name in ("Protector", "Verifier"):
        from unfind.studies import protector

        return getattr(protector, name)
    raise AttributeError(f"module 'unfind' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
