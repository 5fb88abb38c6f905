"""What a request may cost the service, each limit with its reason."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from unfind.errors import UsageError
from unfind.images.limits import Limits


@dataclass(frozen=True)
class ServiceLimits:
    """Limits of the service.

    Args:
        body_bytes: size of a request's body. 32 MiB: a 24-megapixel JPEG of the best quality takes about 20.
        pixels: of a photo. 50 million: phones take 48; one decoded photo then holds 150 MB.
        results: photos that one search may ask for. 1000: nobody looks at more, and answers stay below 1 MB.
        queries: queries of one batch. 64: more of them bring no speed.
        readers: searches worked on at once; each one decodes and embeds on a core of its own.
        writers: photos decoded and embedded for adding at once, beside the searches.
        waiting: requests of each kind that wait for their turn; beyond it they are refused at once with 503.
        body_seconds: until a body must have come; a slower client would hold a place for nothing.
        request_seconds: until a request must be answered.
        connections: open at once, idle ones included.
        retry_seconds: what a refused client is asked to wait.

    Raises:
        UsageError: one is below 1.
    """

    body_bytes: int = 32 * 2**20
    pixels: int = 50_000_000
    results: int = 1000
    queries: int = 64
    readers: int = max(2, os.cpu_count() or 1)
    writers: int = max(1, (os.cpu_count() or 1) // 2)
    waiting: int = 64
    body_seconds: int = 20
    request_seconds: int = 60
    connections: int = 1000
    retry_seconds: int = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise UsageError(
                    f"Expected {field.name} of at least 1, got {getattr(self, field.name)}: leave it out for the usual."
                )

    @property
    def photo(self) -> Limits:
        """The limits that hold before a photo is decoded."""
        return Limits(max_bytes=self.body_bytes, max_pixels=self.pixels)
