"""The report beside direct calls of the evaluation, on the very embeddings it was made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.split import Split
from unfind.errors import EvaluationError, UsageError
from unfind.evaluation.mixed import mixed_gallery
from unfind.evaluation.tasks import Options, four_tasks, one_task, twin_hits
from unfind.images.edits import EDITS
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, build_encoder
from unfind.report.report_json import METRICS, read_report, write_report
from unfind.studies.evaluate import SAMPLED_OF_A_CLASS, Choices, Evaluation, Models, evaluate, sample_by_class
from unfind.studies.side_measures import harmless_marks
from unfind.studies.views import PLAIN, TRIGGERED, UNTOUCHED, Recipe, make_views

FAST = Choices(sample=0, clustering=False)


@pytest.fixture
def sources(evaluation: Evaluation) -> np.ndarray:
    return np.arange(len(evaluation.views.labels))


def test_the_report_is_one(evaluation: Evaluation, tmp_path: Path) -> None:
    write_report(tmp_path / "report.json", {"run": "test", **evaluation.report})
    assert read_report(tmp_path / "report.json")["n_query"] == 20


def test_the_four_tasks_are_those_of_the_embeddings(evaluation: Evaluation, sources: np.ndarray) -> None:
    plain, triggered = evaluation.protected[PLAIN], evaluation.protected[TRIGGERED]
    direct = four_tasks(plain, triggered, evaluation.views.labels, sources)
    for name, result in direct.items():
        assert evaluation.report["protected_model"][name] == dict(result.metrics)
    assert evaluation.report["n_query"] == direct["c2c"].n_query
    assert evaluation.report["n_gallery"] == 20


def test_the_clean_model_is_measured_on_the_same_photos(evaluation: Evaluation, sources: np.ndarray) -> None:
    before = one_task("c2c", evaluation.clean_model[PLAIN], evaluation.views.labels, sources)
    assert evaluation.report["clean_model"]["c2c"] == dict(before.metrics)


def test_drop_and_psr_follow_from_the_tasks(evaluation: Evaluation) -> None:
    report = evaluation.report
    for name in METRICS:
        before = report["clean_model"]["c2c"][name]["value"]
        after = {task: values[name]["value"] for task, values in report["protected_model"].items()}
        assert report["benign_drop"][name]["value"] == pytest.approx(before - after["c2c"])
        for task in ("c2p", "p2c", "p2p"):
            assert report["psr"][task][name]["value"] == pytest.approx(1 - after[task] / before)


def test_twins_and_mixed_galleries(evaluation: Evaluation, sources: np.ndarray) -> None:
    plain, triggered = evaluation.protected[PLAIN], evaluation.protected[TRIGGERED]
    assert evaluation.report["twin"] == twin_hits(plain, triggered)
    # Of twenty photos, 1 % and 10 % are fewer than an album.
    [mixed] = evaluation.report["mixed"]
    clean = evaluation.clean_model[PLAIN]
    labels = evaluation.views.labels
    # Ten of them are triggered at a time, a hundred in all.
    direct = mixed_gallery(plain, triggered, clean, labels, sources, adoption=0.5, seed=0, draws=10)
    assert mixed == direct.as_dict()


def test_embeddings_are_those_of_the_views(evaluation: Evaluation, models: Models) -> None:
    for name in (PLAIN, TRIGGERED, UNTOUCHED):
        rows = embed_pixels(models.protected, evaluation.views.pixels[name])
        np.testing.assert_array_equal(evaluation.protected[name], rows)
    np.testing.assert_array_equal(
        evaluation.clean_model[PLAIN], embed_pixels(models.clean, evaluation.views.pixels[PLAIN])
    )


def test_the_control_compares_recoded_with_untouched(evaluation: Evaluation, sources: np.ndarray) -> None:
    found = evaluation.report["codec_control"]
    recalls = [
        one_task("c2c", evaluation.protected[name], evaluation.views.labels, sources).value("recall@1")
        for name in (PLAIN, UNTOUCHED)
    ]
    assert [found["recall@1_with"], found["recall@1_without"]] == recalls
    assert found["moves"] == pytest.approx(recalls[0] - recalls[1])


def test_stealth_is_of_the_written_files(evaluation: Evaluation) -> None:
    stealth = evaluation.report["stealth"]
    assert {name: stealth[name] for name in ("mse", "psnr", "ssim")} == {
        name: evaluation.views.facts[name] for name in ("mse", "psnr", "ssim")
    }
    assert 25 < stealth["psnr"] < 45


def test_side_measures_cover_every_edit_and_every_harmless_mark(evaluation: Evaluation, models: Models) -> None:
    assert [row["edit"] for row in evaluation.report["survival"]] == list(EDITS)
    assert list(evaluation.report["false_trigger"]) == list(harmless_marks(models.trigger))


def test_few_queries_are_doubted(evaluation: Evaluation) -> None:
    assert any("20 queries" in doubt["why"] for doubt in evaluation.report["doubts"])


def test_a_separate_gallery(models: Models, split: Split) -> None:
    queries, gallery = split.test.subset(range(0, 20, 2)), split.test.subset(range(1, 20, 2))
    found = evaluate(models, queries, gallery=gallery, choices=FAST)
    views = make_views(gallery, Recipe(32, models.trigger))
    sides = {name: embed_pixels(models.protected, views.pixels[name]) for name in (PLAIN, TRIGGERED)}
    direct = four_tasks(
        found.protected[PLAIN],
        found.protected[TRIGGERED],
        queries.labels,
        np.arange(10),
        clean_gallery=sides[PLAIN],
        triggered_gallery=sides[TRIGGERED],
        gallery_labels=gallery.labels,
        gallery_sources=np.arange(10, 20),
        options=Options(clustering=False),
    )
    for name, result in direct.items():
        measured = {key: value for key, value in found.report["protected_model"][name].items() if value is not None}
        assert measured == dict(result.metrics)
    before = one_task(
        "c2c",
        found.clean_model[PLAIN],
        queries.labels,
        np.arange(10),
        gallery=embed_pixels(models.clean, views.pixels[PLAIN]),
        gallery_labels=gallery.labels,
        gallery_sources=np.arange(10, 20),
        options=Options(clustering=False),
    )
    assert found.report["clean_model"]["c2c"]["map_r"] == before.metrics["map_r"]
    assert (found.report["n_query"], found.report["n_gallery"]) == (10, 10)


def test_what_is_left_out_is_null(models: Models, split: Split, tmp_path: Path) -> None:
    report = evaluate(models, split.test, choices=FAST).report
    assert (report["survival"], report["false_trigger"]) == ([], {})
    assert report["benign_drop"]["nmi"] is None
    assert report["psr"]["c2p"]["f1"] is None
    assert report["protected_model"]["p2p"]["nmi"] is None
    write_report(tmp_path / "report.json", {"run": "test", **report})


def test_photos_that_cannot_be_read_are_named_on_both_sides(
    models: Models, photo_set, as_jpeg, wave, tmp_path: Path
) -> None:
    def half(name: str) -> dict[str, bytes]:
        return {f"{name}{i}.jpg": as_jpeg(wave(i % 2, i)) for i in range(6)} | {f"{name}-bad.jpg": b"no photo"}

    labels = [0, 1, 0, 1, 0, 1, 0]
    found = evaluate(models, photo_set(half("q"), labels), gallery=photo_set(half("g"), labels), choices=FAST)
    assert [name for name, _ in found.report["refused"]] == ["q-bad.jpg", "g-bad.jpg"]
    assert found.report["n_query"] == found.report["n_gallery"] == 6
    write_report(tmp_path / "report.json", {"run": "test", **found.report})


def test_no_photo_at_all(models: Models, photo_set) -> None:
    with pytest.raises(EvaluationError, match="JPEG, PNG or WebP"):
        evaluate(models, photo_set({"a.jpg": b"no photo"}, [0]), choices=FAST)


@pytest.fixture
def strangers(split: Split) -> list[int]:
    """One photo of each test class."""
    return [int(np.flatnonzero(split.test.labels == label)[0]) for label in np.unique(split.test.labels)]


def test_a_sample_of_two_is_a_pair(models: Models, split: Split, strangers: list[int]) -> None:
    photos = split.test.subset([*strangers, strangers[2] + 1])
    report = evaluate(models, photos, choices=Choices(sample=2, clustering=False)).report
    assert all(row["psr_map_r"]["c2p"] is not None for row in report["survival"])


def test_photos_that_are_all_alone_cannot_be_scored(models: Models, split: Split, strangers: list[int]) -> None:
    with pytest.raises(EvaluationError):
        evaluate(models, split.test.subset(strangers), choices=FAST)


def test_progress_tells_every_stage(models: Models, split: Split) -> None:
    stages: dict[str, None] = {}
    evaluate(models, split.test, choices=FAST, progress=lambda stage, done, total: stages.setdefault(stage))
    assert list(stages) == [
        "write and read test photos",
        "embed plain photos",
        "embed triggered photos",
        "embed untouched photos",
    ]


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"sample": -1}, {"sample": 1}, {"precision": "fp7"}])
def test_choices_that_cannot_be_right(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=str(next(iter(wrong.values())))):
        Choices(**wrong)


def test_models_of_different_input_sizes_cannot_be_compared(models: Models) -> None:
    larger = build_encoder(Architecture("tiny", 48, 16), seed=0)
    with pytest.raises(UsageError, match="32 and 48"):
        Models(models.clean, larger, models.trigger)


# The sample


LABELS = st.lists(st.integers(0, 6), min_size=2, max_size=40).map(np.array)


@settings(deadline=None, max_examples=60)
@given(LABELS, st.integers(2, 50), st.integers(0, 5))
def test_a_sample_is_made_of_different_photos(labels: np.ndarray, count: int, seed: int) -> None:
    chosen = sample_by_class(labels, count, seed=seed)
    assert len(chosen) == min(count, len(labels))
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, sample_by_class(labels, count, seed=seed))


@settings(deadline=None, max_examples=60)
@given(LABELS, st.integers(2, 50), st.integers(0, 5))
def test_a_sample_holds_relatives_where_there_are_any(labels: np.ndarray, count: int, seed: int) -> None:
    chosen = labels[sample_by_class(labels, count, seed=seed)]
    assert len(np.unique(chosen)) < len(chosen) or len(np.unique(labels)) == len(labels)
    sizes = np.bincount(labels)
    if sizes[sizes > 1].sum() >= count:
        assert (sizes[chosen] > 1).all()


def test_a_sample_of_many_classes_is_a_few_of_each() -> None:
    labels = np.repeat(np.arange(1000), 6)
    counts = np.bincount(labels[sample_by_class(labels, 300, seed=1)])
    assert set(counts.tolist()) == {0, SAMPLED_OF_A_CLASS}
    assert np.bincount(labels[sample_by_class(labels, 5000, seed=1)]).min() >= SAMPLED_OF_A_CLASS


def test_another_seed_is_another_sample() -> None:
    labels = np.repeat(np.arange(50), 6)
    assert not np.array_equal(sample_by_class(labels, 40, seed=0), sample_by_class(labels, 40, seed=1))


@pytest.fixture(scope="module")
def hash_models(models: Models) -> Models:
    """Two models of 16 bits that nobody has fitted."""
    architecture = Architecture("tiny", 32, 16, head="hash")
    return Models(*(build_encoder(architecture, seed=seed).eval() for seed in (0, 1)), models.trigger)


def test_hash_models_pass_the_strict_protocol_as_they_are(hash_models: Models, split: Split, tmp_path: Path) -> None:
    found = evaluate(hash_models, split.test, choices=Choices(sample=6))
    write_report(tmp_path / "report.json", {"run": "codes", **found.report})
    codes = found.protected[PLAIN]
    assert np.array_equal(np.abs(codes), np.full(codes.shape, np.float32(16**-0.5)))
    direct = four_tasks(codes, found.protected[TRIGGERED], found.views.labels, np.arange(len(codes)))
    for name, result in direct.items():
        assert found.report["protected_model"][name] == dict(result.metrics)
    assert any(doubt["flag"] == "many_ties" for doubt in found.report["doubts"]) == any(
        result.tied_share > 0.01 for result in direct.values()
    )
