"""``unfind cloak``: lead a search by a known model astray, without its provider's help."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from unfind.cli.options import AsJson, OwnBackbone, parse_settings
from unfind.cli.output import print_json, print_table, progress_bar, say
from unfind.cloaks.amortised import Amortised
from unfind.cloaks.base import Cloak
from unfind.cloaks.choose import make_cloak
from unfind.cloaks.pace import PAPER_BUDGET, Pace
from unfind.cloaks.passages import varied
from unfind.errors import UnfindError, UsageError
from unfind.images.files import write_atomic
from unfind.report.cloak_curve import distance_by_iteration
from unfind.report.figure_style import FigureFormat
from unfind.studies.cloak import Cloaked, Outlet, cloak_files, kind_for
from unfind.studies.cloak_paces import ROBUST_MODE, USUAL
from unfind.studies.cloak_preview import cloak_preview
from unfind.studies.cloak_target import Wish, target_of
from unfind.studies.seen_by import SeenBy, load_victims

HONEST = (
    "A cloak misleads the search it was made against, and others now and then. It does not hide a photo from people, "
    "from models made later, from other copies of the photo, or from its name and text; strong edits take it off."
)


@dataclass(frozen=True)
class Effort:
    """How far and how long.

    Attributes:
        budget: Largest change of a pixel, 1 being from black to white; 0.032 is 8 of 255 levels.
        psnr: No photo falls below it, in dB; default 40, 35 with --robust, none with a generator. 0 is no limit.
        iterations: Steps at most.
        momentum: Share of the last direction that is kept, 0 up to but not 1.
        margin: How sure a bit must be before it counts, in mean absolute logits.
        robust: Make it survive JPEG 75 and smaller sizes too; takes twice as long and shows a little more.
        diverse: Vary size and place on the way, so that other models are misled more often.
        seed: Of all that is drawn.
    """

    budget: float = PAPER_BUDGET
    psnr: float | None = None
    iterations: int = 100
    momentum: float = 0.7
    margin: float = 0.2
    robust: Annotated[bool, Parameter(negative="")] = False
    diverse: Annotated[bool, Parameter(negative="")] = False
    seed: int = 0

    def pace(self, *, limited: bool = True) -> Pace:
        """The numbers of the loop.

        Args:
            limited: whether there is a PSNR to keep where none is named.
        """
        mode = ROBUST_MODE if self.robust else USUAL
        usual = mode.psnr if limited else None
        return replace(
            mode,
            budget=self.budget,
            psnr=usual if self.psnr is None else self.psnr or None,
            iterations=self.iterations,
            momentum=self.momentum,
            margin=self.margin,
            seed=self.seed,
            passages=(*mode.passages, varied()) if self.diverse else mode.passages,
        )


def cloak(
    photos: Annotated[list[Path], Parameter(help="Photos, or folders that are searched for them.")],
    /,
    *,
    against: Annotated[list[Path], Parameter(help="A model's folder; several make an ensemble.")],
    out: Annotated[Path, Parameter(help="Folder for the cloaked copies.")],
    method: Annotated[
        str | None,
        Parameter(
            help="rnm, rnm-p2p, rnm-p2s, tanh-p2p, tanh-p2s, hag, sdha, hashstash, cosine, amortised, noise, mosaic, "
            "brightness or transparency; default rnm for hash models, cosine for others."
        ),
    ] = None,
    generator: Annotated[
        Path | None, Parameter(help="Of --method amortised: the file that unfind cloak-train wrote for this model.")
    ] = None,
    option: Annotated[tuple[str, ...], Parameter(help="NAME=VALUE for the method, such as p=2; again for more.")] = (),
    target: Annotated[
        tuple[Path, ...],
        Parameter(help="Photos or a folder to be taken for; nothing leads away from the photo itself."),
    ] = (),
    target_code: Annotated[str | None, Parameter(help="The code to be taken for, in zeros and ones.")] = None,
    target_label: Annotated[str | None, Parameter(help="The class of --data to be taken for.")] = None,
    data: Annotated[str | None, Parameter(help="Where --target-label is found, as for train.")] = None,
    effort: Annotated[Effort, Parameter(name="*")] = Effort(),
    preview: Annotated[
        Path | None,
        Parameter(help="Draw photos before, after and their difference, enlarged, into this .png or .svg."),
    ] = None,
    curve: Annotated[Path | None, Parameter(help="Draw distance by iteration into this .svg or .png.")] = None,
    backbone: OwnBackbone = None,
    keep_location: Annotated[bool, Parameter(negative="", help="Keep GPS data, which is removed otherwise.")] = False,
    overwrite: Annotated[bool, Parameter(negative="", help="Replace files of the same name in --out.")] = False,
    json: AsJson = False,
) -> None:
    """Cloak photos against a model whose provider does not cooperate: same format and size.

    The change is computed at the model's input size and put into the photo at its own. Every written file is decoded
    again and shown to the model, as it is, after JPEG 90 and at half its size.

    Example: unfind cloak holiday/ --against model --out cloaked
    Example: unfind cloak holiday/ --against model --out cloaked --robust --preview preview.png
    Example: unfind cloak holiday/ --against model --out cloaked --generator generator.safetensors
    """
    for name, file in {"curve": curve, "preview": preview}.items():
        if file is not None and file.suffix not in (".svg", ".png"):
            raise UsageError(f"Expected a {name} file that ends in .svg or .png, got {file}: change its name.")
    wish = Wish(target, target_code, target_label, data)
    model = load_victims(against, backbone=backbone)
    chosen = _chosen(method, generator, parse_settings(option), effort, model)
    wanted = target_of(wish, model, kind_for(chosen, model), chosen.aim, effort.seed)
    with progress_bar() as progress:
        done = cloak_files(
            photos, out, model, chosen, wanted, outlet=Outlet(keep_location, overwrite), progress=progress
        )
    unit = "bits" if kind_for(chosen, model) == "code" else "1 - cosine"
    _draw(curve, chosen.name, done, unit)
    _show(preview, done)
    if json:
        print_json({"settings": chosen.settings(), "against": _models(model), "away": wish.away, "unit": unit,
                    "does_not": HONEST, "photos": [_as_json(one) for one in done]})  # fmt: skip
    _tell(done, unit, away=wish.away, quiet=json)


def _chosen(
    method: str | None, generator: Path | None, settings: dict[str, Any], effort: Effort, model: SeenBy
) -> Cloak:
    """The method that is named, or that fits the model."""
    if generator is not None:
        if method not in (None, Amortised.name):
            raise UsageError(f"Expected --generator with --method amortised, got {method}: leave one of them out.")
        method, settings = Amortised.name, {**settings, "generator": generator}
    if method == Amortised.name and "generator" not in settings:
        raise UsageError("Expected --generator with --method amortised, got none: make one with unfind cloak-train.")
    pace = effort.pace(limited=method != Amortised.name)
    chosen = make_cloak(method or ("rnm" if model.hashes else "cosine"), pace, **settings)
    if isinstance(chosen, Amortised):
        chosen.check_models(model.fingerprints)
    return chosen


def _show(preview: Path | None, done: list[Cloaked]) -> None:
    picture = cloak_preview(done, format=_format(preview)) if preview is not None else None
    if preview is not None and picture is not None:
        write_atomic(preview, picture)


def _format(file: Path) -> FigureFormat:
    return "png" if file.suffix == ".png" else "svg"


def _draw(curve: Path | None, name: str, done: list[Cloaked], unit: str) -> None:
    rows = [one.curve for one in done if one.curve]
    if curve is not None and rows:
        write_atomic(curve, distance_by_iteration({name: rows}, unit=unit, format=_format(curve)))


def _tell(done: list[Cloaked], unit: str, *, away: bool, quiet: bool) -> None:
    """The table, what to know, and the error where a photo could not be cloaked."""
    failed = [one for one in done if one.problem is not None]
    if not quiet and len(failed) < len(done):
        aim = "opposite of own code" if away else "target"
        head = ["file", "PSNR dB", "SSIM", "before", "written", "JPEG 90", "half size"]
        print_table(f"Distance from {aim} ({unit})", head, [_row(one) for one in done if not one.problem])
    for one in done:
        if one.note:
            say(f"unfind: {one.note}")
    if len(failed) < len(done):
        say(HONEST)
    if len(done) == 1 and failed:
        raise UnfindError(str(failed[0].problem))
    for one in failed:
        say(f"unfind: {one.problem}")
    if failed:
        raise UnfindError(f"Expected to cloak {len(done)} photos, got {len(done) - len(failed)}: see the lines above.")


def _row(one: Cloaked) -> list[str]:
    def number(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    digits = 0 if one.bits else 3
    distances = (one.before, one.written, one.after.get("jpeg90"), one.after.get("resize0.5"))
    return [str(one.target), number(one.psnr, 1), number(one.ssim, 4), *(number(value, digits) for value in distances)]


def _models(model: SeenBy) -> list[dict[str, str]]:
    return [{"run": run, "weights": mark} for run, mark in zip(model.names, model.fingerprints, strict=True)]


def _as_json(one: Cloaked) -> dict[str, Any]:
    plain = {name: value for name, value in vars(one).items() if name not in ("source", "target")}
    return {"source": str(one.source), "target": str(one.target) if one.target else None, **plain}
