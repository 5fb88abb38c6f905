from __future__ import annotations

from pathlib import Path

import pytest

from unfind.errors import UsageError
from unfind.gallery.location import BucketPlace, MilvusPlace, parse_location


@pytest.mark.parametrize("text", ["album", "./album", "a b", "per%20cent", "a:b"])
def test_plain_paths_keep_working(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_location(text) == parse_location(Path(text)) == tmp_path / text


def test_gallery_uris_are_paths(tmp_path: Path) -> None:
    assert parse_location("gallery:///var/al%20bum") == Path("/var/al bum")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("milvus://localhost", MilvusPlace("localhost", 19530, "unfind")),
        ("milvus://db.example:1234/birds_2", MilvusPlace("db.example", 1234, "birds_2")),
        ("milvus://127.0.0.1:1/x/", MilvusPlace("127.0.0.1", 1, "x")),
    ],
)
def test_servers_are_places(text: str, place: MilvusPlace) -> None:
    assert parse_location(text) == place
    assert parse_location(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        *("milvus://", "milvus://h:port", "milvus://h:99999", "milvus://h/a-b", "milvus://h/a/b", "milvus://h/9"),
        *("milvus://h?x=1", "http://h", "gallery://", "://x"),
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"milvus|Milvus"):
        parse_location(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://photos/album", BucketPlace("s3", "photos", "album")),
        ("gs://my-photos.example/a/b_1/", BucketPlace("gs", "my-photos.example", "a/b_1")),
        ("az://container/x.y", BucketPlace("az", "container", "x.y")),
    ],
)
def test_buckets_are_places(text: str, place: BucketPlace) -> None:
    assert parse_location(text) == place
    assert parse_location(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        *("s3://", "s3://bucket", "s3://bucket/", "s3:///album", "s3://bucket/a//b", "s3://bucket/../x", "s3://b/x"),
        *("s3://bucket/a b", "s3://bucket/x?y=1", "s3://bucket/x#y", "s3://me:secret@bucket/x", "s3://bucket/.x"),
    ],
)
def test_what_is_no_place_in_a_bucket_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="s3://BUCKET/PREFIX") as caught:
        parse_location(text)
    assert "secret" not in str(caught.value)


def test_passwords_do_not_belong_into_a_uri_and_are_not_repeated() -> None:
    with pytest.raises(UsageError, match="UNFIND_MILVUS_TOKEN") as caught:
        parse_location("milvus://me:secret@host/x")
    assert "secret" not in str(caught.value)
