"""One thread that does all writing: what came in while it was busy goes to the disk in one commit."""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from unfind.errors import GalleryError
from unfind.gallery.erasure import Receipt, erase_with_receipt, photo_digest
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery
from unfind.service.memory import give_back

log = logging.getLogger("unfind.service")
AT_ONCE = 256
"""Jobs of one commit; more would make the first one wait."""
COMPACT_AFTER = 128
"""Commits; each one leaves files and a version behind."""
START_SECONDS = 30.0
"""Until the lock must be taken; it is taken or refused at once."""


@dataclass(frozen=True)
class Job:
    """Something to be written, and where the answer goes.

    Attributes:
        kind: What is to be done.
        payload: A record, or ids.
        answer: True when a photo is new; how many were removed; or a receipt. It comes when all is on disk.
    """

    kind: Literal["add", "remove", "erase"]
    payload: Any
    answer: Future[Any] = field(default_factory=Future)


class Writer:
    """Holds a gallery for writing from :meth:`start` to :meth:`stop`, so that no other process can write to it."""

    def __init__(self, gallery: Gallery) -> None:
        """Prepare; nothing is held yet."""
        self._gallery = gallery
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="gallery-writer", daemon=True)
        self._ready: Future[None] = Future()
        self._closed = False
        self._commits = 0

    def start(self) -> None:
        """Take the lock and begin.

        Raises:
            GalleryError: Another process writes to the gallery; its number is in the message.
        """
        self._thread.start()
        self._ready.result(START_SECONDS)

    def add(self, record: Record) -> Future[bool]:
        """Add a photo; the answer says whether it is new."""
        return self._put(Job("add", record))

    def remove(self, ids: list[str]) -> Future[int]:
        """Take photos out of every search; the answer says how many were there."""
        return self._put(Job("remove", ids))

    def erase(self, ids: list[str]) -> Future[Receipt]:
        """Erase photos; the answer is a receipt that names them alone."""
        return self._put(Job("erase", ids))

    def stop(self) -> None:
        """Write what has come in, let go of the lock, and end."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _put(self, job: Job) -> Future[Any]:
        if self._closed:
            raise GalleryError("the service must be running to write, but it is stopping; try again when it is up")
        self._jobs.put(job)
        return job.answer

    def _run(self) -> None:
        try:
            with self._gallery.writing():
                self._ready.set_result(None)
                while jobs := self._next():
                    self._commit(jobs)
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    def _next(self) -> list[Job]:
        """What is waiting, at least one job; nothing at the end."""
        jobs: list[Job] = []
        while len(jobs) < AT_ONCE:
            try:
                job = self._jobs.get(block=not jobs)
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)  # found again when the jobs before it are done
                break
            if job.answer.set_running_or_notify_cancel():
                jobs.append(job)
        return jobs

    def _commit(self, jobs: list[Job]) -> None:
        # None of them is acknowledged yet, so any order among them is one that could have happened.
        for kind, work in (("add", self._add), ("remove", self._remove), ("erase", self._erase)):
            mine = [job for job in jobs if job.kind == kind]
            if not mine:
                continue
            try:
                work(mine)
            except Exception as error:
                for job in mine:
                    if not job.answer.done():
                        job.answer.set_exception(error)
        self._commits += 1
        if self._commits % COMPACT_AFTER == 0:
            self._compact()
            give_back()

    def _compact(self) -> None:
        try:
            self._gallery.compact()
        except GalleryError as error:  # the writes themselves are on disk; the next turn tries again
            log.error("compaction failed", extra={"facts": {"sentence": str(error)}})

    def _add(self, jobs: list[Job]) -> None:
        records = [job.payload for job in jobs]
        there = self._gallery.present(record.id for record in records)
        self._gallery.add(records)
        for job, record in zip(jobs, records, strict=True):
            job.answer.set_result(record.id not in there)
            there.add(record.id)

    def _remove(self, jobs: list[Job]) -> None:
        for job, mine in zip(jobs, self._taken(jobs), strict=True):
            job.answer.set_result(mine)

    def _taken(self, jobs: list[Job]) -> list[int]:
        """Remove the photos of all jobs, and say for each job how many of them were there."""
        there = self._gallery.present(photo_id for job in jobs for photo_id in job.payload)
        self._gallery.remove(photo_id for job in jobs for photo_id in job.payload)
        return [self._share(job, there) for job in jobs]

    def _erase(self, jobs: list[Job]) -> None:
        wanted = [photo_id for job in jobs for photo_id in job.payload]
        there = self._gallery.present(wanted)
        whole = erase_with_receipt(self._gallery, wanted)
        give_back()  # all rows went through memory
        for job in jobs:
            photos = tuple(photo_digest(photo_id) for photo_id in dict.fromkeys(job.payload))
            job.answer.set_result(replace(whole, photos=photos, removed=self._share(job, there)))

    @staticmethod
    def _share(job: Job, there: set[str]) -> int:
        """How many of a job's photos were there; of two jobs with one photo the first has it."""
        mine = there & set(job.payload)
        there -= mine
        return len(mine)
