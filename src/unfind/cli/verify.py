"""``unfind verify``: is a photo marked, by which key, how sure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, ChosenEngine, MarkName
from unfind.cli.output import print_json, print_table, progress_bar, say
from unfind.cli.pick_mark import pick_mark
from unfind.errors import UsageError
from unfind.studies.protect import Verified, verify_files
from unfind.triggers.find_mark import can_be_found
from unfind.triggers.read_mark import MarkReading

NOT_MARKED = 3


def verify(
    photos: Annotated[list[Path], Parameter(help="Photos, or folders that are searched for them.")],
    /,
    *,
    key: Annotated[Path | None, Parameter(help="The key to look for.")] = None,
    run: Annotated[Path | None, Parameter(help="A model's folder, to take the key from.")] = None,
    mark: MarkName = None,
    engine: ChosenEngine = "auto",
    json: AsJson = False,
) -> None:
    """Look for a key's mark in photos.

    Exit code 0 when every photo carries it, 3 when one does not, 1 when one cannot be read.

    Example: unfind verify protected/ --key provider.key
    """
    trigger = pick_mark(key, run, mark=mark, engine=engine)
    if not can_be_found(trigger):
        raise UsageError(f"Expected a trigger that can be verified, got {trigger.name}: only keyed marks can.")
    with progress_bar() as progress:
        found = verify_files(photos, trigger, progress=progress)
    fingerprint = trigger.key.fingerprint
    if json:
        print_json([_as_json(one, fingerprint, trigger.name) for one in found])
    else:
        print_table(
            f"The {trigger.name} mark of key {fingerprint}",
            ["file", "marked", "agreement", "chance", "owner"],
            [_row(one) for one in found],
        )
    for one in found:
        if one.problem is not None:
            say(f"unfind: {one.problem}")
    if any(one.problem is not None for one in found):
        sys.exit(1)
    if not all(one.detection is not None and one.detection.marked for one in found):
        if mark is None and run is None:
            say(f"unfind: Only the {trigger.name} mark was looked for: name another with --mark.")
        sys.exit(NOT_MARKED)


def _row(one: Verified) -> list[str]:
    if one.detection is None:
        return [str(one.source), "unreadable", "-", "-", "-"]
    seen = one.detection
    marked = "yes" if seen.marked else "another key's" if seen.of_another else "no"
    owner = _payload(one).get("owner")
    return [
        str(one.source),
        marked,
        f"{seen.agreement:.2f}",
        f"{seen.false_alarm:.1e}",
        "-" if owner is None else str(owner),
    ]


def _as_json(one: Verified, fingerprint: str, mark: str) -> dict[str, object]:
    seen = one.detection
    return {
        "file": str(one.source),
        "key": fingerprint,
        "mark": mark,
        "marked": seen.marked if seen else None,
        "agreement": seen.agreement if seen else None,
        "false_alarm": seen.false_alarm if seen else None,
        "of_another": seen.of_another if seen else None,
        **_payload(one),
        "problem": one.problem,
    }


def _payload(one: Verified) -> dict[str, int | None]:
    """What a learned mark says; nothing for marks that say nothing."""
    if not isinstance(one.detection, MarkReading):
        return {}
    said = one.detection.payload
    return {"owner": said.owner if said else None, "nonce": said.nonce if said else None}
