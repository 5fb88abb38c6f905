"""A client for the service, for programs in Python."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from unfind.errors import ServiceError

PATIENCE = 30.0
"""Seconds that requests which were refused as too many are tried again."""
LONGEST_PAUSE = 5.0
"""Seconds between two tries, whatever the service asks for."""


class Client:
    """Calls one service; use it in a ``with`` block.

    Args:
        address: Such as ``http://127.0.0.1:8747``.
        key: An API key.
        timeout: Seconds for one request.
        patience: Seconds that a busy service is asked again.
        transport: How requests travel; for tests.
    """

    def __init__(
        self,
        address: str,
        key: str,
        *,
        timeout: float = 60.0,
        patience: float = PATIENCE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._patience = patience
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def gallery(self) -> dict[str, Any]:
        """What the gallery holds."""
        return self._json("GET", "/v1/gallery")

    def search(self, photo: Path | bytes, *, k: int = 10, **wanted: Any) -> list[dict[str, Any]]:
        """Find the photos most similar to one.

        Args:
            photo: A file, or its bytes.
            k: Photos wanted.
            wanted: exact, min_score, owner, collection, label, added_from, added_before, thumbnails, without_self.

        Returns:
            Hits, best first.

        Raises:
            ServiceError: The service refused, or cannot be reached.
        """
        found = self._json("POST", "/v1/search", params=_plain({"k": k, **wanted}), **_photo(photo))
        return list(found["hits"])

    def search_like(self, ids: Sequence[str], *, k: int = 10, **wanted: Any) -> list[list[dict[str, Any]]]:
        """Find the photos most similar to some of the gallery, for each of them."""
        found = self._json("POST", "/v1/search/like", json={"ids": list(ids), "k": k, **wanted})
        return [list(answer["hits"]) for answer in found["answers"]]

    def search_embeddings(
        self, embeddings: Sequence[Sequence[float]], *, k: int = 10, **wanted: Any
    ) -> list[list[dict[str, Any]]]:
        """Find the photos nearest to embeddings of the gallery's model, for each of them."""
        rows = [[float(number) for number in row] for row in embeddings]
        found = self._json("POST", "/v1/search/embeddings", json={"embeddings": rows, "k": k, **wanted})
        return [list(answer["hits"]) for answer in found["answers"]]

    def add(self, photo: Path | bytes, **about: Any) -> dict[str, Any]:
        """Add a photo; when this returns it is on disk.

        Args:
            photo: A file, or its bytes.
            about: label, owner, collection, near_duplicates.
        """
        return self._json("POST", "/v1/photos", params=_plain(about), **_photo(photo))

    def photos(self, *, page: int = 100) -> Iterator[dict[str, Any]]:
        """All photos, by id."""
        after: dict[str, Any] = {}
        while True:
            found = self._json("GET", "/v1/photos", params={"limit": page, **after})
            yield from found["photos"]
            if found["next"] is None:
                return
            after = {"after": found["next"]}

    def thumbnail(self, photo_id: str) -> bytes:
        """The small picture of a photo, a JPEG."""
        return self._call("GET", f"/v1/photos/{photo_id}/thumbnail").content

    def remove(self, photo_id: str) -> None:
        """Take a photo out of every search."""
        self._call("DELETE", f"/v1/photos/{photo_id}")

    def erase(self, ids: Sequence[str]) -> dict[str, Any]:
        """Erase photos; returns the receipt."""
        return self._json("POST", "/v1/erasures", json={"ids": list(ids)})

    def verify(self, photo: Path | bytes) -> dict[str, Any]:
        """Say whether a photo carries the mark of the service's key."""
        return self._json("POST", "/v1/verify", **_photo(photo))

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        document = self._call(method, path, **options).json()
        assert isinstance(document, dict)
        return document

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        until = time.monotonic() + self._patience
        while True:
            try:
                response = self._http.request(method, path, **options)
            except httpx.HTTPError as error:
                raise ServiceError(f"Expected the service to answer, got {type(error).__name__}: is it up?") from error
            if response.status_code != 503 or time.monotonic() >= until:
                break
            time.sleep(min(float(response.headers.get("Retry-After", 1)), LONGEST_PAUSE))
        if response.is_error:
            raise ServiceError(f"The service refused with {response.status_code}: {_message(response)}")
        return response


def _photo(photo: Path | bytes) -> dict[str, Any]:
    data = photo.read_bytes() if isinstance(photo, Path) else photo
    return {"content": data, "headers": {"Content-Type": "application/octet-stream"}}


def _plain(wanted: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in wanted.items() if value is not None}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in given.items()}


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase
