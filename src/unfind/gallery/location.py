"""Where a gallery lies: a folder, a prefix of an object storage, or a collection of a Milvus server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from unfind.errors import UsageError

DEFAULT_COLLECTION = "unfind"
MILVUS_PORT = 19530
BUCKETS = ("s3", "gs", "az")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_COLLECTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True)
class MilvusPlace:
    """A collection of a Milvus server.

    Attributes:
        host: Name or address of the server.
        port: Its gRPC port.
        collection: Name of the collection.
    """

    host: str
    port: int
    collection: str

    def __str__(self) -> str:
        return f"milvus://{self.host}:{self.port}/{self.collection}"


@dataclass(frozen=True)
class BucketPlace:
    """A prefix of an object storage.

    Attributes:
        kind: "s3", "gs" or "az".
        bucket: Name of the bucket or container.
        prefix: What the names of all objects of the gallery begin with.
    """

    kind: str
    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.kind}://{self.bucket}/{self.prefix}"


def parse_location(text: Path | str) -> Path | MilvusPlace | BucketPlace:
    """Tell a folder from a server and from an object storage.

    Args:
        text: A path, ``gallery://PATH``, ``s3://BUCKET/PREFIX`` (or ``gs://``, ``az://``), or
            ``milvus://HOST[:PORT][/COLLECTION]``.

    Returns:
        An absolute path, or a place elsewhere.

    Raises:
        UsageError: When it is a URI of another kind, or names no host, port or collection that can be.
    """
    if isinstance(text, Path) or "://" not in text:
        return Path(text).absolute()
    scheme, _, rest = text.partition("://")
    if scheme == "gallery" and rest:
        return Path(unquote(rest)).absolute()
    if scheme == "milvus":
        return _milvus(text)
    if scheme in BUCKETS:
        return _bucket(scheme, rest)
    raise UsageError(
        f"a gallery is a path, gallery://PATH, s3://BUCKET/PREFIX or milvus://HOST:PORT, but '{_without_secret(text)}' "
        "came; write one of these"
    )


def _bucket(kind: str, rest: str) -> BucketPlace:
    name, _, prefix = rest.partition("/")
    parts = prefix.strip("/").split("/")
    if not _BUCKET.fullmatch(name) or not all(_PREFIX.fullmatch(part) for part in parts):
        raise UsageError(
            f"a gallery on object storage is {kind}://BUCKET/PREFIX of letters, digits and . _ -, but "
            f"'{_without_secret(f'{kind}://{rest}')}' came; give keys in the environment and the gallery a prefix of "
            "its own"
        )
    return BucketPlace(kind, name, "/".join(parts))


def _milvus(text: str) -> MilvusPlace:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    collection = parts.path.strip("/") if host else ""
    if not host or parts.username or parts.query or parts.fragment:
        raise UsageError(
            f"a Milvus gallery is milvus://HOST:PORT/COLLECTION, but '{_without_secret(text)}' came; "
            "give user and password in UNFIND_MILVUS_TOKEN as USER:PASSWORD"
        )
    if collection and not _COLLECTION.fullmatch(collection):
        raise UsageError(f"a Milvus collection is a word of letters, digits and _, but '{collection}' came; rename it")
    return MilvusPlace(host, port or MILVUS_PORT, collection or DEFAULT_COLLECTION)


def _without_secret(text: str) -> str:
    return re.sub(r"//[^@/]*@", "//...@", text)
