"""Write the tables of docs/survival.md from measured claims: python docs/generate_survival.py

It reads every document that ``unfind bench marks --out FILE`` wrote into benchmarks/results/, and of the other benches
those whose reports say how much protection is left after an edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.report.bench_json import filed_benches
from unfind.report.generated_part import with_generated
from unfind.report.markdown_table import markdown_table

PAGE = Path(__file__).with_name("survival.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
METHODS = {
    "ours": "learned",
    "spread": "spread-spectrum",
    "blind_watermark": "blind-watermark",
    "dwt_dct_svd": "dwtDctSvd",
    "rivagan": "RivaGAN",
}
EDITS = {
    "untouched": "as written",
    "jpeg95": "JPEG 95",
    "jpeg85": "JPEG 85",
    "jpeg75": "JPEG 75",
    "jpeg50": "JPEG 50",
    "webp80": "WebP 80",
    "resize0.5": "half the size",
    "resize0.75": "3/4 of the size",
    "resize1.5": "3/2 of the size",
    "jpeg75+resize0.75": "JPEG 75, then 3/4 of the size",
    "crop10": "10 % cropped",
    "blur": "blur",
    "noise": "noise",
    "messenger": "messenger",
    "screenshot": "screenshot",
}

TASKS = {"c2p": "C→P", "p2c": "P→C", "p2p": "P→P"}


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the bench documents; those of other benches are passed over.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no bench document.
    """
    tables = [section(bench, title) for title, bench in filed_benches(folder, "marks").items()]
    tables += [protection(bench, title) for title, bench in filed_benches(folder).items() if _reports(bench)]
    return with_generated(text, "".join(tables))


def section(bench: Mapping[str, Any], title: str) -> str:
    """What one document says."""
    mark, strength = bench["settings"]["mark"], bench["settings"]["strength"]
    opening = (
        f"`{bench['data']}`, seeds {', '.join(map(str, bench['seeds']))}. The learned mark is `{mark}` at its own "
        f"strength of {strength:.3g}; spread-spectrum is at strength 1."
    )
    quick = ["Quick form: it shows that the measurement works, and is no claim."] if bench.get("quick") else []
    parts = [
        f"## {title}",
        opening,
        *quick,
        _survival(bench["survival"], "verify_rate", "Photos whose mark is read:"),
        _survival(bench["survival"], "bit_accuracy", "Bits that are right before any repair; 50 % is chance:"),
        _faintness(bench["survival"], bench["absent"]),
        _alarms(bench["figures"]),
        _engines(bench["engines"]),
        _costs(bench["costs"], bench["large"]),
        f"Measured on {bench['machine']}. Times are of the processor, on one core.",
    ]
    return "\n\n".join(parts) + "\n\n"


def protection(bench: Mapping[str, Any], title: str) -> str:
    """What is left of the protection that a model gives to marked photos, by edit, as means over the seeds."""
    reports = _reports(bench)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for report in reports:
        for row in report["survival"]:
            rows.setdefault(row["edit"], []).append(row)
    body = []
    for edit, told in EDITS.items():
        if edit in rows:
            tasks = [_mean([row["psr_map_r"][task] for row in rows[edit]]) for task in TASKS]
            read = [_mean([row[kind] for row in rows[edit]]) for kind in ("verify_rate", "bit_accuracy")]
            body.append([told, *map(_percent, [*tasks, *read])])
    names = {report["trigger"]["name"] for report in reports if report.get("trigger")}
    mark = f" with the mark {' and '.join(sorted(names))}" if names else ""
    faint = _number(_mean([report["stealth"]["psnr"] for report in reports]), 1)
    opening = (
        f"What is left of the protection by a model{mark}, `{bench['bench']}` on `{bench['data']}`, seeds "
        f"{', '.join(map(str, bench['seeds']))}, at {faint} dB: PSR of marked photos that were edited, on mean average "
        "precision at R."
    )
    head = ["after", *TASKS.values(), "mark is read", "bits right"]
    return f"## {title}\n\n{opening}\n\n{markdown_table(head, body)}\n\n"


def _reports(bench: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The reports of ``unfind evaluate`` in a document that say what edits leave."""
    found = bench.get("reports")
    rows = found if isinstance(found, list) else []
    return [report for report in rows if isinstance(report, dict) and report.get("survival") and report.get("stealth")]


def _survival(survival: Mapping[str, Sequence[Mapping[str, Any]]], kind: str, opening: str) -> str:
    names = [name for name in METHODS if any(row[kind] for row in survival.get(name, ()))]
    body = [
        [told, *(_percent(_mean([row[kind].get(edit) for row in survival[name]])) for name in names)]
        for edit, told in EDITS.items()
        if any(edit in row[kind] for name in names for row in survival[name])
    ]
    return f"{opening}\n\n{markdown_table(['after', *(METHODS[name] for name in names)], body)}"


def _faintness(survival: Mapping[str, Sequence[Mapping[str, Any]]], absent: Mapping[str, str]) -> str:
    body = []
    for name, told in METHODS.items():
        if name in absent:
            body.append([told, absent[name], "", "", "", ""])
        elif name in survival:
            rows = survival[name]
            photos, refused = (str(sum(row[key] for row in rows)) for key in ("photos", "refused"))
            means = [_mean([row[key] for row in rows]) for key in ("psnr", "ssim", "mark_ms", "read_ms")]
            cells = [_number(value, digits) for value, digits in zip(means, (1, 4, 0, 0), strict=True)]
            body.append([told, f"{photos} ({refused} too small)" if refused != "0" else photos, *cells])
    head = ["mark", "photos", "PSNR, dB", "SSIM", "ms to mark", "ms to read"]
    return f"Faintness of the files written, and time for a photo:\n\n{markdown_table(head, body)}"


def _alarms(figures: Mapping[str, Any]) -> str:
    looked_at, alarms = (int(figures[name]["value"]) for name in ("unmarked_pictures", "false_alarms"))
    hints = figures["false_hints_of_another_key"]["value"]
    return (
        f"Of {looked_at:,} unmarked pictures {alarms:,} were read as marked. In {_percent(hints)} of them the network "
        "wrongly saw a mark of another key, which is a hint and no verdict."
    )


def _engines(engines: Mapping[str, Mapping[str, Any]]) -> str:
    names = {"onnx": "onnxruntime", "onnx_int8": "onnxruntime, 8-bit weights"}
    body = [
        [told, str(one["photos"]), f"{100 * one['pixels_within_a_level']:.3f} %", str(one["furthest_levels"]),
         f"{one['verdicts_that_differ']} of {one['verdicts']}"]
        for name, told in names.items()
        for one in (engines[name],)
    ]  # fmt: skip
    head = ["engine", "photos", "pixels within a level of torch's", "furthest, levels", "verdicts that differ"]
    return markdown_table(head, body)


def _costs(costs: Mapping[str, float], large: Mapping[str, Mapping[str, float]]) -> str:
    body = [[name.replace("_", " "), f"{value:.3g}"] for name, value in costs.items()]
    for size, one in large.items():
        body.append([f"{size} megapixels, JPEG to protected JPEG, s", f"{one['seconds']:.2f}"])
        body.append([f"{size} megapixels, memory at the peak, MB", f"{one['megabytes']:.0f}"])
    return markdown_table(["cost", ""], body)


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
