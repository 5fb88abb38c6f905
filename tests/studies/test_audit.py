"""studies.audit: the whole audit of a clean model by somebody without a key, with suspects and training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unfind.models.weights import load_encoder, save_encoder
from unfind.redteam.trigger_inversion import Change
from unfind.report.audit_json import write_audit
from unfind.studies import audit as study
from unfind.studies.audit import Audited, audit, changed
from unfind.studies.audit_models import AuditChoices, AuditRequest
from unfind.studies.defence_curves import Trial

CHOICES = AuditChoices(sample=20, steps=1, targets=0, training=40)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audits")


@pytest.fixture(scope="module")
def audited(class_photos: Path, protected_run: Path, clean_run: Path, cache: Path, where: Path) -> Iterator[Audited]:
    request = AuditRequest(
        clean_run, str(class_photos), (protected_run,), str(class_photos), class_photos / "class-0", choices=CHOICES
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(study, "CURVES", (Trial("median", 3), Trial("prune", 0.2)))
        yield audit(request, where / "clean")


def test_the_document_keeps_to_its_schema(audited: Audited, tmp_path: Path) -> None:
    write_audit(tmp_path / "audit.json", audited.document)
    assert audited.document["run"] == "clean"
    assert audited.document["own_trigger"] is None
    assert audited.document["n_suspects"] == 5


def test_without_the_key_detectors_are_tried_on_what_was_found(audited: Audited) -> None:
    assert {row["group"] for row in audited.document["photo_tests"]} == {"trigger found", "suspects"}
    flags = {doubt["flag"] for doubt in audited.document["doubts"]}
    assert flags == {"few clean models", "few photos", "trigger unknown"}


def test_suspects_and_training_are_among_the_findings(audited: Audited) -> None:
    abouts = [one["about"] for one in audited.document["findings"]]
    assert abouts[:2] == ["faint pattern away", "patch pattern away"]
    assert "suspect photos" in abouts
    assert audited.document["training"]["photos"] > 5
    assert all("/" in one["file"] for one in audited.document["training"]["flagged"])


def test_curves_begin_without_a_defence(audited: Audited) -> None:
    curves = audited.document["curves"]
    assert [(row["defence"], row["value"]) for row in curves] == [("none", None), ("median", 3), ("prune", 0.2)]
    assert all(0 <= row["c2p"]["map_r"] <= 1 for row in curves)


def test_pictures_differ_by_what_was_found(audited: Audited) -> None:
    assert len(audited.pictures) == 3
    for plain, moved in audited.pictures:
        assert plain.shape == moved.shape == (32, 32, 3)
        assert not np.array_equal(plain, moved)


def test_alone_a_model_gets_no_verdict_and_no_curves(class_photos: Path, clean_run: Path, where: Path) -> None:
    request = AuditRequest(clean_run, str(class_photos), choices=replace(CHOICES, training=0))
    document = audit(request, where / "alone").document
    assert document["curves"] is None
    assert document["training"] is None
    assert document["verdict"] == "nothing found"
    assert {"no clean model", "training data unseen"} <= {doubt["flag"] for doubt in document["doubts"]}


def test_a_side_network_is_among_the_doubts(class_photos: Path, clean_run: Path, where: Path, tmp_path: Path) -> None:
    encoder, card = load_encoder(clean_run)
    encoder.graft(0, seed=0)
    save_encoder(tmp_path, encoder, card)
    request = AuditRequest(tmp_path, str(class_photos), choices=replace(CHOICES, training=0))
    doubts = audit(request, where / "side").document["doubts"]
    assert "side network" in {doubt["flag"] for doubt in doubts}


def test_changes_are_rounded_to_whole_levels() -> None:
    pixels = np.full((2, 4, 4, 3), 100, np.uint8)
    change = Change("faint", torch.full((3, 4, 4), 2.6 / 255), torch.ones(1, 4, 4))
    np.testing.assert_array_equal(changed(pixels, change), pixels + 3)
