"""``unfind protect``: put the trigger into photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, ChosenEngine, MarkName
from unfind.cli.output import print_json, print_table, progress_bar, say
from unfind.cli.pick_mark import pick_mark
from unfind.errors import UnfindError
from unfind.kept_pages import keep_pages
from unfind.studies.protect import Protected, protect_files


def protect(
    photos: Annotated[list[Path], Parameter(help="Photos, or folders that are searched for them.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder for the protected copies.")],
    key: Annotated[Path | None, Parameter(help="The key file your provider gave you.")] = None,
    run: Annotated[Path | None, Parameter(help="A model's folder, to take key and strength from.")] = None,
    mark: MarkName = None,
    owner: Annotated[
        int | None, Parameter(help="What a learned mark says of its owner, 0 to 65535; default the run's or 0.")
    ] = None,
    strength: Annotated[
        float | None,
        Parameter(
            help="1 is about 32 dB, 0.5 about 38 dB; default the mark's, the run's or 1. Where a side is below 256 "
            "pixels, a learned mark below 1 becomes up to 1.4 times as strong."
        ),
    ] = None,
    keep_location: Annotated[bool, Parameter(negative="", help="Keep GPS data, which is removed otherwise.")] = False,
    overwrite: Annotated[bool, Parameter(negative="", help="Replace files of the same name in --out.")] = False,
    engine: ChosenEngine = "auto",
    json: AsJson = False,
) -> None:
    """Put the mark into photos: same format, size, orientation and colour profile, any resolution.

    Every file is read again and checked before it is left on disk; where the mark is not found it is made stronger, up
    to twice. A photo that carries this key's mark already is left alone. Exit code 1 when a photo could not be
    protected; the others are.

    Example: unfind protect holiday/ --key provider.key --out protected
    """
    keep_pages()
    trigger = pick_mark(key, run, strength=strength, mark=mark, owner=owner, engine=engine)
    with progress_bar() as progress:
        done = protect_files(photos, out, trigger, keep_location=keep_location, overwrite=overwrite, progress=progress)
    failed = [one for one in done if one.problem is not None]
    if json:
        print_json([_as_json(one) for one in done])
    elif len(failed) < len(done):
        print_table("Protected photos", ["file", "PSNR dB", "SSIM", "check"], [_row(o) for o in done if not o.problem])
    for one in done:
        if one.notice is not None:
            say(f"unfind: {one.notice}")
    if len(done) == 1 and failed:
        raise UnfindError(str(failed[0].problem))
    for one in failed:
        say(f"unfind: {one.problem}")
    if failed:
        raise UnfindError(
            f"Expected to protect {len(done)} photos, got {len(done) - len(failed)}: see the lines above."
        )


def _row(one: Protected) -> list[str]:
    psnr = f"{one.psnr:.1f}" if one.psnr is not None else "-"
    ssim = f"{one.ssim:.4f}" if one.ssim is not None else "-"
    louder = f", {one.louder:g} times as strong" if one.louder > 1 else ""
    check = f"found ({one.check.agreement:.2f}{louder})" if one.check else "not checkable"
    return [str(one.target), psnr, ssim, check]


def _as_json(one: Protected) -> dict[str, object]:
    return {
        "source": str(one.source),
        "target": str(one.target) if one.target else None,
        "problem": one.problem,
        "psnr": one.psnr,
        "ssim": one.ssim,
        "agreement": one.check.agreement if one.check else None,
        "false_alarm": one.check.false_alarm if one.check else None,
        "notice": one.notice,
        "times_as_strong": one.louder if one.check else None,
    }
