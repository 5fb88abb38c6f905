"""``unfind gallery``: the index of photos that a model can search."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from unfind.cli.options import AsJson, OwnBackbone
from unfind.cli.output import print_json, print_table, progress_bar, say, warn_refused
from unfind.cli.pick_trigger import model_card
from unfind.errors import GalleryError, UsageError
from unfind.gallery.add_folder import add_photos
from unfind.gallery.card import Kind
from unfind.gallery.contact_sheet import contact_sheet
from unfind.gallery.erasure import erase_with_receipt
from unfind.gallery.filter import Filter
from unfind.gallery.hit import Hit
from unfind.gallery.ids import content_id
from unfind.gallery.parquet import export_parquet, import_parquet, read_export
from unfind.gallery.record import path_text
from unfind.gallery.store import Gallery
from unfind.gallery.thumbnail import thumbnail
from unfind.gallery.upgrade import upgrade as upgrade_gallery
from unfind.images.colour import srgb
from unfind.images.files import read_photo, write_atomic
from unfind.models.embed_photos import load_embedder
from unfind.models.weights import fingerprint_of

SHORTEST_ID = 8
"""Digits of an id that are asked for: by fewer, the wrong photo could go."""
app = App(name="gallery", help="Create, fill, search and empty an index of photos.")
Place = Annotated[str, Parameter(help="A folder, s3://BUCKET/PREFIX (gs, az), or milvus://HOST:PORT/COLLECTION.")]
Run = Annotated[Path, Parameter(name="--run", help="The folder of the model that makes the embeddings.")]


@app.command
def create(
    gallery: Place,
    /,
    *,
    run: Run,
    name: Annotated[str, Parameter(help="A name for people.")] = "gallery",
    kind: Annotated[Kind, Parameter(help="cosine keeps floats; hamming keeps one bit of each.")] = "cosine",
    json: AsJson = False,
) -> None:
    """Make an empty gallery for a model.

    Example: unfind gallery create album --run protected
    """
    card = model_card(run)
    made = Gallery.create(
        gallery, dimension=card["architecture"]["dimension"], fingerprint=fingerprint_of(card), name=name, kind=kind
    )
    _print_info(made, json)


@app.command
def add(
    gallery: Place,
    photos: Annotated[list[Path], Parameter(help="Photos, or folders that are searched for them.")],
    /,
    *,
    run: Run,
    backbone: OwnBackbone = None,
    batch: Annotated[int, Parameter(help="Photos embedded and committed at once.")] = 64,
    owner: Annotated[str, Parameter(help="Whose photos these are.")] = "",
    collection: Annotated[str, Parameter(help="Which set of photos they belong to.")] = "",
    label_by_folder: Annotated[bool, Parameter(negative="", help="Label each photo with its folder's name.")] = False,
    near_duplicates: Annotated[
        float | None, Parameter(help="Tell of photos that look like another one, by this score; 0.98 is usual.")
    ] = None,
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
            load_embedder(run, backbone=backbone),
            batch=batch,
            label_of=_folder_name if label_by_folder else lambda _: "",
            owner=owner,
            collection=collection,
            near_threshold=near_duplicates,
            progress=lambda done, total: progress("add photos", done, total),
        )
    refused = [[str(path), sentence] for path, sentence in report.refused]
    if json:
        near = {"near_duplicates": [vars(one) for one in report.near]} if near_duplicates is not None else {}
        print_json({"added": report.added, "skipped": report.skipped, "refused": refused, **near})
    else:
        print(f"{report.added} added, {report.skipped} already there, {len(report.refused)} refused.")
        warn_refused(report.refused)
        for one in report.near:
            say(f"unfind: {one.id[:12]} looks like {one.twin[:12]} ({one.score:.4f}).")
    if not report.added + report.skipped:
        raise GalleryError(f"Expected photos that can be read, got none among {len(refused)} files: check the paths.")


@app.command
def search(
    gallery: Place,
    photo: Annotated[Path, Parameter(help="The photo to search with.")],
    /,
    *,
    run: Run,
    backbone: OwnBackbone = None,
    k: Annotated[int, Parameter(name=("--k", "-k"), help="How many photos to show.")] = 10,
    owner: Annotated[str | None, Parameter(help="Only photos of this owner.")] = None,
    collection: Annotated[str | None, Parameter(help="Only photos of this collection.")] = None,
    min_score: Annotated[float | None, Parameter(help="Only photos with this score or more, -1..1.")] = None,
    approximate: Annotated[bool, Parameter(negative="", help="Use the index; may miss a few.")] = False,
    html: Annotated[Path | None, Parameter(help="Also write a contact sheet to this file.")] = None,
    json: AsJson = False,
) -> None:
    """Find the photos most similar to one; the photo itself is left out.

    Example: unfind gallery search album query.jpg --run protected --html found.html
    """
    if k < 1:
        raise UsageError(f"Expected at least 1 photo to show, got {k}: 10 is usual.")
    opened, embedder = Gallery.open(gallery), load_embedder(run, backbone=backbone)
    opened.check_model(fingerprint=embedder.fingerprint, dimension=embedder.dimension)
    pixels = srgb(read_photo(photo))
    own = content_id(photo.read_bytes())
    [found] = opened.search(
        embedder([pixels]),
        k + 1,
        thumbnails=html is not None,
        where=Filter(owner=owner, collection=collection),
        min_score=min_score,
        exact=not approximate,
    )
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
    gallery: Place,
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
    gallery: Place,
    photos: Annotated[list[str] | None, Parameter(help="As for remove; none erases what remove has left.")] = None,
    /,
    *,
    json: AsJson = False,
) -> None:
    """Remove photos and rewrite the gallery, so that its files hold nothing of any removed photo.

    The files are then scanned for what could be left, and a receipt is kept in the gallery.

    Example: unfind gallery erase album holiday/beach.jpg
    """
    opened = Gallery.open(gallery)
    known = opened.ids()
    receipt = erase_with_receipt(opened, [_id_of(text, known) for text in photos or ()])
    if json:
        print_json({"erased": receipt.removed, "receipt": asdict(receipt)})
    else:
        print(f"{receipt.removed} erased; the gallery was rewritten.")
        say(f"unfind: verified by {receipt.verified_by}: {receipt.files} files, {receipt.traces_after} traces left.")


@app.command
def index(gallery: Place, /, *, json: AsJson = False) -> None:
    """Build the index that search --approximate uses; an erasure takes it away.

    Example: unfind gallery index album
    """
    opened = Gallery.open(gallery)
    opened.index()
    _print_info(opened, json)


@app.command
def check(gallery: Place, /, *, json: AsJson = False) -> None:
    """Look for damage: compare every file with its digest and read every photo; exit code 1 when there is some.

    Example: unfind gallery check album
    """
    faults = Gallery.open(gallery, verify=False).check()
    if json:
        print_json({"whole": not faults, "faults": faults})
    elif not faults:
        print("The gallery is whole.")
    if faults:
        found = "one fault," if len(faults) == 1 else f"{len(faults)} faults, first"
        raise GalleryError(f"Expected a whole gallery, got {found} {faults[0]}: restore it from a copy.")


@app.command
def upgrade(
    gallery: Place,
    photos: Annotated[list[Path] | None, Parameter(help="Where photos lie that were moved.")] = None,
    /,
    *,
    run: Run,
    backbone: OwnBackbone = None,
    drop_missing: Annotated[bool, Parameter(negative="", help="Leave photos out that cannot be found.")] = False,
    json: AsJson = False,
) -> None:
    """Bring a gallery to another model, or to the newest format; the same call goes on after an interruption.

    Example: unfind gallery upgrade album --run protected
    """
    with progress_bar() as progress:
        report = upgrade_gallery(
            gallery,
            load_embedder(run, backbone=backbone),
            look_in=photos or (),
            drop_missing=drop_missing,
            progress=lambda done, total: progress("upgrade", done, total),
        )
    if json:
        print_json(asdict(report))
    else:
        print(f"{report.kept} kept, {report.embedded} embedded again, {report.dropped} dropped.")


@app.command(name="export")
def export_file(
    gallery: Place, file: Annotated[Path, Parameter(help="The Parquet file.")], /, *, json: AsJson = False
) -> None:
    """Write all photos with vectors, thumbnails and metadata to a Parquet file.

    Example: unfind gallery export album album.parquet
    """
    count = export_parquet(Gallery.open(gallery), file)
    print_json({"exported": count}) if json else print(f"{count} exported.")


@app.command(name="import")
def import_file(
    file: Annotated[Path, Parameter(help="An export.")],
    gallery: Annotated[str, Parameter(help="Where to; made when it does not exist.")],
    /,
    *,
    json: AsJson = False,
) -> None:
    """Take the photos of an export into a gallery, on this machine or on a Milvus server.

    Example: unfind gallery import album.parquet milvus://localhost:19530/album
    """
    card = read_export(file)
    try:
        opened = Gallery.create(
            gallery, dimension=card.dimension, fingerprint=card.fingerprint, name=card.name, kind=card.kind
        )
    except GalleryError:  # there is one already
        opened = Gallery.open(gallery)
    count = import_parquet(file, opened)
    print_json({"imported": count}) if json else print(f"{count} imported.")


@app.command
def info(gallery: Place, /, *, json: AsJson = False) -> None:
    """Say what a gallery holds.

    Example: unfind gallery info album
    """
    _print_info(Gallery.open(gallery), json)


def _folder_name(photo: Path) -> str:
    return path_text(Path(photo.absolute().parent.name))


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
        "owner": hit.owner,
        "collection": hit.collection,
    }


def _print_info(gallery: Gallery, json: bool) -> None:
    found = gallery.info()
    facts = {
        "name": found.name,
        "photos": found.count,
        "dimension": found.dimension,
        "kind": found.kind,
        "model": found.fingerprint,
        "bytes": found.bytes_on_disk,
        "indexed": found.indexed,
        "created": found.created.isoformat(),
        "format": found.format_version,
    }
    if json:
        print_json(facts)
    else:
        print_table(str(gallery.path), ["", ""], [[name, str(value)] for name, value in facts.items()])
