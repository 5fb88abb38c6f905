"""``unfind mark``: train the network that makes invisible marks, harden, look at and export one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from unfind.cli.export import ParityData, ParityPhotos, tell_parity
from unfind.cli.options import AsJson
from unfind.cli.output import print_json, print_table, progress_bar, warn_refused
from unfind.datasets.native import held_out, native_photos, photos_of
from unfind.models.cost import multiplications, weight_bytes
from unfind.studies.export_onnx import export_mark
from unfind.studies.harden_mark import HardenRequest, harden_mark
from unfind.studies.train_mark import MarkRequest, TrainedMark, train_mark
from unfind.training.filter_settings import FilterSettings
from unfind.training.mark_settings import MarkSettings
from unfind.triggers.learned import load

app = App(name="mark", help="Train the network that makes invisible marks; harden one, look at it, export it.")


@app.command
def train(
    *,
    out: Annotated[Path, Parameter(help="The folder: settings, log, checkpoint and weights.")],
    data: Annotated[tuple[Path, ...], Parameter(help="A folder or zip of photos; may be repeated.")] = (),
    generated: Annotated[int, Parameter(help="Pictures without a photographer that are added.")] = 400,
    against: Annotated[
        Path | None, Parameter(help="A retrieval model's folder: the mark learns to be loud in its first layers.")
    ] = None,
    licence: Annotated[str, Parameter(help="Licence of the photos, for the weights' card.")] = "not stated",
    resume: Annotated[bool, Parameter(negative="", help="Go on where the run in --out stopped.")] = False,
    fit: Annotated[MarkSettings, Parameter(name="*")] = MarkSettings(),
    json: AsJson = False,
) -> None:
    """Train a mark: first that its bits can be read, then that they survive edits, then that it cannot be seen.

    Every fifth photo of each data set is not learned from, and measures. An attempt whose bits stay at chance is given
    up, and the next seed is tried. Ctrl-C leaves a checkpoint; the same command with --resume goes on from it.

    Example: unfind mark train --data holiday/ --data shop.zip --out my-mark
    """
    request = MarkRequest(data, generated, against, licence, fit)
    with progress_bar() as progress:
        trained = train_mark(request, out, resume=resume, progress=progress)
    warn_refused(trained.refused)
    if json:
        print_json(_as_json(trained))
    else:
        print_table("Held-out photos", ["measure", "value"], [[n, f"{v:.4g}"] for n, v in _figures(trained).items()])
        print(trained.folder)


@app.command
def harden(
    mark: Annotated[str, Parameter(help="The folder of a mark, or shipped.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="The folder: the mark with its second decoder, settings, log, checkpoint.")],
    data: Annotated[tuple[Path, ...], Parameter(help="A folder or zip of photos; may be repeated.")],
    licence: Annotated[str, Parameter(help="Licence of the photos, for the card.")] = "not stated",
    resume: Annotated[bool, Parameter(negative="", help="Go on where the run in --out stopped.")] = False,
    fit: Annotated[FilterSettings, Parameter(name="*")] = FilterSettings(),
    json: AsJson = False,
) -> None:
    """Train a second decoder for a mark, which reads what a searcher's filter has left of it.

    Models that are fitted to the mark afterwards ask it where their first decoder is in doubt. The mark stays as it is:
    photos that carry it need not be marked again. Ctrl-C leaves a checkpoint; the same command with --resume goes on.

    Example: unfind mark harden my-mark --data holiday/ --data shop.zip --out my-hardened-mark
    """
    with progress_bar() as progress:
        hardened = harden_mark(HardenRequest(mark, data, licence, fit), out, resume=resume, progress=progress)
    warn_refused(hardened.refused)
    if json:
        print_json(
            {
                "mark": str(hardened.folder),
                "decoder": hardened.before,
                "second_decoder": hardened.after,
                "refused": [list(pair) for pair in hardened.refused],
            }
        )
    else:
        rows = [[name, f"{read:.1%}", f"{hardened.after[name]:.1%}"] for name, read in hardened.before.items()]
        print_table("Bits read in held-out photos", ["filter", "decoder", "second decoder"], rows)
        print(hardened.folder)


@app.command
def export(
    mark: Annotated[str, Parameter(help="The folder of a mark, or shipped.")],
    /,
    *,
    onnx: Annotated[Path, Parameter(help="Folder for the graphs and the report; may be the mark's own.")],
    data: ParityData = "photos",
    photos: ParityPhotos = 100,
    json: AsJson = False,
) -> None:
    """Write a mark's two networks as ONNX, in full precision and with weights of 8 bits, and measure both.

    In the mark's own folder they serve protect and verify, which then need no torch. parity.json says how many pixels
    differ from torch's by more than a level, and whether verdicts do.

    Example: unfind mark export my-mark --onnx my-mark --data my/photos
    """
    with progress_bar() as progress:
        pixels = [photo.pixels for photo in native_photos(held_out(photos_of(data)), photos)]
        report = export_mark(mark, onnx, pixels, progress=progress)
    tell_parity(report, str(onnx), json)


@app.command
def show(mark: Annotated[str, Parameter(help="The folder of a mark, or shipped.")], /, *, json: AsJson = False) -> None:
    """Tell what a mark was trained with, what it reached, and what it costs.

    Example: unfind mark show my-mark
    """
    net = load(mark)
    costs = {
        "fingerprint": net.fingerprint,
        "encoder_gmac": round(multiplications(net.encoder, *net.encoder.example()) / 1e9, 3),
        "decoder_gmac": round(multiplications(net.decoder, net.encoder.example()[0]) / 1e9, 3),
        "megabytes": round((weight_bytes(net.encoder) + weight_bytes(net.decoder)) / 1e6, 2),
    }
    if json:
        print_json({**net.card, **costs})
    else:
        print_table(mark, ["", ""], [[name, str(value)] for name, value in {**net.card, **costs}.items()])


def _figures(trained: TrainedMark) -> dict[str, float]:
    return {**trained.fitted.figures, "strength": trained.fitted.stage.strength}


def _as_json(trained: TrainedMark) -> dict[str, object]:
    return {
        "mark": str(trained.folder),
        "stage": trained.fitted.stage.name,
        "attempt": trained.fitted.attempt,
        "held_out": _figures(trained),
        "refused": [list(pair) for pair in trained.refused],
    }
