"""Write the tables of docs/results.md from measured claims: python docs/generate_results.py

It reads every bench document in benchmarks/results/, as ``unfind bench NAME --out FILE`` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.report.bench_json import CLAIM_SEEDS, filed_benches
from unfind.report.generated_part import with_generated
from unfind.studies.mip_doubts import published_successes

PAGE = Path(__file__).with_name("results.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
COUNTED = ("service", "api", "page")
"""Benches that train nothing: kills, bytes, requests or photos stand where others have seeds."""


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the bench documents.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no bench document.
    """
    tables = [section(bench, title) for title, bench in filed_benches(folder).items()]
    return with_generated(text, "".join(tables))


def section(bench: Mapping[str, Any], title: str) -> str:
    """One document: how it came out against its targets, every figure, and how to measure it again."""
    parts = [f"## {title}", _verdict(bench["figures"]), _table(bench["figures"]), _methods(bench), _standing(bench)]
    parts.append(_origin(bench))
    return "\n\n".join(part for part in parts if part) + "\n\n"


def _verdict(figures: Mapping[str, Any]) -> str:
    aimed = {name: figure for name, figure in figures.items() if figure["holds"] is not None}
    missed = [f"`{name}` ({_found(figure)})" for name, figure in aimed.items() if not figure["holds"]]
    if not aimed:
        return "No figure has a target."
    held = f"{len(aimed) - len(missed)} of {len(aimed)} targets hold."
    return f"{held} Missed: {', '.join(missed)}." if missed else held


def _found(figure: Mapping[str, Any]) -> str:
    return f"{_number(figure['value'])} {figure['unit']}, target {_target(figure['target'])}"


def _table(figures: Mapping[str, Any]) -> str:
    head = ["| figure | mean | lowest to highest | unit | target | holds |", "|---|---:|---:|---|---|---|"]
    rows = [_row([f"`{name}`", *_cells(figure)]) for name, figure in figures.items()]
    return "\n".join(head + rows)


def _cells(figure: Mapping[str, Any]) -> list[str]:
    spread = " to ".join(_number(end) for end in figure["spread"]) if figure["spread"] else ""
    holds = {None: "", True: "yes", False: "**no**"}[figure["holds"]]
    return [_number(figure["value"]), spread, figure["unit"], _target(figure["target"]), holds]


def _methods(bench: Mapping[str, Any]) -> str:
    """For MIP's methods, what both protocols make of the same models, and the paper's own figure; never averaged."""
    if bench["bench"] != "mip":
        return ""
    head = [
        "| method | task | PSR of map_r, strict | 95 % interval | PSR of map_c, paper protocol | published (CUB-200, "
        "ResNet-50) |",
        "|---|---|---:|---|---:|---:|",
    ]
    paper = {(one["method"], one["task"]): one["value"] for one in published_successes()
             if (one["data"], one["backbone"]) == ("cub200", "resnet50")}  # fmt: skip
    lines = [_method_line(bench["rows"], method, task, paper[method, task]) for method, task in paper]
    return "Privacy by both protocols, in per cent, means over seeds:\n\n" + "\n".join([*head, *lines])


def _method_line(rows: Iterable[Mapping[str, Any]], method: str, task: str, paper: float) -> str:
    facts = {"method": method, "task": task, "measure": "psr", "defence": None}
    own = [row for row in rows if row["value"] is not None and all(row.get(name) == x for name, x in facts.items())]
    strict, also = (
        [row for row in own if (row["protocol"], row["metric"]) == wanted]
        for wanted in (("strict", "map_r"), ("paper", "map_c"))
    )
    between = f"{_mean(strict, 'low')} to {_mean(strict, 'high')}" if strict else ""
    return _row([method, task, _mean(strict, "value"), between, _mean(also, "value"), f"{100 * paper:.2f}"])


def _mean(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """Of fractions, in per cent."""
    return f"{100 * sum(row[name] for row in rows) / len(rows):.2f}" if rows else "-"


def _standing(bench: Mapping[str, Any]) -> str:
    if bench.get("quick"):
        return "Quick form: a small run that shows that the measurement works. It is no claim."
    if bench["bench"].partition("-")[0] in COUNTED:
        return "One run: what repeats is counted inside it."
    if len(bench["seeds"]) < CLAIM_SEEDS:
        return f"Fewer than {CLAIM_SEEDS} seeds: this is no claim."
    return ""


def _origin(bench: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in bench["versions"].items())
    facts = {
        "bench": f"`{bench['bench']}`",
        "data": f"`{bench['data']}`",
        "seeds": ", ".join(str(seed) for seed in bench["seeds"]),
        "machine": f"{bench['machine']}, {bench['threads']} threads",
        "versions": versions,
        "seconds": f"{bench['seconds']:.0f}",
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"


def _target(target: float | str | None) -> str:
    return "" if target is None else f"`{target}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
