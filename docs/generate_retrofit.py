"""Write the tables and plots of docs/retrofit-results.md from measured claims: python docs/generate_retrofit.py

It reads every document that ``unfind bench retrofit --out FILE`` wrote into benchmarks/results/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.report.bench_json import filed_benches
from unfind.report.figures import exposure_over_adoption, survival_dots
from unfind.report.generated_part import with_generated
from unfind.report.markdown_table import markdown_table

PAGE = Path(__file__).with_name("retrofit-results.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
IMAGES = Path(__file__).with_name("images")
SOURCES = {"strict": "strict", "own_index": "own index"}


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the bench documents; those of other benches are passed over.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no bench document.
    """
    parts = [section(bench, title) for title, bench in found(folder).items()]
    return with_generated(text, "".join(parts))


def found(folder: Path) -> dict[str, dict[str, Any]]:
    """The bench documents of retrofit in a folder, by the name of the file."""
    return filed_benches(folder, "retrofit")


def plots(bench: Mapping[str, Any], title: str) -> dict[str, bytes]:
    """The plots of the first seed of a document, by the name of the file: over adoption, and after edits."""
    strict = bench["reports"][0]["strict"]
    drawn = {}
    if strict["mixed"]:
        drawn[f"{title}-adoption.svg"] = exposure_over_adoption(strict["mixed"])
    if strict["survival"]:
        drawn[f"{title}-survival.svg"] = survival_dots(strict["survival"])
    return drawn


def _shown(name: str) -> str:
    """What a plot shows, for those who cannot see it."""
    if name.endswith("-adoption.svg"):
        return "How many of the photos found are protected ones, over the share of photos that are protected"
    return "How much of the protection is left after each edit of the protected photos"


def section(bench: Mapping[str, Any], title: str) -> str:
    """What one document says: search kept and leaks, the codewords, the rival, the plots."""
    seeds = len(bench["seeds"])
    standing = (
        "a quick run, no claim" if bench.get("quick") else f"{seeds} seeds" if seeds > 1 else "one seed, no claim"
    )
    first = bench["reports"][0]
    parts = [
        f"## {title}",
        f"`{bench['data']}`, {standing}; tables below the first are those of seed {first['seed']}.",
        _sources(bench["reports"]),
        _codewords(first["trade_off"]),
        _rival(first["rival"]),
        "\n\n".join(f"![{_shown(name)}](images/{name})" for name in plots(bench, title)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n\n"


def _sources(reports: Sequence[Mapping[str, Any]]) -> str:
    """Benign drop and leaks at each adoption, mean over the seeds."""
    drop = _mean(100 * _value(report["strict"]["benign_drop"]["recall@1"]) for report in reports)
    rows = []
    for source, name in SOURCES.items():
        for place, mixed in enumerate(reports[0][source]["mixed"]):
            cells = [_mean(_value(report[source]["mixed"][place][key]) for report in reports) for key in LEAKS]
            outliers = _mean((report[source]["outliers"] or {}).get("worst", float("nan")) for report in reports)
            exposure = f"{100 * cells[0]:.2f} %"
            rows.append([name, f"{100 * mixed['adoption']:g} %", exposure, f"{cells[1]:.2f}", f"{outliers:.2f}"])
    head = ["codewords", "adoption", "exposure@10", "album leak@10", "outlier AUC"]
    return f"Ordinary search loses {drop:.2f} points of Recall@1.\n\n" + _table(head, rows)


LEAKS = ("exposure@10", "album_leak@10")


def _codewords(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ["codewords", "exposure@10", "album leak@10", "outlier AUC"]
    body = [
        [
            str(row["codewords"]),
            f"{100 * _value(row['exposure@10']):.2f} %",
            f"{_value(row['album_leak@10']):.2f}",
            "not measured" if row["outliers"] is None else f"{row['outliers']['worst']:.2f}",
        ]
        for row in rows
    ]
    return "The trade-off over the number of codewords, strict, at 10 % adoption:\n\n" + _table(head, body)


def _rival(rival: Mapping[str, Any] | None) -> str:
    if rival is None:
        return ""
    arms = ("backdoor", "filter", "both")
    head = ["", "marks found", *arms]
    body = [[row["edit"], _percent(row["found"]), *(_percent(row[arm]) for arm in arms)] for row in rival["edits"]]
    body += [[row["situation"], "", *(_percent(row[arm]) for arm in arms)] for row in rival["situations"]]
    times = ", ".join(f"{name} {value:.1f} ms" for name, value in rival["milliseconds"].items())
    ending = f"The filter drops {_percent(rival['false_positives'])} of plain photos. For each photo: {times}."
    return f"PSR on map_r, clean queries on protected photos:\n\n{_table(head, body)}\n\n{ending}"


def _value(entry: Any) -> float:
    entry = entry["value"] if isinstance(entry, Mapping) else entry
    return float("nan") if entry is None else float(entry)


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else float("nan")


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.1f} %"


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    return markdown_table(head, body, numbers=[False] * len(head))


if __name__ == "__main__":
    for title, bench in found(DOCUMENTS).items():
        for name, drawn in plots(bench, title).items():
            (IMAGES / name).write_bytes(drawn)
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
