"""Write the findings of docs/hidden-numbers.md from measurements: python docs/generate_hidden_numbers.py

It reads every document that ``unfind reproduce mip --doubts`` wrote and that was put into benchmarks/reproductions/.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.bench_json import CLAIM_SEEDS
from unfind.report.generated_part import with_generated
from unfind.report.json_file import read_json
from unfind.report.markdown_table import markdown_table, number_columns
from unfind.studies.mip_findings import Finding, findings
from unfind.studies.reproduce_mip import DOCUMENT

PAGE = Path(__file__).with_name("hidden-numbers.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "reproductions"


def page(text: str, folder: Path) -> str:
    """The page with its findings made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the documents; other tables and figures are passed over.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no such document.
    """
    found = [read_json(path, DOCUMENT, kind="a reproduction") for path in sorted(folder.glob("*.json"))]
    parts = [section(document) for document in found if document["artefact"] == "doubts"]
    return with_generated(text, "".join(parts))


def section(document: Mapping[str, Any]) -> str:
    """What one document says, and how to measure it again."""
    seeds = document["seeds"]
    named = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"
    told = [f"`{document['data']}`, {named}; {document['machine']}, {document['threads']} threads."]
    if len(seeds) < CLAIM_SEEDS:
        told.append(f"Fewer than {CLAIM_SEEDS} seeds: this is no claim.")
    again = f"Measure it again: `{command(document)}`"
    parts = [f"## On {document['data']}", " ".join(told), again, *(_finding(one) for one in findings(document["rows"]))]
    return "\n\n".join(parts) + "\n\n"


def command(document: Mapping[str, Any]) -> str:
    """The words that measure a document again."""
    settings = document["settings"]
    architecture = settings["architecture"]
    words = [
        "unfind reproduce mip --doubts --out mip", f"--data {document['data']}",
        *(f"--{name} {architecture[name]}" for name in ("backbone", "size", "dimension")),
        f"--seeds {len(document['seeds'])}",
        *(f"--{name.replace('_', '-')} {settings[name]}" for name in ("train_classes", "first_steps", "steps")
          if settings[name] is not None),
        *(["--preset paper"] if settings["preset"] == "paper" else []),
    ]  # fmt: skip
    return " ".join(words)


def _finding(one: Finding) -> str:
    return "\n\n".join(
        [f"### {one.title}", *one.sentences, markdown_table(one.head, one.body, numbers=number_columns(one.body))]
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
