"""What goes in and out as JSON; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from unfind.gallery.filter import MAX_TEXT
from unfind.gallery.ids import ID_LENGTH

PhotoId = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{ID_LENGTH}}}$", description="Content id of a photo.")]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Score = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
MAX_QUERIES = 64
MAX_ERASED = 1000
"""Photos of one erasure; more of them are several requests."""
MAX_DIMENSION = 8192


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Health(_Closed):
    """The service answers."""

    status: Literal["ok"] = "ok"


class BesideFacts(_Closed):
    """What the second gallery holds."""

    name: str
    photos: int
    model: str


class GalleryFacts(_Closed):
    """What the gallery holds, and which model it belongs to."""

    name: str
    photos: int
    dimension: int
    kind: Literal["cosine", "hamming"]
    model: str
    created: datetime
    verifies: bool = Field(description="Whether the service has a key to look for marks.")
    beside: BesideFacts | None = Field(description="A second gallery that can be searched; null where there is none.")


class Found(_Closed):
    """A found photo."""

    id: PhotoId
    score: float
    label: str
    owner: str
    collection: str
    width: int
    height: int
    added: datetime
    thumbnail: str | None = Field(description="A JPEG in base64, when it was asked for.")


class Answer(_Closed):
    """What one query has found, best first."""

    hits: list[Found]


class Answers(_Closed):
    """What each query has found, in the order of the queries."""

    answers: list[Answer]


class Wanted(_Closed):
    """How to search."""

    k: Annotated[int, Field(ge=1, le=1000)] = 10
    exact: bool = True
    min_score: Score | None = None
    owner: Text | None = None
    collection: Text | None = None
    label: Text | None = None
    thumbnails: bool = False


class LikeThese(Wanted):
    """Photos of the gallery to search with."""

    ids: Annotated[list[PhotoId], Field(min_length=1, max_length=MAX_QUERIES)]


class ByEmbedding(Wanted):
    """Embeddings to search with, made by the gallery's model."""

    embeddings: Annotated[
        list[Annotated[list[Number], Field(min_length=1, max_length=MAX_DIMENSION)]],
        Field(min_length=1, max_length=MAX_QUERIES),
    ]


class Twin(_Closed):
    """A photo that looks like the one that was added."""

    id: PhotoId
    score: float


class Added(_Closed):
    """A photo that is in the gallery now."""

    id: PhotoId
    added: bool = Field(description="False when a photo of the same content was there already.")
    near_duplicate: Twin | None


class PhotoFacts(_Closed):
    """What is known of a photo."""

    id: PhotoId
    label: str
    owner: str
    collection: str
    width: int
    height: int
    file_size: int
    added: datetime


class Page(_Closed):
    """Some of the photos, by id."""

    photos: list[PhotoFacts]
    next: PhotoId | None = Field(description="Give this as `after` for the next page; null at the end.")


class Removed(_Closed):
    """How many photos were taken out of every search."""

    removed: int


class Erase(_Closed):
    """Photos to erase."""

    ids: Annotated[list[PhotoId], Field(min_length=1, max_length=MAX_ERASED)]


class ErasureReceipt(_Closed):
    """What was erased and how that was verified."""

    format: str
    version: int
    gallery: str
    began: datetime
    finished: datetime
    photos: list[str]
    removed: int
    parts: list[str]
    verified_by: Literal["scan", "query"]
    files: int
    bytes: int
    traces_before: int
    traces_after: int
    shared: int
    out_of_reach: list[str]


class Verified(_Closed):
    """Whether a photo carries the mark of the service's key."""

    marked: bool
    agreement: float = Field(description="With the key's own signs, -1 to 1; near 0 without its mark.")
    false_alarm: float = Field(description="At most the chance that an unmarked photo looks like this one.")
    key: str = Field(description="Fingerprint of the key.")
    mark: str = Field(description="Kind of mark that was looked for.")
    owner: int | None = Field(description="What the mark says of its owner; null where it says nothing.")
    of_another: bool = Field(description="There seems to be another key's mark; a hint, without a promise.")


class Error(_Closed):
    """Why a request was refused."""

    code: str
    message: str


class Refusal(_Closed):
    """The body of every answer with an error."""

    error: Error
