"""The engine for a place: a folder or a bucket is LanceDB's, a server is Milvus's."""

from __future__ import annotations

from pathlib import Path

from unfind.gallery.card import Card
from unfind.gallery.engine import Engine
from unfind.gallery.lance_engine import LanceEngine
from unfind.gallery.location import BucketPlace, MilvusPlace
from unfind.gallery.milvus_engine import MilvusEngine


def create_engine(place: Path | MilvusPlace | BucketPlace, card: Card) -> Engine:
    """Create an empty store.

    Raises:
        GalleryError: When there is one already, or the place cannot be written.
    """
    return MilvusEngine.create(place, card) if isinstance(place, MilvusPlace) else LanceEngine.create(place, card)


def open_engine(place: Path | MilvusPlace | BucketPlace, *, verify: bool = True, resident: bool = False) -> Engine:
    """Open a store.

    Args:
        place: Where.
        verify: Compare files with their digests first, where there are files.
        resident: Keep vectors in memory, where the store is no server of its own.

    Raises:
        GalleryError: When there is none, or it is damaged.
    """
    if isinstance(place, MilvusPlace):
        return MilvusEngine.open(place)
    return LanceEngine.open(place, verify=verify, resident=resident)
