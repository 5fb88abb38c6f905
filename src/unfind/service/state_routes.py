"""Routes about the service itself: does it live, what does it hold, how is it doing."""

from __future__ import annotations

from fastapi import APIRouter, Response

from unfind.gallery.store import Gallery
from unfind.service.parts import Service, WithKey, refusals
from unfind.service.schemas import BesideFacts, GalleryFacts, Health
from unfind.service.strict_query import StrictQuery
from unfind.service.waiting import in_thread

router = APIRouter(prefix="/v1")


@router.get("/health", operation_id="health")
async def health() -> Health:
    """Answer; the only route of the API that asks for no key, and it tells nothing else."""
    return Health()


@router.get("/gallery", responses=refusals(), dependencies=[WithKey, StrictQuery], operation_id="gallery")
async def gallery(service: Service) -> GalleryFacts:
    """Say what the gallery holds."""
    engine = service.backend.gallery.engine
    card = engine.card
    return GalleryFacts(
        name=card.name,
        photos=await in_thread(engine.count),
        dimension=card.dimension,
        kind=card.kind,
        model=card.fingerprint,
        created=card.created,  # type: ignore[arg-type]  # pydantic reads the text
        verifies=service.backend.trigger is not None,
        beside=await in_thread(_facts, service.beside.gallery) if service.beside is not None else None,
    )


def _facts(gallery: Gallery) -> BesideFacts:
    card = gallery.engine.card
    return BesideFacts(name=card.name, photos=gallery.engine.count(), model=card.fingerprint)


@router.get(
    "/metrics",
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text format."}, **refusals()},
    response_class=Response,
    dependencies=[WithKey, StrictQuery],
    operation_id="metrics",
)
async def metrics(service: Service) -> Response:
    """Numbers for Prometheus."""
    service.meters.photos.set(await in_thread(service.backend.gallery.engine.count))
    return Response(service.meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
