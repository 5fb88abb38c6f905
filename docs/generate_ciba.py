"""Write the tables of docs/ciba.md from measured claims: python docs/generate_ciba.py

It reads every document that ``unfind bench redteam --out FILE`` wrote into benchmarks/results/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.redteam.ciba import VARIANTS
from unfind.report.bench_json import filed_benches
from unfind.report.generated_part import with_generated
from unfind.report.markdown_table import markdown_table

PAGE = Path(__file__).with_name("ciba.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"

Figures = Mapping[str, Mapping[str, Any]]


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the bench documents; those of other benches are passed over.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no bench document.
    """
    tables = [section(bench, title) for title, bench in filed_benches(folder, "redteam").items()]
    return with_generated(text, "".join(tables))


def section(bench: Mapping[str, Any], title: str) -> str:
    """What one document says of the variants, of other victims, and of detectors."""
    figures, measured = bench["figures"], bench["measured"]
    parts = [f"### {title}", _opening(bench, measured), _variants(figures, measured), _strangers(figures)]
    parts += [_detectors(figures), _pace(figures)]
    return "\n\n".join(part for part in parts if part) + "\n\n"


def _opening(bench: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]) -> str:
    any_of = [next(iter(one["variants"].values())) for one in measured]
    targets = ", ".join(f"{row['target']} (seed {one['seed']})" for one, row in zip(measured, any_of, strict=True))
    row, area = any_of[0], 100 * measured[0]["area"]
    return (
        f"`{bench['data']}`, {measured[0]['poisoned']} of {row['n_train']:,} training photos poisoned, a patch of "
        f"{area:.1f} % of the pixels, {row['n_query']} queries, {row['n_gallery']:,} photos searched in. Targets: "
        f"{targets}. A lot scores {_percent(bench['figures']['t_map_chance'])}, clean models have a MAP of "
        f"{_percent(bench['figures']['clean_map'])}. In per cent, means over seeds, lowest to highest in brackets."
    )


def _variants(figures: Figures, measured: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        [
            f"`{name}`" + (" (one seed)" if _once(name, measured) else ""),
            _percent(figures[f"{name}_t_map"]),
            _percent(figures[f"{name}_t_map@1000"]),
            _percent(figures[f"{name}_t_map@1000_published"]),
            _percent(figures[f"{name}_t_map_no_poison"]),
            _percent(figures[f"{name}_clean_map_drop"]),
        ]
        for name in VARIANTS
        if f"{name}_t_map" in figures
    ]
    head = ["variant", "t-MAP", "t-MAP@1000 of hits", "as published", "same trigger, no poison", "clean MAP lost"]
    return markdown_table(head, lines)


def _once(name: str, measured: Sequence[Mapping[str, Any]]) -> bool:
    return len(measured) > sum(name in one["variants"] for one in measured)


def _strangers(figures: Figures) -> str:
    """CIBA on victims that the surrogate is not like, on the first seed."""
    names = [name.removeprefix("ciba_t_map_no_poison_") for name in figures if name.startswith("ciba_t_map_no_poison_")]
    lines = [
        [
            f"`{name}`",
            *(_percent(figures[key]) for key in (f"ciba_t_map_{name}", f"ciba_t_map_no_poison_{name}")),
            _percent(figures[f"clean_map_{name}"]),
        ]
        for name in names
    ]
    opening = "Victims that the surrogate is not like, on the first seed:\n\n"
    return opening + markdown_table(["victim", "t-MAP of `ciba`", "no poison", "clean MAP"], lines) if lines else ""


def _detectors(figures: Figures) -> str:
    """How well detectors see CIBA's poison."""
    names = [name[len("detector_") : -len("_auc")] for name in figures if _is_detector(name)]
    lines = [
        [
            f"`{name}`",
            _number(figures[f"detector_{name}_auc"]),
            *(
                _number(figures[key], 0) if key in figures else "-"
                for key in (f"detector_{name}_caught", f"detector_{name}_false_alarms")
            ),
            _number(figures[key], 0) if (key := f"detector_{name}_of_trigger_on_clean") in figures else "-",
        ]
        for name in names
    ]
    if not lines:
        return ""
    head = ["detector", "area", "triggered photos caught, %", "false alarms, %", "the mere trigger on a clean model, %"]
    opening = (
        "Detectors of the [audit](audit.md) on the models that `ciba` poisoned, with false alarms on the clean ones. "
        "`clusters` and `spectral` look at training photos:\n\n"
    )
    best, search = figures["best_detector_auc"], figures["inversion_auc"]
    closing = (
        f"\n\nThe best within 5 % of false alarms has an area of {_number(best)}. A search for a trigger tells "
        f"poisoned models from clean ones with an area of {_number(search)}, over as many models as there are seeds."
    )
    return opening + markdown_table(head, lines) + closing


def _is_detector(name: str) -> bool:
    return name.startswith("detector_") and name.endswith("_auc")


def _pace(figures: Figures) -> str:
    name, minutes = "batch_over_one_by_one", f"All of it took {figures['seconds_in_all']['value'] / 60:.0f} minutes."
    faster, alike = _number(figures[name], 1), _number(figures[f"{name}_alike"], 1)
    if f"{name}_spared" not in figures:  # measured before the second look of published code was
        return (
            f"A patch is made {faster} times as fast as one photo at a time in full precision, and {alike} times as "
            f"fast as one at a time in the same precision. {minutes}"
        )
    return (
        f"A step of the patch takes a batch here {faster} times less time than it takes published code, which looks at "
        "one photo at a time in full precision, at each once more without the patch, and makes no use of that; "
        f"{_number(figures[f'{name}_spared'], 1)} times less without this second look; and {alike} times less than one "
        f"at a time, all else alike. {minutes}"
    )


def _percent(figure: Mapping[str, Any]) -> str:
    return _scaled(figure, 100, 1)


def _number(figure: Mapping[str, Any], digits: int = 2) -> str:
    return _scaled(figure, 1, digits)


def _scaled(figure: Mapping[str, Any], times: float, digits: int) -> str:
    if figure["value"] is None:
        return "-"
    between = figure["spread"]
    ends = f" ({times * between[0]:.{digits}f} to {times * between[1]:.{digits}f})" if between else ""
    return f"{times * figure['value']:.{digits}f}{ends}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
