"""Figures of a hash model beside loops over its codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import Split
from unfind.errors import DataError, UsageError
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.studies.hash_search import hash_search
from unfind.studies.material import prepare


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return build_encoder(Architecture("tiny", size=32, dimension=8, head="hash"), seed=0).eval()


@pytest.fixture(scope="module")
def searched(split: Split) -> Split:
    """Every other test photo is a query, the others are the database."""
    places = np.arange(len(split.test))
    return replace(split, test=split.test.subset(places[::2], "query"), gallery=split.test.subset(places[1::2], "db"))


@pytest.fixture
def tagged(searched: Split) -> Split:
    """The same photos; classes are tags, and every third photo has one tag more."""

    def with_tags(photos: PhotoSet) -> PhotoSet:
        tags = np.eye(len(photos.classes), dtype=bool)[photos.labels]
        tags[::3, 0] = True
        labels = np.unique(tags, axis=0, return_inverse=True)[1].ravel()
        return replace(photos, tags=tags, tag_names=photos.classes, labels=labels)

    assert searched.gallery is not None
    return replace(searched, test=with_tags(searched.test), gallery=with_tags(searched.gallery))


def slow_map(encoder: Encoder, split: Split, ties: str, relevant=lambda query, item: query == item) -> float:
    """MAP by sorting the differing bits of each pair."""
    assert split.gallery is not None
    query, gallery = prepare(split.test, 32).examples, prepare(split.gallery, 32).examples
    rows, items = (embed_pixels(encoder, part.pixels) > 0 for part in (query, gallery))
    own, theirs = (part.labels if part.tags is None else part.tags for part in (query, gallery))
    scores = []
    for row, label in zip(rows, own, strict=True):
        right = [bool(relevant(label, other)) for other in theirs]
        worse = [not hit if ties == "favour" else hit for hit in right]
        order = sorted(range(len(items)), key=lambda j: (int((items[j] != row).sum()), worse[j]))
        ranking = [right[j] for j in order]
        if any(ranking):
            hits = [sum(ranking[: place + 1]) / (place + 1) for place, hit in enumerate(ranking) if hit]
            scores.append(sum(hits) / len(hits))
    return float(np.mean(scores))


def test_the_figures_are_those_of_the_codes(encoder: Encoder, searched: Split) -> None:
    found = hash_search(encoder, searched, cutoff=3)
    assert found["map"]["value"] == pytest.approx(slow_map(encoder, searched, "against"))
    assert found["map_favour"]["value"] == pytest.approx(slow_map(encoder, searched, "favour"))
    assert found["map"]["value"] <= found["map_expected"]["value"] <= found["map_favour"]["value"]
    assert found["map"]["value"] < found["map_favour"]["value"], "8 bits tie"
    assert (found["bits"], found["n_query"], found["n_gallery"]) == (8, 10, 10)
    assert 1 <= found["distinct_codes"] <= 10
    labels = searched.gallery.labels if searched.gallery is not None else np.zeros(0)
    assert found["chance"] == pytest.approx(np.mean([(labels == label).mean() for label in searched.test.labels]))
    assert {"map@3", "map@3_of_hits", "map@3_published", "map@3_expected"} < found.keys()
    assert hash_search(encoder, searched, cutoff=3) == found


def test_without_a_cutoff_only_the_whole_ranking_counts(encoder: Encoder, searched: Split) -> None:
    assert not any("@" in name for name in hash_search(encoder, searched))


def test_tags_are_compared_by_the_rule(encoder: Encoder, tagged: Split) -> None:
    shared = hash_search(encoder, tagged)
    expected = slow_map(encoder, tagged, "against", lambda query, item: (query & item).any())
    assert shared["map"]["value"] == pytest.approx(expected)
    identical = hash_search(encoder, tagged, relevance="identical")
    expected = slow_map(encoder, tagged, "against", lambda query, item: (query == item).all())
    assert identical["map"]["value"] == pytest.approx(expected)
    assert identical["chance"] < shared["chance"]


def test_a_number_of_queries_is_drawn_by_the_seed(encoder: Encoder, tagged: Split) -> None:
    few = [hash_search(encoder, tagged, queries=4, seed=seed) for seed in (0, 0, 1)]
    assert few[0]["n_query"] == 4
    assert few[0] == few[1] != few[2]
    assert hash_search(encoder, tagged, queries=1000)["n_query"] == 10


def test_progress_names_both_sides(encoder: Encoder, searched: Split) -> None:
    told: list[tuple[str, int, int]] = []
    hash_search(encoder, searched, progress=lambda *facts: told.append(facts))
    assert ("hash queries", 10, 10) in told
    assert ("hash database", 10, 10) in told


def test_what_cannot_be_searched_is_refused(encoder: Encoder, split: Split, searched: Split) -> None:
    embedding = build_encoder(Architecture("tiny", size=32, dimension=8), seed=0)
    with pytest.raises(UsageError, match="train it with --bits"):
        hash_search(embedding, searched)
    with pytest.raises(DataError, match="take a data set for hashing"):
        hash_search(encoder, split)
    with pytest.raises(UsageError, match="at least 1 query, got 0"):
        hash_search(encoder, searched, queries=0)
    with pytest.raises(UsageError, match="shared, identical"):
        hash_search(encoder, searched, relevance="some")
