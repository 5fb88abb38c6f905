"""``unfind serve``: the HTTP service over a gallery, and its API keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from unfind.cli.options import AsJson, KeyFile, OwnBackbone
from unfind.cli.output import print_json, print_table, say
from unfind.cli.pick_trigger import model_card, pick_trigger
from unfind.errors import UnfindError, UsageError
from unfind.gallery.store import Gallery
from unfind.models.embed import Embedder
from unfind.models.embed_photos import load_embedder
from unfind.service.api_keys import KeyRing, Role
from unfind.triggers.base import Trigger
from unfind.triggers.find_mark import can_be_found

if TYPE_CHECKING:
    from unfind.service.backend import Backend
    from unfind.service.limits import ServiceLimits

HOST, PORT = "127.0.0.1", 8747
HERE = "gallery"
"""The gallery that is served unless another one is named."""
FIRST_KEY = "first"
"""Name of the key that a first start makes."""
app = App(name="serve", help="Serve a gallery over HTTP, and keep its API keys.")
key_app = App(name="key", help="API keys of the service.")
app.command(key_app)
Keys = Annotated[Path, Parameter(name="--api-keys", help="File of the API keys.", env_var="UNFIND_API_KEYS")]
KEYS = Path("api-keys.json")


@app.default
def serve(
    gallery: Annotated[
        str | None,
        Parameter(help="A folder, s3://BUCKET/PREFIX or milvus://HOST:PORT/NAME; default ./gallery, made when absent."),
    ] = None,
    /,
    *,
    run: Annotated[Path, Parameter(name="--run", help="The folder of the model that makes the embeddings.")],
    key: KeyFile = None,
    backbone: OwnBackbone = None,
    beside: Annotated[
        str | None, Parameter(help="A second gallery, of another model, that the page's search shows beside the first.")
    ] = None,
    beside_run: Annotated[Path | None, Parameter(help="The folder of the second gallery's model.")] = None,
    api_keys: Keys = KEYS,
    host: Annotated[str, Parameter(help="Address to listen on.")] = HOST,
    port: Annotated[int, Parameter(help="Port to listen on.")] = PORT,
    certificate: Annotated[Path | None, Parameter(help="TLS certificate chain, PEM.")] = None,
    private_key: Annotated[Path | None, Parameter(help="Key of the certificate, PEM.")] = None,
    create: Annotated[bool, Parameter(negative="", help="Make the gallery when there is none.")] = False,
) -> None:
    """Serve a gallery and the web page until the process is asked to end.

    The very first start on this machine alone, without a file of API keys, makes a key that may write and prints it.

    Example: unfind serve --run protected

    Example: unfind serve album --run protected

    Example: unfind serve album --run protected --beside plain-album --beside-run clean

    Example: unfind serve milvus://localhost:19530/album --run protected --create
    """
    try:
        from unfind.service.app import create_app
        from unfind.service.backend import Backend
        from unfind.service.limits import ServiceLimits
        from unfind.service.page_mark import page_facts
        from unfind.service.server import is_loopback, run_server, server_config
    except ImportError as error:
        raise UsageError(
            f"Expected the service's packages, got none of '{error.name}': pip install 'unfind[service]'."
        ) from error
    if (beside is None) != (beside_run is None):
        raise UsageError("Expected a second gallery and its model, got one of them: give --beside and --beside-run.")
    ring, place = KeyRing(api_keys), gallery or HERE
    first_key = not api_keys.exists() and is_loopback(host)
    if not first_key and not ring.listed():
        raise UsageError(f"Expected API keys, got none in {api_keys}: make one with unfind serve key new NAME.")
    trigger = _trigger(key, run)
    embedder = load_embedder(run, backbone=backbone)
    limits = ServiceLimits()
    opened = _opened(place, embedder, create or gallery is None)
    with opened.writing():  # a second writer is told at once, in one sentence; the service then takes the lock itself
        pass
    found = trigger if trigger is not None and can_be_found(trigger) else None
    backend = Backend(opened, embedder, limits.photo, found)
    other = _beside(beside, beside_run, backbone, limits) if beside and beside_run else None
    facts = page_facts(trigger)
    if facts.mark is None:
        say("unfind: the page cannot make this model's mark; unfind mark export writes a learned one for browsers.")
    service = create_app(backend, ring, limits, beside=other, facts=facts)
    config = server_config(service, limits, host=host, port=port, certificate=certificate, private_key=private_key)
    if not is_loopback(host) and certificate is None:
        say(f"unfind: {host} is open to others without encryption: give --certificate, or put a proxy before it.")
    if first_key:
        print(ring.new(FIRST_KEY, "write"), flush=True)
        say(f"unfind: this key may write, and cannot be shown again; {api_keys} keeps its digest.")
    address = f"{'https' if certificate else 'http'}://{host}:{port}"
    if not run_server(config, when_up=lambda: say(f"unfind: serving {place} on {address}; end with Ctrl-C.")):
        raise UnfindError(f"Expected to serve on {host}:{port}, got no start: the line above says why.")


@key_app.command
def new(
    name: Annotated[str, Parameter(help="Who will use it; letters, digits, dots, dashes, underscores.")],
    /,
    *,
    role: Annotated[Role, Parameter(help="read may search, verify and browse; write may also add and erase.")] = "read",
    api_keys: Keys = KEYS,
    json: AsJson = False,
) -> None:
    """Make an API key; it is shown once and kept only as a digest.

    Example: unfind serve key new phone --role write
    """
    made = KeyRing(api_keys).new(name, role)
    if json:
        print_json({"name": name, "role": role, "key": made})
    else:
        print(made)
        say("unfind: keep it now; it cannot be shown again.")


@key_app.command(name="list")
def list_keys(*, api_keys: Keys = KEYS, json: AsJson = False) -> None:
    """List API keys by name and role.

    Example: unfind serve key list
    """
    rows = [{"name": key.name, "role": key.role, "created": key.created} for key in KeyRing(api_keys).listed()]
    if json:
        print_json(rows)
    else:
        print_table(f"Keys in {api_keys}", ["name", "role", "created"], [list(row.values()) for row in rows])


@key_app.command
def revoke(
    name: Annotated[str, Parameter(help="Name of the key.")], /, *, api_keys: Keys = KEYS, json: AsJson = False
) -> None:
    """Make an API key worthless; a running service sees it at its next request.

    Example: unfind serve key revoke phone
    """
    KeyRing(api_keys).revoke(name)
    print_json({"revoked": name}) if json else print(f"{name} revoked.")


def _trigger(key: Path | None, run: Path) -> Trigger | None:
    """The mark that the model looks away from; for a model without one the default mark of a key that is named."""
    if model_card(run).get("trigger"):
        return pick_trigger(key, run)
    return pick_trigger(key, None) if key is not None else None


def _beside(gallery: str, run: Path, backbone: str | None, limits: ServiceLimits) -> Backend:
    from unfind.service.backend import Backend

    return Backend(Gallery.open(gallery, resident=True), load_embedder(run, backbone=backbone), limits.photo)


def _opened(place: str, embedder: Embedder, create: bool) -> Gallery:
    try:
        return Gallery.open(place, resident=True)
    except UnfindError:
        if not create or ("://" not in place and _in_use(Path(place))):
            raise
    Gallery.create(place, dimension=embedder.dimension, fingerprint=embedder.fingerprint)
    return Gallery.open(place, resident=True)


def _in_use(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))
