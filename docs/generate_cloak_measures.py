"""Write the tables of docs/cloak-measures.md from measured claims: python docs/generate_cloak_measures.py

It reads every document that ``unfind bench cloaks --out FILE`` wrote into benchmarks/results/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.report.bench_json import filed_benches
from unfind.report.generated_part import with_generated
from unfind.report.markdown_table import markdown_table

PAGE = Path(__file__).with_name("cloak-measures.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
EDITS = {
    "jpeg95": "JPEG 95",
    "jpeg90": "JPEG 90",
    "jpeg75": "JPEG 75",
    "jpeg50": "JPEG 50",
    "resize0.75": "3/4 of the size",
    "resize0.5": "half the size",
}


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the bench documents; those of other benches are passed over.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no bench document.
    """
    tables = [section(bench, title) for title, bench in filed_benches(folder, "cloaks").items()]
    return with_generated(text, "".join(tables))


def section(bench: Mapping[str, Any], title: str) -> str:
    """What one document says of methods, compression and other models."""
    first = bench["measured"][0]
    photos = first["survival"][0]["count"]
    opening = (
        f"`{bench['data']}`, {first['n_gallery']:,} photos searched in, {photos} cloaked, seed {first['seed']}. "
        f"Photos as they are have a MAP of {_percent(first['clean_map'])}."
    )
    parts = [
        f"### {title}",
        opening,
        _methods(first["compared"]),
        _survival(first["survival"] + first["survival_strong"]),
        _away(first["survival_away"]),
        _transfer(first["transfer"]),
    ]
    return "\n\n".join(parts) + "\n\n"


def _methods(rows: Sequence[Mapping[str, Any]]) -> str:
    """All methods with the same steps on the same photos."""
    head = ["method", "t-MAP, towards a target", "MAP, away", "PSNR, dB"]
    body = [
        [row["method"], _percent(row["t_map"]) if "t_map" in row else "", _percent(row["map"]) if "map" in row else "",
         f"{row['psnr']:.1f}"]
        for row in rows
    ]  # fmt: skip
    opening = f"All methods with a hundred steps by sign at {_levels(rows[0]['budget'])}, {rows[0]['count']} photos:"
    return f"{opening}\n\n" + markdown_table(head, body)


def _levels(budget: float) -> str:
    return f"{int(255 * budget + 1e-6)} of 255 levels"


def _survival(rows: Sequence[Mapping[str, Any]]) -> str:
    """How much is left of the bits that were won, by mode and edit."""
    head = ["mode", "PSNR, dB", "bits off, written", *EDITS.values()]
    body = [
        [row["mode"], f"{row['psnr']:.1f}", f"{row['distance']:.2f}", *(_percent(row[edit]) for edit in EDITS)]
        for row in rows
    ]
    return "Share of the bits won towards a target that is left after an edit:\n\n" + markdown_table(head, body)


def _away(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a search finds, by mode and edit."""
    head = ["mode", "PSNR, dB", "written", *EDITS.values()]
    body = [
        [row["mode"], f"{row['psnr']:.1f}", _percent(row["score"]),
         *(_percent(row["score_after"][edit]) for edit in EDITS)]
        for row in rows
    ]  # fmt: skip
    return "MAP of photos that were led away, after an edit:\n\n" + markdown_table(head, body)


def _transfer(rows: Sequence[Mapping[str, Any]]) -> str:
    """MAP by the model that searches; bold where it is the model that a cloak was made on."""
    models = list(dict.fromkeys(row["seen_by"] for row in rows))
    made = list(dict.fromkeys(row["made_on"] for row in rows))
    cells = {(row["made_on"], row["seen_by"]): row for row in rows}
    clean = ["nothing", *(_percent(cells[made[0], model]["clean_map"]) for model in models)]
    body = [clean, *([name, *(_cell(cells[name, model]) for model in models)] for name in made)]
    return "MAP after cloaks that lead away; bold where the model was known:\n\n" + markdown_table(
        ["made on", *models], body
    )


def _cell(row: Mapping[str, Any]) -> str:
    return f"**{_percent(row['map'])}**" if row["known"] else _percent(row["map"])


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
