"""A scene with real files: owners protect some photos, a provider indexes all, a stranger searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError, ImageError, UnfindError
from unfind.gallery.add_folder import add_photos
from unfind.gallery.hit import Hit
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.files import read_photo, write_atomic
from unfind.images.signature import photo_format
from unfind.models.embed import Embedder
from unfind.models.weights import fingerprint_of, load_encoder
from unfind.studies.progress import Progress, silent
from unfind.studies.protect import Protected, protect_files
from unfind.triggers.base import Trigger

MOST_PHOTOS = 400
"""The scene is for looking at; more photos would only make it slow."""
PRIVATE_SHARE = 0.2
"""Share of the photos whose owners protect them."""
SEARCHES = 6
SHOWN = 5
ENDINGS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}


@dataclass(frozen=True)
class Search:
    """One query and what it found, the query's own photo left out.

    Attributes:
        query: the photo searched with.
        label: what it shows.
        marked: whether the query is a protected copy.
        before: hits in the unprotected gallery, by the clean model.
        after: hits in the gallery with protected photos, by the protected model.
    """

    query: Path
    label: str
    marked: bool
    before: list[Hit]
    after: list[Hit]


@dataclass(frozen=True)
class Scene:
    """What happened.

    Attributes:
        private: the photos that were protected, each with its copy and checks.
        searches: first with strangers' photos, then with protected ones.
    """

    private: list[Protected]
    searches: list[Search]


def act(
    out: Path,
    photos: PhotoSet,
    folders: tuple[Path, Path],
    trigger: Trigger,
    *,
    seed: int,
    progress: Progress = silent,
) -> Scene:
    """Play the scene and leave its photos and both galleries in a folder.

    Args:
        out: where ``photos/`` and ``galleries/`` go.
        photos: whose photos are searched.
        folders: of the clean and the protected model.
        trigger: the protected model's.
        seed: of the choice of photos.
        progress: told where it stands.

    Raises:
        DataError: no photo can be read.
        UnfindError: whatever else stands in the way.
    """
    labels = _write_photos(photos, out / "photos" / "shared", seed)
    names = sorted(labels)
    random = np.random.default_rng([seed, 1])
    chosen = random.permutation(len(names))[: max(1, round(PRIVATE_SHARE * len(names)))]
    private = [out / "photos" / "shared" / names[i] for i in sorted(chosen)]
    done = protect_files(private, out / "photos" / "protected", trigger, progress=progress)
    copies = {one.source: one.target for one in done if one.target is not None}
    everyone = [out / "photos" / "shared" / name for name in names]
    mixed = [copies.get(path, path) for path in everyone]
    embedders = [_embedder(folder) for folder in folders]
    galleries = [
        _index(out / "galleries" / name, paths, embedder, labels, progress)
        for name, paths, embedder in zip(("before", "after"), (everyone, mixed), embedders, strict=True)
    ]
    queries = _queries(names, copies, labels, out)
    searches = [_search(query, source, labels, galleries, embedders) for query, source in queries]
    return Scene(done, searches)


def _write_photos(photos: PhotoSet, folder: Path, seed: int) -> dict[str, str]:
    """Write a sample of the photos as files; returns the class of each, by file name."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"Expected to make the folder {folder}, got '{error.strerror}': choose another.") from error
    labels: dict[str, str] = {}
    sample = np.sort(np.random.default_rng([seed, 0]).permutation(len(photos))[:MOST_PHOTOS])
    for index in sample:
        try:
            data = photos.read(int(index))
            decode(data)
        except UnfindError:
            continue  # named by the evaluation, which reads the same photos
        name = f"{index:05d}{ENDINGS[photo_format(data)]}"
        write_atomic(folder / name, data)
        labels[name] = photos.classes[photos.labels[index]]
    if not labels:
        raise DataError(f"Expected photos that can be read in {photos.name}, got none: try others.")
    return labels


def _embedder(folder: Path) -> Embedder:
    encoder, card = load_encoder(folder)
    return Embedder(encoder, fingerprint_of(card))


def _index(path: Path, photos: list[Path], embedder: Embedder, labels: dict[str, str], progress: Progress) -> Gallery:
    gallery = Gallery.create(path, dimension=embedder.dimension, fingerprint=embedder.fingerprint, name=path.name)
    add_photos(
        gallery,
        photos,
        embedder,
        label_of=lambda photo: labels[photo.name],
        progress=lambda done, total: progress(f"index the gallery {path.name} protection", done, total),
    )
    return gallery


def _queries(
    names: list[str], copies: Mapping[Path, Path], labels: dict[str, str], out: Path
) -> list[tuple[Path, Path]]:
    """(query, the photo it is or was made of): strangers' photos of what private ones show, then private ones."""
    shared = out / "photos" / "shared"
    private = {source.name for source in copies}
    wanted = list(dict.fromkeys(labels[name] for name in sorted(private)))
    strangers = [next((n for n in names if labels[n] == label and n not in private), None) for label in wanted]
    plain = [(shared / name, shared / name) for name in strangers if name is not None]
    marked = [(target, source) for source, target in copies.items()]
    return plain[: SEARCHES - 2] + marked[:2]


def _search(
    query: Path, source: Path, labels: dict[str, str], galleries: list[Gallery], embedders: list[Embedder]
) -> Search:
    """Search both galleries; before protection the owner's query was the plain photo."""
    own = {content_id(path.read_bytes()) for path in {query, source}}
    found = []
    for path, gallery, embedder in zip((source, query), galleries, embedders, strict=True):
        vectors = embedder([srgb(read_photo(path))])
        hits = gallery.search(vectors, SHOWN + len(own), thumbnails=True)[0]
        found.append([hit for hit in hits if hit.id not in own][:SHOWN])
    return Search(query, labels[source.name], query != source, found[0], found[1])
