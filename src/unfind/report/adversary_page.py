"""The page of an adversary: one table of what each attack gets and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unfind.report.named_bars import named_bars
from unfind.report.page import Fact, Plot, ReportPage, Table

Row = Mapping[str, Any]
REVEALING = ("none", "wash", "estimate", "unlearn")
FORGING = ("none", "forge", "invert")
GIVES_AWAY = 0.5
"""An attack that finds this share of what the clean model would find has broken the protection."""


def adversary_page(document: Row) -> ReportPage:
    """Lay out what an adversary got.

    Args:
        document: of ``adversary.json``.
    """
    return ReportPage(
        _title(document),
        subtitle=f"{document['n_photos']} photos of {document['data']} against {document['run']} (weights "
        f"{document['fingerprint']}, {document['trigger']} mark). The adversary knows the method, not the key.",
        facts=_facts(document),
        summary=[
            "Found: of what the clean model finds without any mark, in mean average precision at R, how much is found "
            "after the attack. 0 % hides everything, 100 % nothing.",
            "Whoever washes does not know which photos are protected. Ordinary search pays for it; that is the drop.",
        ],
        tables=tables(document),
        plots=_plots(document),
        settings={
            "model": f"{document['run']}, {document['fingerprint']}",
            "ordinary search, clean model": f"{_percent(document['clean_recall@1'])} Recall@1",
            "training photos in all": document["n_train"],
            "adoption where photos are listed": _percent(document["adoption"]),
            "seed": document["seed"],
            "seconds, all attacks": f"{document['seconds']:.0f}",
        },
    )


def tables(document: Row) -> list[Table]:
    """The tables, which the documentation shows too: revealing, forging, listing."""
    return [
        Table(
            "Making protected photos findable",
            "By a search with a clean photo for protected ones (C→P) and with a protected one for clean ones (P→C). "
            "PSNR is what a wash does to unmarked photos.",
            ["attack", "needs", "seconds", "found C→P", "found P→C", "Recall@1 drop", "PSNR, dB"],
            [
                [*_named(row, document), _found(row["found_c2p"]), _found(row["found_p2c"]),
                 _points(row), _number(row["psnr"], 1)]
                for row in _of(document, REVEALING)
            ],
        ),
        Table(
            "Making other people's photos vanish",
            "The attacker puts what it has found into clean photos. The less is found, the better the forgery. "
            "Likeness is the correlation with the true pattern, which the adversary does not know.",
            ["attack", "needs", "seconds", "found C→P", "found P→C", "likeness", "PSNR, dB"],
            [
                [*_named(row, document), _found(row["found_c2p"]), _found(row["found_p2c"]),
                 _number(row["likeness"], 2), _number(row["psnr"], 1)]
                for row in _of(document, FORGING)
            ],
        ),
        Table(
            "Listing the protected photos of a gallery",
            f"{_percent(document['adoption'])} of the gallery is protected. Area: the chance that a protected photo "
            "stands before another. Precision: of a list as long as there are protected photos.",
            ["attack", "needs", "seconds", "area", "95 % interval", "precision", "by lot"],
            [
                [*_named(row, document), f"{row['listing']['auc']['value']:.2f}",
                 f"{row['listing']['auc']['low']:.2f}–{row['listing']['auc']['high']:.2f}",
                 _percent(row["listing"]["precision"]), _percent(row["listing"]["share"])]
                for row in _of(document, ("list",))
            ],
        ),
    ]  # fmt: skip


def _title(document: Row) -> str:
    broken = [row for row in _of(document, REVEALING) if row["kind"] != "none" and _best(row) >= GIVES_AWAY]
    if not broken:
        return "No attack that was tried finds half of what protection hides."
    count = len(_of(document, REVEALING)) - len(_of(document, ("none",)))
    return f"{len(broken)} of {count} attacks find half or more of what protection hides."


def _facts(document: Row) -> list[Fact]:
    none = next(row for row in document["attacks"] if row["kind"] == "none")
    facts = [Fact("Found without an attack", _percent(_best(none)), "of what a clean model finds")]
    for kinds, label in (
        (("wash",), "Best wash"),
        (("estimate",), "Best estimate"),
        (("unlearn",), "Best un-learning"),
    ):
        rows = _of(document, kinds)
        if rows:
            best = max(rows, key=_best)
            note = f"{_name(best).removeprefix('wash: ')}; drop {_points(best)} points"
            facts.append(Fact(f"{label} finds", _percent(_best(best)), note))
    return facts[:4]


def _plots(document: Row) -> list[Plot]:
    rows = _of(document, REVEALING)
    series = {
        "C→P": [_value(row["found_c2p"]) for row in rows],
        "P→C": [_value(row["found_p2c"]) for row in rows],
    }
    drawn = named_bars([_name(row) for row in rows], series, x="found, of what the clean model finds")
    plots = [Plot(drawn, "Bars: how much is found after each attack.", "What each attack makes findable again.")]
    lists = _of(document, ("list",))
    if lists:
        rated: dict[str, list[float | None]] = {
            "area under the curve": [row["listing"]["auc"]["value"] for row in lists],
            "precision": [row["listing"]["precision"] for row in lists],
        }
        drawn = named_bars([_name(row) for row in lists], rated)
        plots.append(Plot(drawn, "Bars: area and precision of each list.", "How well protected photos are listed."))
    return plots


def _name(row: Row) -> str:
    """An attack's name; the photos it needs stand in a column of their own."""
    return str(row["attack"]).replace(" clean data", "")


def _of(document: Row, kinds: Sequence[str]) -> list[Row]:
    return [row for row in document["attacks"] if row["kind"] in kinds]


def _named(row: Row, document: Row) -> list[str]:
    return [_name(row), _needs(row, document), _seconds(row)]


def _needs(row: Row, document: Row) -> str:
    needs = []
    if row["held"]:
        needs.append(f"{row['held']} protected")
    if row["share"]:
        needs.append(f"{max(1, round(row['share'] * document['n_train']))} clean")
    if row["kind"] in ("invert", "unlearn"):
        needs.append("the model")
    if row.get("networks"):
        needs.append("the mark's networks")
    return ", ".join(needs) or "–"


def _best(row: Row) -> float:
    return max(_value(row["found_c2p"]) or 0.0, _value(row["found_p2c"]) or 0.0)


def _value(found: Mapping[str, float] | None) -> float | None:
    return None if found is None else found["value"]


def _found(found: Mapping[str, float] | None) -> str:
    if found is None:
        return "–"
    return f"{_percent(found['value'])} ({100 * found['low']:.1f}–{100 * found['high']:.1f})".replace(" (0.0–0.0)", "")


def _seconds(row: Row) -> str:
    return f"{row['seconds']:.0f}" if row["seconds"] >= 10 else f"{row['seconds']:.1f}"


def _points(row: Row) -> str:
    if row["benign_drop"] is None:
        return "–"
    return f"{round(100 * row['benign_drop']['recall@1'], 1) + 0.0:.1f}".replace("-", "−")


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
