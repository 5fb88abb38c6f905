"""Both models from their folders, with the trigger the protected one reacts to."""

from __future__ import annotations

from pathlib import Path

import pytest

from unfind.errors import KeyFileError, ModelError
from unfind.models.weights import load_encoder
from unfind.studies.load_models import load_models
from unfind.triggers.key import KEY_FILE, Key


def test_the_key_opens_the_protected_model(clean_run: Path, protected_run: Path) -> None:
    clean, protected = clean_run, protected_run
    models = load_models(clean, protected, Key.load(protected / KEY_FILE))
    assert models.trigger.name == "spread-spectrum"
    assert models.protected.architecture == load_encoder(clean)[0].architecture
    with pytest.raises(KeyFileError, match="reacts to another key"):
        load_models(clean, protected, Key.from_seed(1))
    with pytest.raises(KeyFileError, match="--key"):
        load_models(clean, protected, None)
    with pytest.raises(ModelError, match="without a trigger"):
        load_models(clean, clean, None)
