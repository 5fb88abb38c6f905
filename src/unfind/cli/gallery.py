"""``unfind gallery``: the index of photos that a model can search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from unfind.cli.options import AsJson, OwnBackbone
from unfind.cli.output import print_json, print_table, progress_bar, warn_refused
from unfind.cli.pick_trigger import model_card
from unfind.errors import GalleryError, UsageError
from unfind.gallery.add_folder import add_photos
from unfind.gallery.contact_sheet import contact_sheet
from unfind.gallery.hit import Hit
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery
from unfind.gallery.thumbnail import thumbnail
from unfind.images.colour import srgb
from unfind.images.files import read_photo, write_atomic
from unfind.models.embed import Embedder
from unfind.models.precision import best_device
from unfind.models.weights import fingerprint_of, load_encoder

SHORTEST_ID = 8
"""Digits of an id that are asked for: by fewer, the wrong photo could go."""
app = App(name="gallery", help="Create, fill, search and empty an index of photos.")
Folder = Annotated[Path, Parameter(help="The gallery's folder.")]
Run = Annotated[Path, Parameter(name="--run", help="The folder of the model that makes the embeddings.")]


@app.command
def create(
    gallery: Folder,
    /,
    *,
    run: Run,
    name: Annotated[str, Parameter(help="A name for people.")] = "gallery",
    json: AsJson = False,
) -> None:
    """Make an empty gallery for a model.

    Example: unfind gallery create album --run protected
    """
    card = model_card(run)
    made = Gallery.create(
        gallery, dimension=card["architecture"]["dimension"], fingerprint=fingerprint_of(card), name=name
    )
    _print_info(made, json)


@app.command
def add(
    gallery: Folder,
    photos: Annotated[list[Path], Parameter(help="Photos, or folders that are searched for them.")],
    /,
    *,
    run: Run,
    backbone: OwnBackbone = None,
    batch: Annotated[int, Parameter(help="Photos embedded and committed at once.")] = 64,
    json: AsJson = False,
) -> None:
    """Add photos; those that are there are skipped, so the same call goes on after an interruption.

    Example: unfind gallery add album holiday/ --run protected
    """
    opened = Gallery.open(gallery)
    with progress_bar() as progress:
        report = add_photos(
            opened,
            photos,
            _embedder(run, backbone),
            batch=batch,
            progress=lambda done, total: progress("add photos", done, total),
        )
    refused = [[str(path), sentence] for path, sentence in report.refused]
    if json:
        print_json({"added": report.added, "skipped": report.skipped, "refused": refused})
    else:
        print(f"{report.added} added, {report.skipped} already there, {len(report.refused)} refused.")
        warn_refused(report.refused)
    if not report.added + report.skipped:
        raise GalleryError(f"Expected photos that can be read, got none among {len(refused)} files: check the paths.")


@app.command
def search(
    gallery: Folder,
    photo: Annotated[Path, Parameter(help="The photo to search with.")],
    /,
    *,
    run: Run,
    backbone: OwnBackbone = None,
    k: Annotated[int, Parameter(name=("--k", "-k"), help="How many photos to show.")] = 10,
    html: Annotated[Path | None, Parameter(help="Also write a contact sheet to this file.")] = None,
    json: AsJson = False,
) -> None:
    """Find the photos most similar to one; the photo itself is left out.

    Example: unfind gallery search album query.jpg --run protected --html found.html
    """
    if k < 1:
        raise UsageError(f"Expected at least 1 photo to show, got {k}: 10 is usual.")
    opened, embedder = Gallery.open(gallery), _embedder(run, backbone)
    opened.check_model(fingerprint=embedder.fingerprint, dimension=embedder.dimension)
    pixels = srgb(read_photo(photo))
    own = content_id(photo.read_bytes())
    found = opened.search(embedder([pixels]), k + 1, thumbnails=html is not None)[0]
    hits = [hit for hit in found if hit.id != own][:k]
    if html is not None:
        sheet = contact_sheet(thumbnail(pixels), hits, title=f"Found for {photo.name}")
        write_atomic(html, sheet.encode())
    if json:
        print_json([_as_json(hit) for hit in hits])
        return
    rows = [[hit.path, hit.label, f"{hit.score:.4f}", hit.id[:12]] for hit in hits]
    print_table(f"Found for {photo}", ["photo", "label", "score", "id"], rows)
    if html is not None:
        print(html)


@app.command
def remove(
    gallery: Folder,
    photos: Annotated[list[str], Parameter(help="Ids, beginnings of ids (8 digits or more), or photo files.")],
    /,
    *,
    json: AsJson = False,
) -> None:
    """Take photos out of every search at once; their bytes stay in the gallery's files until erase.

    Example: unfind gallery remove album holiday/beach.jpg
    """
    opened = Gallery.open(gallery)
    known = opened.ids()
    removed = opened.remove([_id_of(text, known) for text in photos])
    if json:
        print_json({"removed": removed})
    else:
        print(f"{removed} removed.")


@app.command
def erase(
    gallery: Folder,
    photos: Annotated[list[str] | None, Parameter(help="As for remove; none erases what remove has left.")] = None,
    /,
    *,
    json: AsJson = False,
) -> None:
    """Remove photos and rewrite the gallery, so that its files hold nothing of any removed photo.

    Example: unfind gallery erase album holiday/beach.jpg
    """
    opened = Gallery.open(gallery)
    known = opened.ids()
    erased = opened.erase([_id_of(text, known) for text in photos or ()])
    if json:
        print_json({"erased": erased})
    else:
        print(f"{erased} erased; the gallery was rewritten.")


@app.command
def info(gallery: Folder, /, *, json: AsJson = False) -> None:
    """Say what a gallery holds.

    Example: unfind gallery info album
    """
    _print_info(Gallery.open(gallery), json)


def _embedder(run: Path, backbone: str | None) -> Embedder:
    encoder, card = load_encoder(run, backbone=backbone)
    return Embedder(encoder.to(best_device()), fingerprint_of(card))


def _id_of(text: str, known: list[str]) -> str:
    """The id that a file, an id or the beginning of one stands for."""
    start = content_id(Path(text).read_bytes()) if Path(text).is_file() else text
    fitting = [one for one in known if len(start) >= SHORTEST_ID and one.startswith(start)]
    if len(fitting) > 1:
        raise UsageError(f"Expected an id that names one photo, got '{text}' for {len(fitting)}: write more of it.")
    if not fitting:
        raise GalleryError(f"Expected a photo of this gallery, got '{text}': give a file or an id that search shows.")
    return fitting[0]


def _as_json(hit: Hit) -> dict[str, object]:
    return {
        "id": hit.id,
        "score": hit.score,
        "path": hit.path,
        "label": hit.label,
        "width": hit.width,
        "height": hit.height,
    }


def _print_info(gallery: Gallery, json: bool) -> None:
    found = gallery.info()
    facts = {
        "name": found.name,
        "photos": found.count,
        "dimension": found.dimension,
        "model": found.fingerprint,
        "bytes": found.bytes_on_disk,
        "created": found.created.isoformat(),
        "format": found.format_version,
    }
    if json:
        print_json(facts)
    else:
        print_table(str(gallery.path), ["", ""], [[name, str(value)] for name, value in facts.items()])
