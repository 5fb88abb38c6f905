"""Routes that search and verify; a key that may read is enough."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request

from unfind.errors import UsageError
from unfind.gallery.filter import Filter
from unfind.gallery.hit import Hit
from unfind.service.backend import Search
from unfind.service.parts import PHOTO_BODY, Service, WithKey, refusals
from unfind.service.photo_body import photo_body
from unfind.service.problem import ProblemError
from unfind.service.schemas import Answer, Answers, ByEmbedding, Found, LikeThese, Text, Verified, Wanted
from unfind.service.strict_query import StrictQuery, Time
from unfind.service.waiting import in_thread
from unfind.triggers.read_mark import MarkReading

router = APIRouter(prefix="/v1", dependencies=[WithKey, StrictQuery])
_Score = Annotated[float | None, Query(ge=-1, le=1, allow_inf_nan=False, description="Only this score or more.")]
_Owner = Annotated[Text | None, Query(description="Only photos of this owner.")]
_Collection = Annotated[Text | None, Query(description="Only photos of this collection.")]
_Label = Annotated[Text | None, Query(description="Only photos with this label.")]


@router.post("/search", responses=refusals(409), openapi_extra=PHOTO_BODY, operation_id="search")
async def search(
    request: Request,
    service: Service,
    k: Annotated[int, Query(ge=1, le=1000, description="Photos wanted.")] = 10,
    exact: Annotated[bool, Query(description="Look at every photo; otherwise use an index where there is one.")] = True,
    min_score: _Score = None,
    owner: _Owner = None,
    collection: _Collection = None,
    label: _Label = None,
    added_from: Annotated[Time | None, Query(description="Added at this time or later.")] = None,
    added_before: Annotated[Time | None, Query(description="Added before this time.")] = None,
    thumbnails: Annotated[bool, Query(description="Send small pictures along.")] = False,
    without_self: Annotated[bool, Query(description="Leave the very same file out.")] = False,
    beside: Annotated[bool, Query(description="Search the second gallery, where there is one.")] = False,
) -> Answer:
    """Find the photos most similar to one; the photo is not kept."""
    data = await photo_body(request)
    where = Filter(owner, collection, label, added_from, added_before)
    how = Search(k, exact, min_score, where, thumbnails)
    backend = service.beside if beside else service.backend
    if backend is None:
        raise ProblemError(409, "This service has no second gallery: start it with --beside FOLDER.")
    hits = await in_thread(backend.search_photo, data, how, without_self=without_self)
    return _answer(hits, thumbnails)


@router.post("/search/like", responses=refusals(404), operation_id="search_like")
async def search_like(wanted: LikeThese, service: Service) -> Answers:
    """Find the photos most similar to some that are in the gallery, each without itself."""
    found = await in_thread(service.backend.search_like, wanted.ids, _how(wanted))
    if found is None:
        raise ProblemError(404, "Expected photos of the gallery: at least one of these is not there.")
    return Answers(answers=[_answer(hits, wanted.thumbnails) for hits in found])


@router.post("/search/embeddings", responses=refusals(), operation_id="search_embeddings")
async def search_embeddings(wanted: ByEmbedding, service: Service) -> Answers:
    """Find the photos nearest to embeddings of the gallery's model."""
    found = await in_thread(service.backend.search_embeddings, wanted.embeddings, _how(wanted))
    return Answers(answers=[_answer(hits, wanted.thumbnails) for hits in found])


@router.post("/verify", responses=refusals(409), openapi_extra=PHOTO_BODY, operation_id="verify")
async def verify(request: Request, service: Service) -> Verified:
    """Say whether a photo carries the mark of the service's key; the photo is not kept."""
    data = await photo_body(request)
    found, trigger = await in_thread(service.backend.verify, data), service.backend.trigger
    if found is None or trigger is None:
        raise ProblemError(409, "This service has no key to look for: start it with --key FILE.")
    return Verified(
        marked=found.marked,
        agreement=found.agreement,
        false_alarm=found.false_alarm,
        key=trigger.key.fingerprint,
        mark=trigger.name,
        owner=found.payload.owner if isinstance(found, MarkReading) and found.payload else None,
        of_another=found.of_another,
    )


def _how(wanted: Wanted) -> Search:
    where = Filter(wanted.owner, wanted.collection, wanted.label)
    return Search(wanted.k, wanted.exact, wanted.min_score, where, wanted.thumbnails)


def _answer(hits: Sequence[Hit], thumbnails: bool) -> Answer:
    return Answer(hits=[_found(hit, thumbnails) for hit in hits])


def _found(hit: Hit, thumbnails: bool) -> Found:
    if hit.added is None:
        raise UsageError("a search must tell when a photo was added; ask for the column")
    return Found(
        id=hit.id,
        score=hit.score,
        label=hit.label,
        owner=hit.owner,
        collection=hit.collection,
        width=hit.width,
        height=hit.height,
        added=hit.added,
        thumbnail=base64.b64encode(hit.thumbnail).decode() if thumbnails else None,
    )
