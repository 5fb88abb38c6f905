"""One writer at a time where no operating system keeps a lock: an object that its holder renews and that runs out."""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from unfind.errors import GalleryError
from unfind.gallery.bucket import Bucket

LEASE_NAME = "gallery.lock"
LASTS = timedelta(seconds=30)
"""Without a word of its holder the gallery is free after this; a writer that was killed blocks others for so long."""
RENEWED = timedelta(seconds=8)
"""Three renewals may fail before the lease runs out."""
CLOCKS_DIFFER = timedelta(seconds=10)
"""By how much the clocks of two machines may differ; nobody takes a lease over before this has passed as well."""
log = logging.getLogger("unfind.gallery")


class Lease:
    """As :class:`unfind.gallery.lock.WriteLock`: threads wait for each other, others are refused, a holder may nest."""

    def __init__(self, bucket: Bucket) -> None:
        """Prepare; nothing is held yet."""
        self._bucket = bucket
        self._thread = threading.RLock()
        self._depth = 0
        self._tag: str | None = None
        self._ended = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease inside a ``with`` block, and renew it meanwhile.

        Raises:
            GalleryError: Someone else holds it, or the storage refuses.
        """
        with self._thread:
            if self._depth == 0:
                self._begin()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._end()

    def check(self) -> None:
        """Make sure that the lease was held until now, before something is acknowledged.

        Raises:
            GalleryError: Someone else has it: this process was asleep or cut off for too long.
        """
        if self._tag is None or self._bucket.tag(LEASE_NAME) != self._tag:
            self._tag = None
            raise GalleryError(
                f"a writer must hold {self._bucket.place} until it is done, but another one has taken over after this "
                "one was silent for too long; look what is there, and write again"
            )

    def _begin(self) -> None:
        tag = self._bucket.create(LEASE_NAME, _words())
        self._tag = tag if tag is not None else self._take_over()
        self._ended = threading.Event()
        threading.Thread(target=self._renew, args=(self._ended,), name="gallery-lease", daemon=True).start()

    def _take_over(self) -> str:
        """Take what has run out; of several that try, one gets it, since the tag must be the one that was seen."""
        tag, data = self._bucket.tag(LEASE_NAME), self._bucket.read(LEASE_NAME)
        holder, until = _parsed(data)
        fresh = None
        if tag is None:
            fresh = self._bucket.create(LEASE_NAME, _words())
        elif until + CLOCKS_DIFFER < datetime.now(UTC):
            fresh = self._bucket.exchange(LEASE_NAME, tag, _words())
        if fresh is None:
            raise GalleryError(
                f"a gallery has one writer at a time, but {holder} is writing to {self._bucket.place} until "
                f"{until:%H:%M:%S} UTC or longer; wait until it is done, or end it"
            )
        return fresh

    def _renew(self, ended: threading.Event) -> None:
        while not ended.wait(RENEWED.total_seconds()):
            try:
                if self._tag is None or (fresh := self._bucket.exchange(LEASE_NAME, self._tag, _words())) is None:
                    self._tag = None
                    return
                self._tag = fresh
            except GalleryError as error:  # the next turn tries again, and what is written meanwhile is checked
                log.warning("a lease could not be renewed: %s", error)

    def _end(self) -> None:
        self._ended.set()
        if self._tag is not None and self._bucket.tag(LEASE_NAME) == self._tag:
            self._bucket.delete(LEASE_NAME)
        self._tag = None


def _words() -> bytes:
    """What a lease says. A random word makes each one, and with it its tag, another."""
    until = datetime.now(UTC) + LASTS
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    return json.dumps({"holder": holder, "until": until.isoformat(), "word": secrets.token_hex(8)}).encode()


def _parsed(data: bytes | None) -> tuple[str, datetime]:
    try:
        found = json.loads(data or b"")
        return str(found["holder"]), datetime.fromisoformat(found["until"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError):
        return "somebody unknown", datetime.now(UTC)
