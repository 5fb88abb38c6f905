from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from unfind.errors import GalleryError
from unfind.gallery import lease as module
from unfind.gallery.bucket import Bucket
from unfind.gallery.lease import LEASE_NAME, Lease
from unfind.gallery.location import BucketPlace, parse_location


@pytest.fixture
def store(place: str) -> Bucket:
    found = parse_location(place)
    assert isinstance(found, BucketPlace)
    return Bucket(found)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    def wait(what: Callable[[], bool]) -> None:
        for _ in range(600):
            if what():
                return
            time.sleep(0.02)
        pytest.fail("it did not happen within 12 seconds")

    return wait


def words(ago: timedelta) -> bytes:
    return json.dumps({"holder": "process 7 on mars", "until": (datetime.now(UTC) - ago).isoformat()}).encode()


def test_a_second_writer_is_told_who_holds_it(store: Bucket) -> None:
    with Lease(store).held(), pytest.raises(GalleryError, match=f"process {os.getpid()} on .* is writing to s3://"):
        Lease(store)._begin()
    assert store.read(LEASE_NAME) is None
    with Lease(store).held():
        pass


def test_the_holder_may_nest_and_lets_go_at_the_end(store: Bucket) -> None:
    lease = Lease(store)
    with lease.held():
        with lease.held():
            pass
        assert store.tag(LEASE_NAME) is not None
        lease.check()
    assert store.tag(LEASE_NAME) is None


def test_it_lets_go_after_an_error(store: Bucket) -> None:
    with pytest.raises(ZeroDivisionError), Lease(store).held():
        _ = 1 / 0
    assert store.tag(LEASE_NAME) is None


def test_what_has_run_out_is_taken_over_but_not_before_clocks_may_differ(store: Bucket) -> None:
    store.write(LEASE_NAME, words(timedelta(seconds=5)))
    with pytest.raises(GalleryError, match="process 7 on mars"), Lease(store).held():
        pytest.fail("it was taken too early")
    store.write(LEASE_NAME, words(timedelta(seconds=11)))
    with Lease(store).held():
        assert f"process {os.getpid()}" in (store.read(LEASE_NAME) or b"").decode()


def test_of_two_that_take_over_one_gets_it(store: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(LEASE_NAME, words(timedelta(minutes=1)))
    seen, read = store.tag(LEASE_NAME), store.read(LEASE_NAME)
    late = Lease(store)
    with Lease(store).held():
        monkeypatch.setattr(store, "tag", lambda name: seen)  # it looked before the other one took over
        monkeypatch.setattr(store, "read", lambda name: read)
        with pytest.raises(GalleryError, match="one writer at a time"):
            late._begin()
        monkeypatch.undo()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"holder": "x", "until": "soon"}'])
def test_a_lease_that_cannot_be_read_blocks(store: Bucket, data: bytes) -> None:
    store.write(LEASE_NAME, data)
    with pytest.raises(GalleryError, match="somebody unknown"):
        Lease(store)._begin()


def test_it_is_renewed_while_it_is_held(
    store: Bucket, monkeypatch: pytest.MonkeyPatch, until: Callable[[Callable[[], bool]], None]
) -> None:
    monkeypatch.setattr(module, "RENEWED", timedelta(seconds=0.05))
    lease = Lease(store)
    with lease.held():
        first = store.tag(LEASE_NAME)
        until(lambda: store.tag(LEASE_NAME) not in (first, None))
    until(lambda: not any(thread.name == "gallery-lease" for thread in threading.enumerate()))


def test_what_was_lost_is_noticed_and_left_to_the_other_one(store: Bucket) -> None:
    lease = Lease(store)
    with lease.held():
        store.write(LEASE_NAME, b"another one")
        with pytest.raises(GalleryError, match="another one has taken over"):
            lease.check()
    assert store.read(LEASE_NAME) == b"another one"
