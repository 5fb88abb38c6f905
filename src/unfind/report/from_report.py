"""From ``report.json`` to the page: numbers become sentences, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unfind.report import figures
from unfind.report.measure import Measure
from unfind.report.page import (
    Doubt,
    Fact,
    Plot,
    RankedLists,
    ReportPage,
    Table,
    TaskRow,
    TaskTable,
    Triplet,
)
from unfind.report.report_json import METRICS, PRIVATE_TASKS

_ROWS = {
    "c2c": ("C→C", "ordinary search"),
    "c2p": ("C→P", "a stranger looks for protected photos"),
    "p2c": ("P→C", "a protected photo is searched with"),
    "p2p": ("P→P", "one protected photo looks for another"),
}
_SETTINGS = {
    "run": "run",
    "dataset": "data",
    "protocol": "protocol",
    "seed": "seed",
    "n_query": "queries",
    "n_gallery": "photos in the gallery",
}
_CHECKS = {"verify_rate": "mark found", "bit_accuracy": "payload bits right"}
_STEALTH = (
    ("psnr", "PSNR", 1, " dB"),
    ("ssim", "SSIM", 4, ""),
    ("lpips", "LPIPS", 4, ""),
    ("mse", "MSE", 6, ""),
)


def page_from_report(
    report: Mapping[str, Any], *, ranked: Sequence[RankedLists] = (), triplets: Sequence[Triplet] = ()
) -> ReportPage:
    """Lay a report out as a page.

    Args:
        report: A document that :func:`unfind.report.report_json.write_report` accepts.
        ranked: Searches before and after, as pictures.
        triplets: Original, protected and difference, as pictures.

    Returns:
        The page; sections without data are left out.
    """
    return ReportPage(
        title=_title(report),
        subtitle=f"{report['dataset']}, {report['protocol']} protocol, run {report['run']}",
        facts=_facts(report),
        summary=_summary(report),
        ranked=ranked,
        triplets=triplets,
        tasks=_tasks(report),
        tables=[
            table
            for table in (_psr(report), _mixed(report), _survival(report), _false(report), _stealth(report))
            if table.rows
        ],
        plots=_plots(report),
        doubts=[Doubt(doubt["flag"], doubt["why"]) for doubt in report["doubts"]],
        settings={name: report[key] for key, name in _SETTINGS.items()},
    )


def _title(report: Mapping[str, Any]) -> str:
    before = Measure.parse(report["clean_model"]["c2c"]["recall@1"])
    after = Measure.parse(report["protected_model"]["c2p"]["recall@1"])
    if before is None or after is None:
        return "Search before and after protection"
    return (
        f"A stranger’s search found the right subject {_in_hundred(before.value)} before protection, "
        f"and {_in_hundred(after.value)} after"
    )


def _in_hundred(fraction: float) -> str:
    if 0.0 < fraction < 0.005:
        return "less than once in 100 tries"
    return f"{round(100 * fraction)} times in 100" if round(100 * fraction) != 1 else "once in 100 tries"


def _facts(report: Mapping[str, Any]) -> list[Fact]:
    before, benign = (report[model]["c2c"]["recall@1"] for model in ("clean_model", "protected_model"))
    leaks = [Measure.parse(point["album_leak@10"]) for point in report["mixed"]]
    worst = max((leak.value for leak in leaks if leak), default=None)
    psr, psnr = report["psr"]["c2p"]["recall@1"], report["stealth"]["psnr"]
    facts = [
        Fact("Protected share", _percent(psr), "of a stranger’s finds at rank 1 are gone"),
        Fact("Ordinary search", _percent(benign), f"right at rank 1, {_percent(before)} before"),
        Fact("Album leak, at worst", _times(worst), "1× is chance; more means one photo betrays others"),
        Fact("Visible change", _plain(psnr, 1, " dB"), "PSNR; above 40 dB is hard to see"),
    ]
    return [fact for fact in facts if fact.value != "–"]


def _summary(report: Mapping[str, Any]) -> list[str]:
    tasks, twin = report["protected_model"], report["twin"]
    reverse, among = (_percent(tasks[task]["recall@1"]) for task in ("p2c", "p2p"))
    first, ten = (_percent(twin[hit]) for hit in ("c2p_hit@1", "c2p_hit@10"))
    sentences = [
        "Searching with a protected photo brought up a clean photo of its subject first "
        f"in {reverse} of tries, and another protected one in {among}.",
        "The clean copy of a protected photo found that very photo first "
        f"in {first} of tries, and among the first ten in {ten}.",
    ]
    return [sentence for sentence in sentences if "–" not in sentence]


def _tasks(report: Mapping[str, Any]) -> TaskTable:
    clean = report["clean_model"]["c2c"]
    protected = report["protected_model"]
    rows = [TaskRow(name, meaning, _cells(protected[task])) for task, (name, meaning) in _ROWS.items()]
    return TaskTable(METRICS, [TaskRow("C→C before", "the unprotected model", _cells(clean)), *rows])


def _cells(values: Mapping[str, Any]) -> list[Measure | None]:
    return [Measure.parse(values[metric]) for metric in METRICS]


def _psr(report: Mapping[str, Any]) -> Table:
    return Table(
        "Protected share",
        "PSR: what a private search has lost of what clean search on the unprotected model finds.",
        ["Task", *METRICS],
        [[_ROWS[task][0], *(_percent(report["psr"][task][metric]) for metric in METRICS)] for task in PRIVATE_TASKS],
    )


def _mixed(report: Mapping[str, Any]) -> Table:
    return Table(
        "When only some photos are protected",
        "Exposure: what strangers still find of the protected photos they could find before. "
        "Album leak: how much one protected photo draws out others; 1× is chance.",
        ["Protected photos", "exposure@10", "album leak@10", "ordinary recall@1"],
        [
            [
                f"{100 * point['adoption']:g} %",
                _percent(point["exposure@10"]),
                _times(point["album_leak@10"]),
                _percent(point["benign_recall@1"]),
            ]
            for point in report["mixed"]
        ],
    )


def _survival(report: Mapping[str, Any]) -> Table:
    """Columns that no row fills, such as payload bits for a mark that carries none, are left out."""
    rows, extra = (
        report["survival"],
        [name for name in _CHECKS if any(row.get(name) is not None for row in report["survival"])],
    )
    return Table(
        "What survives edits",
        "Protected share (PSR of mAP at R) after a protected photo was edited or sent on.",
        ["Edit", *(_ROWS[task][0] for task in PRIVATE_TASKS), *(_CHECKS[name] for name in extra)],
        [
            [
                row["edit"],
                *(_percent(row["psr_map_r"][task]) for task in PRIVATE_TASKS),
                *(_percent(row.get(name)) for name in extra),
            ]
            for row in rows
        ],
    )


def _false(report: Mapping[str, Any]) -> Table:
    return Table(
        "Photos that were never protected",
        "Recall at rank 1 that they lose when something else has changed them; near 0 is right.",
        ["Change", "lost recall@1"],
        [[name, _percent(values["benign_drop_recall@1"])] for name, values in report["false_trigger"].items()],
    )


def _stealth(report: Mapping[str, Any]) -> Table:
    rows = [[title, _plain(report["stealth"][key], places, unit)] for key, title, places, unit in _STEALTH]
    return Table(
        "How invisible the protection is",
        "Measured on the files as written.",
        ["Measure", "value"],
        [row for row in rows if row[1] != "–"],
    )


def _plots(report: Mapping[str, Any]) -> list[Plot]:
    metrics = ("recall@1", "recall@8", "map", "map_r", "nmi")
    drawn = [
        (
            figures.psr_by_task(report["psr"], metrics=metrics),
            "Bars of the protected share by metric for each private task",
            "How much of clean search each private task has lost.",
        ),
        (
            figures.benign_drop_by_metric(report["benign_drop"]),
            "Dots of what ordinary search has lost by metric",
            "What ordinary search has paid for it.",
        ),
    ]
    if report["mixed"]:
        figure = figures.exposure_over_adoption(report["mixed"])
        alt = "Lines of exposure and album leak over the share of protected photos"
        drawn.append((figure, alt, "Private photos among ordinary ones."))
    if report["survival"]:
        figure = figures.survival_dots(report["survival"])
        drawn.append((figure, "Dots of the protected share after each edit", "What survives edits."))
    return [Plot(data, f"{alt}; the tables hold the numbers.", caption) for data, alt, caption in drawn]


def _percent(entry: Any) -> str:
    measure = Measure.parse(entry)
    return "–" if measure is None else measure.percent


def _times(entry: Any) -> str:
    measure = Measure.parse(entry)
    return "–" if measure is None else f"{measure.value:.2f}×"


def _plain(entry: Any, places: int, unit: str) -> str:
    measure = Measure.parse(entry)
    return "–" if measure is None else f"{measure.value:.{places}f}{unit}"
