from __future__ import annotations

import pytest

from unfind.errors import GalleryError
from unfind.gallery.bucket import Bucket
from unfind.gallery.location import BucketPlace, parse_location
from unfind.gallery.traces import scan_files


@pytest.fixture
def store(place: str) -> Bucket:
    found = parse_location(place)
    assert isinstance(found, BucketPlace)
    return Bucket(found)


def test_what_is_written_is_read(store: Bucket) -> None:
    assert store.read("a/b.json") is None
    store.write("a/b.json", b"one")
    store.write("a/b.json", b"two")
    assert store.read("a/b.json") == b"two"
    store.delete("a/b.json")
    assert store.read("a/b.json") is None


def test_of_several_that_create_one_succeeds(store: Bucket) -> None:
    tag = store.create("lock", b"one")
    assert tag is not None
    assert tag == store.tag("lock")
    assert store.create("lock", b"two") is None
    assert store.read("lock") == b"one"


def test_an_exchange_needs_the_tag_of_what_is_there(store: Bucket) -> None:
    first = store.create("lock", b"one")
    assert first is not None
    second = store.exchange("lock", first, b"two")
    assert second == store.tag("lock") != first
    assert store.exchange("lock", first, b"three") is None
    assert store.read("lock") == b"two"


def test_an_exchange_of_what_has_gone_gives_nothing(store: Bucket) -> None:
    tag = store.create("lock", b"one")
    assert tag is not None
    store.delete("lock")
    assert store.exchange("lock", tag, b"two") is None
    assert store.tag("lock") is None


def test_files_are_listed_with_sizes_and_scanned(store: Bucket) -> None:
    store.write("a/one", b"x" * 100 + b"needle-1" + b"y" * 50)
    store.write("two", b"z" * 10)
    files = {file.name: file for file in store.files()}
    assert {name: file.stat().st_size for name, file in files.items()} == {"a/one": 158, "two": 10}
    scan = scan_files(files.values(), [b"needle-1", b"needle-2"])
    assert (scan.found, scan.files, scan.bytes) == ({0}, 2, 168)


def test_an_object_that_has_gone_is_passed_over_by_a_scan(store: Bucket) -> None:
    store.write("gone", b"needle-1")
    files = list(store.files())
    store.delete("gone")
    assert scan_files(files, [b"needle-1"]).files == 0


def test_prefixes_do_not_see_each_other(store: Bucket, place: str) -> None:
    store.write("x", b"1")
    found = parse_location(place + "-more")
    assert isinstance(found, BucketPlace)
    assert list(Bucket(found).files()) == []


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_told_in_one_sentence() -> None:
    store = Bucket(BucketPlace("s3", "nobodys-bucket", "album"))
    with pytest.raises(GalleryError, match="s3://nobodys-bucket/album must answer") as error:
        store.write("x", b"1")
    assert "\n" not in str(error.value)
