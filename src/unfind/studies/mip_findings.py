"""What the rows of ``mip_doubts`` come to: for each doubt a few sentences with their numbers, and a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from unfind.evaluation.clustering import pair_f1
from unfind.evaluation.protocol_effects import STRANGER, VARIANTS
from unfind.studies.codec_confound import CLEAN_MODEL, ONE_CODEC, PRIVATE, RUNS, WITH_MARK, WITHOUT_MARK
from unfind.studies.mip_doubts import ALBUM, CENTRES, CODEC, COLLAPSE, METHODS, MIXED, PROTOCOL, WEAK
from unfind.studies.mip_rows import PUBLISHED, SCORE, STRICT, SUCCESS, Row, mean_of
from unfind.studies.published import published

ARROWS = {"c2c": "C→C", "c2p": "C→P", "p2c": "P→C", "p2p": "P→P"}
CUB_TEST = (100, 59)
"""Test classes of CUB-200 and photos in each, on average."""
TOLD = 0.1
"""Share of marked photos in the sentence on albums; with fewer, a small data set has none to find."""


@dataclass(frozen=True)
class Finding:
    """One doubt, answered.

    Attributes:
        doubt: names its rows.
        title: for people.
        sentences: what was found, with numbers.
        head: of the table.
        body: lines of the table, in per cent unless the head says otherwise.
    """

    doubt: str
    title: str
    sentences: tuple[str, ...]
    head: list[str]
    body: list[list[str]]


def findings(rows: Sequence[Row]) -> list[Finding]:
    """All of them, means over seeds.

    Args:
        rows: of ``mip_doubts.doubt_rows``.
    """
    makers: dict[str, Callable[[list[Row]], Finding]] = {
        CODEC: _codec,
        PROTOCOL: _protocol,
        CENTRES: _centres,
        COLLAPSE: _collapse,
        WEAK: _weak,
        ALBUM: _album,
    }
    return [make([row for row in rows if row["doubt"] == doubt]) for doubt, make in makers.items()]


def _codec(rows: list[Row]) -> Finding:
    names = {folder: name for name, folder in RUNS.items()}
    models = [CLEAN_MODEL, ONE_CODEC, names[WITH_MARK], names[WITHOUT_MARK]]
    versions = list(dict.fromkeys(row["photos"] for row in rows if row["measure"] == SUCCESS))

    def hidden(model: str, photos: str, task: str = "c2p") -> float | None:
        return mean_of(rows, model=model, photos=photos, task=task, metric="map_r", measure=SUCCESS)

    def lost(model: str) -> float | None:
        before, after = (
            mean_of(rows, model=one, task="c2c", metric="map_r", measure=SCORE) for one in (CLEAN_MODEL, model)
        )
        return None if not before or after is None else 1 - after / before

    sentences = (
        f"Compressed photos without any mark lose {_percent(hidden(names[WITH_MARK], 'JPEG alone'))} of their map_r in "
        "C→P on a model fitted as the published pipeline does it; its ordinary search has lost "
        f"{_percent(lost(names[WITH_MARK]))}, and what is beyond that is the codec's.",
        f"They lose {_percent(hidden(ONE_CODEC, 'JPEG alone'))} on PBL fitted with one codec for all photos, which has "
        f"lost {_percent(lost(ONE_CODEC))} anyway, and {_percent(hidden(CLEAN_MODEL, 'JPEG alone'))} on the clean "
        "model.",
        "Fitted without any mark, on compressed against uncompressed photos, PBL hides "
        f"{_percent(hidden(names[WITHOUT_MARK], 'JPEG alone'))} of what clean queries would find, and its ordinary "
        f"search has lost {_percent(lost(names[WITHOUT_MARK]))}: the rest the codec can do by itself.",
    )
    body = [
        [model, photos, _number(lost(model)), *(_number(hidden(model, photos, task)) for task in PRIVATE)]
        for model in models
        for photos in versions
    ]
    head = ["fitted to tell apart", "private photos", "C→C lost", *(f"PSR {ARROWS[task]}" for task in PRIVATE)]
    return Finding(CODEC, "The mark came with JPEG", sentences, head, body)


def _protocol(rows: list[Row]) -> Finding:
    def score(method: str, task: str, name: str, measure: str = SCORE) -> float | None:
        return mean_of(rows, method=method, task=task, metric=name, measure=measure)

    strict, habit, paper = (score("clean", "c2c", name) for name in ("map_own_r", "map_first_r", "map_first_nc"))
    moved = {
        (method, task): _difference(
            score(method, task, "recall@1_first", SUCCESS), score(method, task, "recall@1_own", SUCCESS)
        )
        for method in METHODS
        for task in PRIVATE
    }
    (method, task), most = max(moved.items(), key=lambda one: abs(one[1]))
    sentences = (
        f"The clean model's C→C is {_percent(strict)} as map_r. With the paper's denominator the same embeddings score "
        f"{_percent(paper)}; to drop the first hit instead of the own photo gives {_percent(habit)} there.",
        f"In C→P of PBL the first hit is a stranger for {_percent(score('pbl', 'c2p', STRANGER))} of the queries; then "
        "the twin stays in the list and counts as a hit. Of all private cells PSR on Recall@1 moves most in "
        f"{ARROWS[task]} of {method}: by {100 * most:+.2f} points.",
    )
    body = [
        [name, ARROWS[one], *(_number(score(name, one, way)) for way in VARIANTS),
         *(_number(score(name, one, way, SUCCESS)) for way in (VARIANTS[0], VARIANTS[-1]))]
        for name in ("clean", *METHODS)
        for one in (["c2c"] if name == "clean" else ARROWS)
    ]  # fmt: skip
    head = ["method", "task", "own photo out, R", "own photo out, n_c", "first out, R", "first out, n_c", "PSR strict",
            "PSR paper"]  # fmt: skip
    return Finding(PROTOCOL, "The first hit and the denominator", sentences, head, body)


def _centres(rows: list[Row]) -> Finding:
    models = list(dict.fromkeys(row["model"] for row in rows))

    def value(model: str, metric: str) -> float:
        found = mean_of(rows, model=model, metric=metric)
        assert found is not None
        return found

    first = models[0]
    sentence = (
        f"Under the untrained head, {value(first, 'used'):.0f} of {value(first, 'centres'):.0f} class centres are the "
        f"farthest one of any training photo, and {_percent(value(first, 'busiest'))} of the photos share one of them."
    )
    body = [
        [model, *(f"{value(model, name):.0f}" for name in ("centres", "used")), _number(value(model, "busiest")),
         f"{value(model, 'mean_cosine'):.3f}"]
        for model in models
    ]  # fmt: skip
    head = ["centres of", "classes", "ever the farthest", "photos that share the busiest", "mean cosine of centres"]
    return Finding(CENTRES, "The centres that CBL flees to", (sentence,), head, body)


def _collapse(rows: list[Row]) -> Finding:
    def value(method: str, photos: str, metric: str) -> float | None:
        return mean_of(rows, method=method, photos=photos, metric=metric)

    one = value("pbl", "any", "f1_of_one_cluster")
    cub = np.repeat(np.arange(CUB_TEST[0]), CUB_TEST[1])
    everywhere = pair_f1(cub, np.zeros_like(cub))
    repeated = sum(round(100 * row.metrics["f1"], 2) == 1.95 for row in published("cub200"))
    sentences = (
        f"A search that puts all photos into one cluster has an NMI of 0 and here an F1 of {_percent(one)}.",
        f"On {CUB_TEST[0]} classes of {CUB_TEST[1]} photos, the size of CUB-200's test set, that F1 is "
        f"{_percent(everywhere)}; the published tables hold this very number in {repeated} cells. There NMI and F1 say "
        "that the private photos have fallen onto one point, and no more.",
    )
    body = [
        [method, *(_plain(value(method, photos, metric), digits) for photos in ("clean", "triggered")
                   for metric, digits in (("mean_cosine", 3), ("effective_rank", 1)))]
        for method in METHODS
    ]  # fmt: skip
    head = ["method", "mean cosine, clean", "directions, clean", "mean cosine, triggered", "directions, triggered"]
    return Finding(COLLAPSE, "100 % PSR on NMI is a collapse", sentences, head, body)


def _weak(rows: list[Row]) -> Finding:
    combinations = {
        (row["data"], row["backbone"], row["method"]): {
            one["task"]: one["value"]
            for one in rows
            if all(one.get(name) == row.get(name) for name in ("data", "backbone", "method", "protocol"))
        }
        for row in rows
        if row["protocol"] == PUBLISHED and row["method"] != "label"
    }
    weakest = [key for key, found in combinations.items() if min(found, key=lambda task: found[task]) == "p2p"]
    lowest = min(combinations.values(), key=lambda found: found["p2p"])
    sentences = (
        f"In {len(weakest)} of the {len(combinations)} published combinations of data set, backbone and MIP's two "
        f"methods, P→P hides least; its lowest published PSR on map_c is {_percent(lowest['p2p'])}. The abstract's "
        "four figures are those of CBL's P→C with ResNet-50.",
    )
    body = [
        [method, *(_number(mean_of(rows, method=method, protocol=STRICT, task=task)) for task in PRIVATE)]
        for method in METHODS
    ]
    head = ["method, measured here", *(f"PSR {ARROWS[task]}" for task in PRIVATE)]
    return Finding(WEAK, "P→P is the weak cell", sentences, head, body)


def _album(rows: list[Row]) -> Finding:
    adoptions = sorted({row["adoption"] for row in rows})

    def value(method: str, adoption: float, metric: str) -> float | None:
        return mean_of(rows, method=method, adoption=adoption, metric=metric)

    shown = TOLD if TOLD in adoptions else adoptions[-1]
    leak = value("pbl", shown, "album_leak@10")
    share = None if leak is None else leak * shown
    sentence = (
        f"Where {100 * shown:g} % of a gallery carries the mark, the ten best hits of a photo marked for PBL "
        f"hold {_plain(leak, 1)} times as many other marked photos as chance would put there: {_percent(share)} of the "
        "list. Galleries in which all photos are private cannot show that."
    )
    body = [
        [method, f"{100 * adoption:g}", _number(value(method, adoption, MIXED[0])),
         _plain(value(method, adoption, MIXED[1]), 2)]
        for method in METHODS
        for adoption in adoptions
    ]  # fmt: skip
    head = ["method", "marked share", "exposure@10", "album leak@10 (times chance)"]
    return Finding(ALBUM, "Whether one private photo finds the others", (sentence,), head, body)


def _difference(after: float | None, before: float | None) -> float:
    return 0.0 if after is None or before is None else after - before


def _percent(value: float | None) -> str:
    return "nothing that could be measured" if value is None else f"{100 * value:.2f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _plain(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
