"""The page of an audit: what was found, how sure that is, and what becomes of it under defences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.report.captioned import captioned
from unfind.report.page import Doubt, Fact, Plot, ReportPage, Table
from unfind.report.panels import Panel, panels
from unfind.report.pictures import amplified_difference

Photo = NDArray[np.uint8]
Row = Mapping[str, Any]
TITLES = {
    "backdoor": "This model behaves like one with a backdoor.",
    "suspicious": "Something in this model is suspicious, and nothing proves it.",
    "nothing found": "Nothing was found that a clean model would not show.",
}
GROUPS = {
    "own trigger": "photos with the model's own trigger",
    "trigger found": "photos with the trigger that was found",
    "suspects": "the suspect photos",
}
GAIN = 10.0
"""Of a difference that is shown."""
CLASSES = 8
"""Of the training classes that are listed, the most suspicious ones."""


def audit_page(audit: Row, pictures: Sequence[tuple[Photo, Photo]] = ()) -> ReportPage:
    """Lay out an audit.

    Args:
        audit: the document of ``audit.json``.
        pictures: clean photos without and with the change that moves them most.
    """
    return ReportPage(
        TITLES[audit["verdict"]],
        subtitle=f"Audit of {audit['run']} (weights {audit['fingerprint']}) with {audit['n_clean']} clean photos of "
        f"{audit['data']}, and {_count(len(audit['beside']), 'clean model')} beside it.",
        facts=_facts(audit),
        summary=_summary(audit),
        tables=[table for table in _tables(audit) if table.rows],
        plots=_plots(audit, pictures),
        doubts=[Doubt(one["flag"], one["why"]) for one in audit["doubts"]],
        settings=_settings(audit),
    )


def _facts(audit: Row) -> list[Fact]:
    alarms = sum(one["alarm"] for one in audit["findings"])
    faint = _search(audit, "audited", "faint")
    clean = [_search(audit, name, "faint")["moved"] for name in audit["beside"]]
    facts = [
        Fact("Alarms", f"{alarms} of {len(audit['findings'])}", "measurements that a clean model would hardly show"),
        Fact("A faint pattern moves photos by", f"{faint['moved']:.2f}",
             f"clean models: {', '.join(f'{one:.2f}' for one in clean)}" if clean else "no clean model to compare"),
    ]  # fmt: skip
    best = _best(audit)
    if best is not None:
        facts.append(Fact(f"Best detector: {best['detector']}", f"{best['auc']['value']:.2f}",
                          f"area under the curve, {GROUPS[best['group']]}"))  # fmt: skip
        facts.append(Fact("Its false alarms", _percent(best["false_alarms"]), "of clean photos, on the same model"))
    return facts


def _summary(audit: Row) -> list[str]:
    said = [f"{one['about'].capitalize()}: {one['why']}." for one in audit["findings"] if one["alarm"]]
    if not said:
        said = ["No measurement stood out. That is no proof: a trigger that was not searched for is not found."]
    rates = [one["false_alarms"] for one in audit["findings"] if one["false_alarms"] is not None and one["clean"]]
    if rates:
        said.append(
            f"Judged in the same way against each other, {_percent(max(rates))} of the clean models at worst would "
            "raise a false alarm."
        )
    return said


def _tables(audit: Row) -> list[Table]:
    return [
        Table(
            "Findings",
            "An index of 2 or more above the clean models, or above the model's own other values, is an alarm.",
            ["what was looked at", "this model", "clean models", "index", "alarm", "clean models that would alarm"],
            [
                [one["about"], f"{one['value']:.2f}", ", ".join(f"{value:.2f}" for value in one["clean"]) or "–",
                 _number(one["index"], 1), "yes" if one["alarm"] else "no", _percent(one["false_alarms"])]
                for one in audit["findings"]
            ],
        ),
        Table(
            "Searches for a trigger",
            "How far the same change moves photos it was not made from: 0 leaves an embedding where it is, 1 makes it "
            "unrelated. By lot: a change as large that nobody searched for.",
            ["search", "model", "moved", "by lot", "near each other", "reached"],
            [
                [_search_name(row), row["model"], f"{row['moved']:.2f}", f"{row['control']:.2f}",
                 f"{row['gathered']:.2f}", _number(row["reached"], 2)]
                for row in _together(audit["searches"], _search_name)
            ],
        ),
        *(_photo_table(audit, group) for group in GROUPS),
        _training_table(audit),
        _flagged_table(audit),
        _curve_table(audit),
    ]  # fmt: skip


def _photo_table(audit: Row, group: str) -> Table:
    tests = [row for row in audit["photo_tests"] if row["group"] == group]
    rows = _together(tests, lambda row: str(row["detector"]))
    return Table(
        f"Detectors on {GROUPS[group]}",
        "Area under the curve: the chance that such a photo looks odder than a clean one. Thresholds were set on other "
        "clean photos. What a clean model shows too is a property of the photos, not of a backdoor.",
        ["detector", "model", "area", "95 % interval", "caught", "false alarms"],
        [
            [row["detector"], row["model"], f"{row['auc']['value']:.2f}",
             f"{row['auc']['low']:.2f}–{row['auc']['high']:.2f}", _percent(row["caught"]),
             _percent(row["false_alarms"])]
            for row in rows
        ],
    )  # fmt: skip


def _training_table(audit: Row) -> Table:
    classes = audit["training"]["classes"][:CLASSES] if audit["training"] else []
    return Table(
        "Training classes that fall into two",
        "Activation clustering: a clear and small second part is how poison looks.",
        ["class", "score", "silhouette", "smaller part", "photos in it"],
        [
            [
                one["class"],
                f"{one['score']:.2f}",
                f"{one['silhouette']:.2f}",
                _percent(one["share"]),
                str(one["photos"]),
            ]
            for one in classes
        ],
    )


def _flagged_table(audit: Row) -> Table:
    flagged = audit["training"]["flagged"] if audit["training"] else []
    return Table(
        "Training photos to look at",
        "Spectral signatures: how far a photo lies along the main direction of its class, over the class's mean.",
        ["photo", "class", "score"],
        [[one["file"], one["class"], f"{one['spectral']:.1f}"] for one in flagged],
    )


def _curve_table(audit: Row) -> Table:
    return Table(
        "What defences leave",
        "Mean average precision at R, in percent. Search is for clean photos among clean ones; the others have the "
        "trigger in the gallery, in the query, in both. A backdoor is removed when these come back and search stays.",
        ["defence", "search", "C→P", "P→C", "P→P"],
        [
            [_curve_name(row), *(f"{100 * row[task]['map_r']:.1f}" for task in ("c2c", "c2p", "p2c", "p2p"))]
            for row in audit["curves"] or []
        ],
    )


def _plots(audit: Row, pictures: Sequence[tuple[Photo, Photo]]) -> list[Plot]:
    models = ["audited", *audit["beside"]]
    parts = [
        Panel(f"{shape} pattern", [_short(name) for name in models], {
            "searched for": [_search(audit, name, shape)["moved"] for name in models],
            "by lot": [_search(audit, name, shape)["control"] for name in models],
        })
        for shape in ("faint", "patch")
    ]  # fmt: skip
    drawn = panels(parts, kind="bar", y="distance moved", per_cent=False)
    caption = "How far one change moves all photos' embeddings. A backdoor is a shorter way than clean models have."
    plots = [Plot(drawn, "Bars: how far the change that was found moves embeddings, by model.", caption)]
    if pictures:
        named = {}
        for place, (plain, moved) in enumerate(pictures):
            named[f"photo {place + 1}"] = plain
            named[f"with what was found {place + 1}"] = moved
            named[f"difference × {GAIN:g}, {place + 1}"] = amplified_difference(plain, moved, GAIN)
        plots.append(Plot(captioned(named, columns=3, format="png"), "Photos without and with the change, and the "
                          "difference.", "The change that moves photos the most, and what it looks like."))  # fmt: skip
    return plots


def _settings(audit: Row) -> dict[str, object]:
    return {
        "model": f"{audit['run']}, {'codes' if audit['hashes'] else 'embeddings'}",
        "beside it": ", ".join(audit["beside"]) or "nothing",
        "own trigger known": audit["own_trigger"] or "no",
        "trusted photos": audit["n_trusted"],
        "clean photos tested on": audit["n_clean"],
        "suspect photos": audit["n_suspects"],
        "training photos": audit["training"]["photos"] if audit["training"] else 0,
        "seed": audit["seed"],
        "seconds, of the last call": f"{audit['seconds']:.0f}",
    }


def _best(audit: Row) -> Row | None:
    """The detector that does best on the real trigger, else on what was found."""
    for group in ("suspects", "own trigger", "trigger found"):
        rows = [row for row in audit["photo_tests"] if row["group"] == group and row["model"] == "audited"]
        if rows:
            best: Row = max(rows, key=lambda row: float(row["auc"]["value"]))
            return best
    return None


def _search(audit: Row, model: str, shape: str) -> Row:
    rows = audit["searches"]
    found: Row = next(r for r in rows if (r["model"], r["shape"], r["goal"]) == (model, shape, "away"))
    return found


def _together(rows: Sequence[Row], name: Callable[[Row], str]) -> list[Row]:
    """Rows of one name under each other, so that models can be compared, in the order of the first of each."""
    order = list(dict.fromkeys(name(row) for row in rows))
    return sorted(rows, key=lambda row: order.index(name(row)))


def _search_name(row: Row) -> str:
    place = "" if row["target"] is None else f" {row['target'] + 1}"
    return f"{row['shape']}, {row['goal']}{place}"


def _curve_name(row: Row) -> str:
    return "none" if row["knob"] is None else f"{row['defence']}, {row['knob']} {row['value']:g}"


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
