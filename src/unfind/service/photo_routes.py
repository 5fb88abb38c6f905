"""Routes that list, add, remove and erase photos."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from unfind.gallery.ids import ID_LENGTH
from unfind.service.parts import PHOTO_BODY, Service, WithKey, refusals
from unfind.service.photo_body import photo_body
from unfind.service.problem import ProblemError
from unfind.service.schemas import Added, Erase, ErasureReceipt, Page, PhotoFacts, PhotoId, Removed, Text, Twin
from unfind.service.strict_query import StrictQuery
from unfind.service.waiting import answered, in_thread

router = APIRouter(prefix="/v1", dependencies=[WithKey, StrictQuery])
PAGE = 100
"""Photos of one page, unless asked otherwise."""
_Id = Annotated[str, Path(pattern=rf"^[0-9a-f]{{{ID_LENGTH}}}$", description="Content id of a photo.")]


@router.get("/photos", responses=refusals(), operation_id="list_photos")
async def list_photos(
    service: Service,
    after: Annotated[PhotoId | None, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> Page:
    """List photos by id, page by page."""
    gallery = service.backend.gallery
    ids = await in_thread(gallery.ids, after=after or "", limit=limit + 1)
    rows = await in_thread(service.backend.facts, ids[:limit])
    return Page(photos=[PhotoFacts(**row) for row in rows], next=ids[limit - 1] if len(ids) > limit else None)


@router.post("/photos", status_code=201, responses=refusals(), openapi_extra=PHOTO_BODY, operation_id="add_photo")
async def add_photo(
    request: Request,
    response: Response,
    service: Service,
    label: Annotated[Text, Query(description="What the photo shows.")] = "",
    owner: Annotated[Text, Query(description="Whose photo it is.")] = "",
    collection: Annotated[Text, Query(description="Which set of photos it belongs to.")] = "",
    near_duplicates: Annotated[
        float | None, Query(ge=-1, le=1, allow_inf_nan=False, description="Tell of a photo that looks like it.")
    ] = None,
) -> Added:
    """Add a photo; one of the same content is left as it is. When this answers, the photo is on disk."""
    data = await photo_body(request)
    backend = service.backend
    async with service.preparing:
        record = await in_thread(backend.prepare, data, label=label, owner=owner, collection=collection)
    twin = None
    if near_duplicates is not None:
        notice = await in_thread(backend.near_duplicate, record, near_duplicates)
        twin = Twin(id=notice.twin, score=notice.score) if notice else None
    added = await answered(service.writer.add(record))
    response.headers["Location"] = f"/v1/photos/{record.id}"
    return Added(id=record.id, added=added, near_duplicate=twin)


@router.get("/photos/{photo_id}", responses=refusals(404), operation_id="get_photo")
async def get_photo(photo_id: _Id, service: Service) -> PhotoFacts:
    """Say what is known of a photo."""
    rows = await in_thread(service.backend.facts, [photo_id])
    if not rows:
        raise _absent()
    return PhotoFacts(**rows[0])


@router.get(
    "/photos/{photo_id}/thumbnail",
    responses={200: {"content": {"image/jpeg": {}}, "description": "A small JPEG."}, **refusals(404)},
    response_class=Response,
    operation_id="get_thumbnail",
)
async def get_thumbnail(photo_id: _Id, service: Service) -> Response:
    """Send the small picture of a photo."""
    picture = await in_thread(service.backend.thumbnail, photo_id)
    if not picture:
        raise _absent()
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.delete("/photos/{photo_id}", responses=refusals(404), operation_id="remove_photo")
async def remove_photo(photo_id: _Id, service: Service) -> Removed:
    """Take a photo out of every search at once; erasing also frees its bytes."""
    removed = await answered(service.writer.remove([photo_id]))
    if not removed:
        raise _absent()
    return Removed(removed=removed)


@router.post("/erasures", responses=refusals(), operation_id="erase")
async def erase(wanted: Erase, service: Service) -> ErasureReceipt:
    """Erase photos from every file of the gallery, look whether it is true, and give a receipt."""
    receipt = await answered(service.writer.erase(wanted.ids))
    return ErasureReceipt.model_validate(asdict(receipt))


def _absent() -> ProblemError:
    return ProblemError(404, "Expected a photo of the gallery: this one is not there.")
