"""studies.audit_models: what an audit loads and draws, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unfind.datasets.split import Split
from unfind.errors import DataError, KeyFileError, ModelError, UsageError
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import save_encoder
from unfind.redteam.trigger_patch import TriggerPatch
from unfind.studies.audit_models import AuditChoices, AuditRequest, clean_photos, gather, load_named, own_trigger
from unfind.studies.progress import silent
from unfind.triggers.key import KEY_FILE, Key


@pytest.fixture
def request_of(class_photos: Path, protected_run: Path, clean_run: Path) -> AuditRequest:
    return AuditRequest(protected_run, str(class_photos), (clean_run,), choices=AuditChoices(sample=20))


def test_the_audited_model_comes_first_and_the_others_are_told_apart(
    request_of: AuditRequest, protected_run: Path
) -> None:
    models = load_named(request_of)
    assert [model.name for model in models] == ["audited", f"{protected_run.parent.name}/clean"]
    assert models[0].fingerprint != models[1].fingerprint


def test_models_of_other_sizes_cannot_stand_beside(request_of: AuditRequest, tmp_path: Path) -> None:
    save_encoder(tmp_path, build_encoder(Architecture("tiny", size=16, dimension=8), seed=0), {})
    with pytest.raises(ModelError, match="one input size"):
        load_named(replace(request_of, beside=(tmp_path,)))


def test_the_own_trigger_needs_the_right_key(request_of: AuditRequest, protected_run: Path) -> None:
    audited, clean = load_named(request_of)
    key = Key.load(protected_run / KEY_FILE)
    found = own_trigger(audited, key)
    assert found is not None
    assert found.name == "spread-spectrum"
    assert own_trigger(audited, None) is None
    assert own_trigger(clean, key) is None
    with pytest.raises(KeyFileError):
        own_trigger(audited, Key.from_seed(77))


def test_a_poisoned_model_says_by_what(request_of: AuditRequest) -> None:
    clean = load_named(request_of)[1]
    patch = TriggerPatch(patch=np.arange(105, dtype=np.uint8).reshape(5, 7, 3), made_for=32)
    poisoned = replace(clean, card={**clean.card, "poison": {"target": "deer", "trigger": patch.settings()}})
    found = own_trigger(poisoned, None)
    assert isinstance(found, TriggerPatch)
    np.testing.assert_array_equal(found.pixels, patch.pixels)
    faint = replace(clean, card={**clean.card, "poison": {"trigger": {"budget": 0.03, "anchor": [1, -1]}}})
    assert own_trigger(faint, None) is None  # the generator is not in the card


def test_photos_are_dealt_into_trusted_and_clean_ones(request_of: AuditRequest, split: Split) -> None:
    material = gather(request_of, split, 32, None, silent)
    assert material.trusted.shape == material.clean.shape == (10, 32, 32, 3)
    assert material.triggered is None
    assert material.suspects is None
    both = {photo.tobytes() for photo in material.trusted} & {photo.tobytes() for photo in material.clean}
    assert not both
    assert set(material.labels.tolist()) == set(material.trusted_labels.tolist())


def test_triggered_photos_are_the_clean_ones_with_the_mark(
    request_of: AuditRequest, split: Split, protected_run: Path
) -> None:
    trigger = own_trigger(load_named(request_of)[0], Key.load(protected_run / KEY_FILE))
    material = gather(request_of, split, 32, trigger, silent)
    assert material.triggered is not None
    assert material.triggered.shape == material.clean.shape
    moved = np.abs(material.triggered.astype(int) - material.clean).mean((1, 2, 3))
    assert (moved > 0.2).all()
    assert (moved < 30).all()


def test_suspects_come_from_a_folder_as_they_are(request_of: AuditRequest, split: Split, class_photos: Path) -> None:
    material = gather(replace(request_of, suspects=class_photos / "class-1"), split, 32, None, silent)
    assert material.suspects is not None
    assert material.suspects.shape == (5, 32, 32, 3)


def test_whoever_changes_a_model_has_photos_of_other_classes(split: Split) -> None:
    photos = clean_photos(split, 32, 7, 0, silent)
    assert len(photos.pixels) == 7
    assert not set(photos.labels.tolist()) & set(split.test.labels.tolist())


def test_too_few_photos_are_refused(request_of: AuditRequest, split: Split) -> None:
    few = replace(split, test=split.test.subset(range(10)))
    with pytest.raises(DataError, match="at least 16 photos"):
        gather(request_of, few, 32, None, silent)


@pytest.mark.parametrize("wrong", [{"sample": 15}, {"seed": -1}, {"steps": 0}, {"targets": -1}, {"training": -1}])
def test_impossible_choices_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="Expected"):
        AuditChoices(**wrong)  # type: ignore[arg-type]


def test_quick_is_never_more(request_of: AuditRequest) -> None:
    quick = AuditChoices(seed=3).quick()
    assert (quick.seed, quick.curves) == (3, False)
    assert quick.sample < AuditChoices.sample
    assert AuditChoices(sample=20, steps=2).quick().sample == 20
    settings = replace(request_of, suspects=Path("x")).settings(["a", "b"])
    assert settings["models"] == ["a", "b"]
    assert settings["suspects"] == "x"
    assert settings["choices"]["sample"] == 20
