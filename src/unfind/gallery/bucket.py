"""A prefix of an object storage: small files read and written whole, and everything below it listed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

from unfind.errors import GalleryError
from unfind.gallery.location import BucketPlace


class Bucket:
    """All objects below one prefix. Access comes from the environment, as for every program of the storage's maker."""

    def __init__(self, place: BucketPlace) -> None:
        """Prepare; nothing is asked yet.

        Raises:
            GalleryError: The client is not installed, or the environment does not say how to get in.
        """
        self.place = str(place)
        try:
            from obstore.store import from_url
        except ImportError as error:
            raise GalleryError(
                "a gallery on object storage needs the package obstore, but it is not installed; "
                "run pip install 'unfind[bucket]'"
            ) from error
        with bucket_errors(self.place):
            self._store = from_url(self.place)

    def read(self, name: str) -> bytes | None:
        """A small object, None when there is none.

        Raises:
            GalleryError: The storage refuses.
        """
        import obstore

        with bucket_errors(self.place):
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Put an object, in place of one of the same name; it is durable when this returns.

        Raises:
            GalleryError: The storage refuses.
        """
        self._put(name, data, "overwrite")

    def create(self, name: str, data: bytes) -> str | None:
        """Put an object unless there is one of the name; of several that try at once one succeeds.

        Returns:
            Its tag, or None when there was one.

        Raises:
            GalleryError: The storage refuses.
        """
        return self._put(name, data, "create")

    def exchange(self, name: str, tag: str, data: bytes) -> str | None:
        """Put an object in place of the very one that has the tag.

        Returns:
            The new tag, or None when another one is there, or none.

        Raises:
            GalleryError: The storage refuses.
        """
        return self._put(name, data, {"e_tag": tag})

    def tag(self, name: str) -> str | None:
        """The tag of what is there now, None when there is nothing.

        Raises:
            GalleryError: The storage refuses.
        """
        import obstore

        with bucket_errors(self.place):
            try:
                return str(obstore.head(self._store, name)["e_tag"])
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        """Delete an object.

        Raises:
            GalleryError: The storage refuses.
        """
        import obstore

        with bucket_errors(self.place):
            obstore.delete(self._store, name)

    def files(self) -> Iterator[BucketFile]:
        """Every object below the prefix.

        Raises:
            GalleryError: The storage refuses.
        """
        import obstore

        with bucket_errors(self.place):
            listed = [found for part in obstore.list(self._store) for found in part]
        for found in listed:
            yield BucketFile(self._store, found["path"], found["size"], self.place)

    def _put(self, name: str, data: bytes, mode: Literal["overwrite", "create"] | dict[str, str]) -> str | None:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with bucket_errors(self.place):
            try:
                # Parts of a large object would get tags of another kind, and cannot be put on a condition.
                done = obstore.put(self._store, name, data, mode=mode, use_multipart=False)  # type: ignore[arg-type]
            except (AlreadyExistsError, PreconditionError):
                return None
            except FileNotFoundError:
                if isinstance(mode, dict):  # what was to be replaced has gone; otherwise there is no such bucket
                    return None
                raise
        return str(done["e_tag"])


@dataclass(frozen=True)
class BucketFile:
    """An object that can be read like a file.

    Attributes:
        store: Where it is.
        name: Below the prefix.
        size: Bytes.
        place: Of the gallery, for messages.
    """

    store: Any
    name: str
    size: int
    place: str

    @contextmanager
    def open(self, mode: str = "rb") -> Iterator[Any]:
        """Read it from the beginning.

        Raises:
            FileNotFoundError: It has gone meanwhile.
            GalleryError: The storage refuses.
        """
        import obstore

        with bucket_errors(self.place, gone=True):
            yield _Reader(obstore.open_reader(self.store, self.name))

    def stat(self) -> SimpleNamespace:
        """Its size, where a file has it."""
        return SimpleNamespace(st_size=self.size)


class _Reader:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        return bytes(self._stream.read(size))


@contextmanager
def bucket_errors(place: str, *, gone: bool = False) -> Iterator[None]:
    """Turn the client's errors inside a ``with`` block into one sentence.

    Args:
        place: For the message.
        gone: Let an object that is not there be a FileNotFoundError.

    Raises:
        GalleryError: In place of what the client raised.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        if gone and isinstance(error, FileNotFoundError):
            raise
        cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise GalleryError(
            f"the storage of {place} must answer, but its client says {cause!r}; check the address and the access "
            "in the environment"
        ) from error
