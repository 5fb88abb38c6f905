"""The whole story in one run: who has been here?

A small encoder learns to recognise places, the privacy backdoor goes in, an owner protects some photos, and a
stranger searches for them before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unfind.datasets.spec import EMBEDDED, load
from unfind.images.files import write_atomic
from unfind.models.encoder import Architecture
from unfind.report.from_report import page_from_report
from unfind.report.page import render
from unfind.report.report_json import write_report
from unfind.studies.evaluate import Choices, evaluate
from unfind.studies.load_models import load_models
from unfind.studies.progress import Progress, silent
from unfind.studies.protect import Protected
from unfind.studies.scene import act
from unfind.studies.showcase import ranked_lists, triplets
from unfind.studies.train import TrainRequest, train
from unfind.training.settings import FitSettings
from unfind.triggers.key import KEY_FILE, Key

SIZE = 112
"""Input side of the demo's encoder: small enough for minutes, large enough for the mark's finest waves."""
CLEAN_FIT = FitSettings(steps=105, classes_per_batch=16, photos_per_class=4, validate_every=35)
PROTECTED_FIT = FitSettings(steps=30, classes_per_batch=16, photos_per_class=4, validate_every=30)


@dataclass(frozen=True)
class Told:
    """Where the story lies.

    Attributes:
        folder: with everything the demo made.
        report: path of report.html.
        numbers: the document of report.json.
        notes: sentences about the photos that a reader must see.
        refused: (file, sentence) of photos that could not be decoded, each once.
    """

    folder: Path
    report: Path
    numbers: dict[str, Any]
    notes: list[str]
    refused: list[tuple[str, str]]


def tell(
    out: Path, *, photos: Path | None = None, seed: int = 0, progress: Progress = silent, steps: int | None = None
) -> Told:
    """Run the story and write it into a folder.

    Args:
        out: an unused folder.
        photos: the user's own, with class folders or without; None for the embedded ones.
        seed: of everything drawn.
        progress: told where it stands.
        steps: of each of the two fits; None for the usual number.

    Raises:
        UnfindError: photos that cannot be used, or a folder that cannot be written.
    """
    data = EMBEDDED if photos is None else str(photos)
    clean, protected = (out / name for name in ("clean-model", "protected-model"))
    fits = [_fit(settings, seed, steps) for settings in (CLEAN_FIT, PROTECTED_FIT)]
    architecture = Architecture("tiny", SIZE, 128)
    first = train(TrainRequest(data, "clean", architecture=architecture, fit=fits[0]), clean, progress=progress)
    train(
        TrainRequest(data, "pbl", start=clean, fit=fits[1]),
        protected,
        progress=progress,
    )
    models = load_models(clean, protected, Key.load(protected / KEY_FILE))
    split = load(data, seed=seed)
    choices = Choices(seed=seed, sample=120)
    evaluation = evaluate(models, split.test, gallery=split.gallery, choices=choices, progress=progress)
    scene = act(out, split.test, (clean, protected), models.trigger, seed=seed, progress=progress)
    report = {"run": out.name, **evaluation.report}
    write_report(out / "report.json", report)
    page = page_from_report(report, ranked=ranked_lists(scene), triplets=triplets(scene))
    write_atomic(out / "report.html", render(page).encode())
    refused = dict([*first.refused, *((str(name), str(why)) for name, why in report["refused"])])
    notes = [*first.notes, *_left_bare(scene.private)]
    return Told(out, out / "report.html", report, notes, list(refused.items()))


def _left_bare(private: list[Protected]) -> list[str]:
    """A sentence about photos that were to be protected and cannot be; none where all were."""
    why = [str(one.problem) for one in private if one.problem is not None]
    return [f"{len(why)} of {len(private)} photos could not be protected, such as {why[0]}"] if why else []


def _fit(settings: FitSettings, seed: int, steps: int | None) -> FitSettings:
    return FitSettings(**{**settings.as_dict(), "seed": seed, "steps": settings.steps if steps is None else steps})
