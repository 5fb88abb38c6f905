"""docs/generate_reproductions.py: tables from documents, and the command that measures them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.errors import DataError
from unfind.report.generated_part import END, START

Script = Callable[[str], ModuleType]
ARCHITECTURE = {"backbone": "tiny", "size": 32, "freeze_batch_norm": False}


@pytest.fixture
def generate(script: Script) -> ModuleType:
    return script("generate_reproductions")


@pytest.fixture
def document() -> dict[str, Any]:
    """Table 1 of the cloaks' paper, by two methods and two seeds."""
    rows = [
        {"seed": seed, "method": method, "bits": 16, "source": "measured", "metric": "t_map", "value": value}
        for seed in (0, 1)
        for method, value in (("noise", 0.1 + seed / 10), ("rnm-p2s", 0.9))
    ]
    return {
        "schema": 1, "paper": "rnm", "artefact": "table-1", "title": "t-MAP", "data": "birds.zip", "seeds": [0, 1],
        "machine": "A processor", "threads": 2, "versions": {}, "seconds": 120.0, "rows": rows,
        "settings": {"architecture": ARCHITECTURE, "bits": [16, 24], "queries": 100, "steps": None},
    }  # fmt: skip


def filed(folder: Path, *documents: dict[str, Any]) -> Path:
    """A folder of one set."""
    made = folder / f"{documents[0]['paper']}-birds"
    made.mkdir()
    for document in documents:
        (made / f"{document['artefact']}.json").write_text(json.dumps(document))
    return made


def test_the_page_is_what_the_documents_say_now(generate: ModuleType) -> None:
    text = generate.PAGE.read_text()
    assert generate.page(text, generate.DOCUMENTS) == text, "run: python docs/generate_reproductions.py"


def test_a_table_has_means_over_seeds_and_says_where_it_is_from(
    generate: ModuleType, document: dict[str, Any], tmp_path: Path
) -> None:
    text = generate.section(filed(tmp_path, document))
    assert text.startswith("## rnm-birds\n\n`birds.zip`, seeds 0, 1; A processor, 2 threads, 2 minutes in all. Fewer")
    assert "### Table 1: t-MAP" in text
    assert "| noise | 16 | measured | 15.00 |" in text
    assert "| rnm-p2s | 16 | measured | 90.00 |" in text


def test_columns_that_hold_nothing_are_left_out(generate: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    text = generate.section(filed(tmp_path, document))
    assert "| t_map |" in text
    assert "| map |" not in text


def test_three_seeds_are_a_claim(generate: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    assert "no claim" not in generate.section(filed(tmp_path, {**document, "seeds": [0, 1, 2]}))


def test_the_command_says_all_that_was_set(generate: ModuleType, document: dict[str, Any]) -> None:
    assert generate.command(document) == (
        "unfind reproduce rnm --table 1 --data birds.zip --backbone tiny --size 32 --no-freeze-batch-norm "
        "--bits 16 --bits 24 --queries 100 --seeds 2 --out rnm"
    )


def test_the_command_names_the_triggers_that_were_tried(generate: ModuleType, document: dict[str, Any]) -> None:
    rows = [{"trigger": name, "value": 0.1} for name in ("wanet", "badnets", "wanet", "", None)]
    rows += [{"value": 0.2}, {"trigger": "stegastamp", "protocol": "published", "value": 0.3}]
    tried = {**document, "paper": "mip", "rows": rows}
    assert " --trigger badnets --trigger wanet --queries 100 " in generate.command(tried)
    assert "--trigger" not in generate.command({**tried, "rows": rows[3:]})
    assert "--trigger" not in generate.command({**document, "rows": rows})


def test_the_command_says_what_side_networks_and_fewer_photos_were_for(
    generate: ModuleType, document: dict[str, Any]
) -> None:
    rows = [{"trigger": "learned", "beside": True, "value": 0.1}, {"method": "clean", "value": 0.2}]
    made = {**document, "paper": "mip", "artefact": "figure-11", "rows": rows, "settings": {"defended": 150}}
    assert " --figure 11 --data birds.zip --trigger learned --beside --defended 150 " in generate.command(made)


@pytest.fixture
def attacked(document: dict[str, Any]) -> dict[str, Any]:
    """What the clean-label backdoor reached by two numbers of photos, with usual settings but for a few."""
    rows = [
        {"seed": 3, "variant": "ciba", "poisoned": count, "metric": "t_map", "value": count / 200}
        for count in (10, 100)
    ]
    ground = {
        "architecture": ARCHITECTURE,
        "target": None,
        "photos": 5000,
        "queries": 500,
        "database": 10_000,
        "steps": 400,
    }
    attack = {
        "poisoned": 60,
        "patch": {"side": 0.15625, "stretch": 1.4, "steps": 150},
        "confusion": {"dispersion": 0.5},
    }
    return {**document, "paper": "ciba", "artefact": "poisoned", "seeds": [3], "rows": rows,
            "settings": {"ground": ground, "attack": attack, "victim": "dpsh-48", "official": False}}  # fmt: skip


def test_the_command_of_an_attack_names_what_is_not_usual(generate: ModuleType, attacked: dict[str, Any]) -> None:
    assert generate.command(attacked) == (
        "unfind reproduce ciba poisoned --data birds.zip --backbone tiny --size 32 --patch 0.15625 --patch-stretch 1.4 "
        "--lambda 0.5 --photos 5000 --steps 400 --seed 3 --no-freeze-batch-norm --seeds 1 --out ciba"
    )
    attacked["settings"] |= {"official": True, "victim": "hashnet-24"}
    attacked["settings"]["ground"] |= {
        "target": "deer",
        "steps": None,
        "architecture": ARCHITECTURE | {"freeze_batch_norm": True},
    }
    assert " --objective hashnet --target deer --bits 24 " in generate.command(attacked)
    assert generate.command(attacked).endswith("--seed 3 --official --seeds 1 --out ciba")


def test_attacks_have_a_table(generate: ModuleType, attacked: dict[str, Any], tmp_path: Path) -> None:
    text = generate.section(filed(tmp_path, attacked))
    assert "| poisoned | t_map |" in text
    assert "| 100 | 50.00 |" in text


def test_a_plot_is_shown_where_there_is_one(
    generate: ModuleType, attacked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "IMAGES", tmp_path)
    folder = filed(tmp_path, attacked)
    assert "![" not in generate.section(folder)
    (tmp_path / "ciba-birds-poisoned.svg").write_text("<svg/>")
    assert "![t-MAP: what the table above tells, drawn](images/ciba-birds-poisoned.svg)" in generate.section(folder)


def test_both_protocols_of_mip_stand_apart(generate: ModuleType, document: dict[str, Any]) -> None:
    rows = [
        {"seed": 0, "method": "pbl", "trigger": "blended", "protocol": protocol, "task": "C->C", "measure": "score",
         "metric": "recall@1", "value": value}
        for protocol, value in (("strict", 0.5), ("paper", 0.6))
    ]  # fmt: skip
    found = generate.tables({**document, "paper": "mip", "artefact": "table-3", "rows": rows})
    assert [title for title, _ in found] == ["By the strict protocol:", "By the paper protocol:"]
    assert "50.00" in str(found[0])
    assert "60.00" in str(found[1])


def test_what_stands_around_the_tables_is_kept(generate: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    filed(tmp_path, document)
    page = generate.page(f"# Page\n\nBefore.\n\n{START}\nold\n{END}\n\nAfter.\n", tmp_path)
    assert page.startswith("# Page\n\nBefore.")
    assert page.endswith("After.\n")
    assert "old" not in page
    assert "## rnm-birds" in page


def test_without_a_document_the_page_says_so(generate: ModuleType, tmp_path: Path) -> None:
    assert "No measurement" in generate.page(f"{START}\n{END}\n", tmp_path)


def test_a_file_of_another_kind_is_refused(generate: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="reproduction"):
        generate.section(filed(tmp_path, {**document, "rows": [{}]}))
