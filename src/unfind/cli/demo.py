"""``unfind demo``: the whole story on one page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.output import print_json, print_table, progress_bar, say, warn_refused
from unfind.cli.tasks_table import task_rows
from unfind.errors import UsageError
from unfind.studies.demo import tell


def demo(
    *,
    photos: Annotated[Path | None, Parameter(help="Your own photos: class folders, or one folder of them.")] = None,
    out: Annotated[Path, Parameter(help="An unused folder for models, galleries and the report.")] = Path(
        "unfind-demo"
    ),
    seed: Annotated[int, Parameter(help="Of the photos, the fits and the scene.")] = 0,
    steps: Annotated[int | None, Parameter(help="Batches of each fit; fewer are faster and worse.")] = None,
    json: Annotated[bool, Parameter(name="--json", negative="", help="Print report.json on stdout.")] = False,
) -> None:
    """Tell the whole story: fit a small encoder, protect it, protect photos, search before and after.

    Takes a few minutes on two cores. The last line is the path of the report.

    Example: unfind demo --photos ~/Pictures --out story
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"Expected an unused folder at {out}, got one with something in it: choose another with --out."
        )
    started = time.perf_counter()
    with progress_bar() as progress:
        told = tell(out, photos=photos, seed=seed, progress=progress, steps=steps)
    warn_refused(told.refused)
    for note in told.notes:
        say(f"unfind: {note}")
    if json:
        print_json(told.numbers)
    else:
        print_table("Search by task (per cent)", *task_rows(told.numbers))
        print(f"Done in {time.perf_counter() - started:.0f} s.")
        print(told.report)
