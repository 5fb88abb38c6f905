"""``unfind key``: make and name the secret behind a provider's mark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from unfind.cli.options import AsJson
from unfind.cli.output import print_json
from unfind.triggers.key import Key

app = App(name="key", help="Make and name the secret behind a provider's mark.")
File = Annotated[Path, Parameter(help="The key file.")]


@app.command
def new(file: File, /, *, json: AsJson = False) -> None:
    """Make a key and keep it in a file that only its owner may read; an existing file is never overwritten.

    Give owners a copy: they mark their photos with it. Whoever holds it can mark photos and find marks.

    Example: unfind key new provider.key
    """
    key = Key.new()
    key.save(file)
    _tell(file, key, json)


@app.command
def show(file: File, /, *, json: AsJson = False) -> None:
    """Name a key by its fingerprint, which gives nothing of it away.

    Example: unfind key show provider.key
    """
    _tell(file, Key.load(file), json)


def _tell(file: Path, key: Key, json: bool) -> None:
    if json:
        print_json({"file": str(file), "fingerprint": key.fingerprint})
    else:
        print(f"{file}: key {key.fingerprint}")
