"""Write the tables of docs/adversary.md from measurements: python docs/generate_adversary.py

It reads every document that ``unfind redteam adversary`` wrote and that was filed in benchmarks/redteam/.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unfind.report.adversary_json import read_adversary
from unfind.report.adversary_page import tables
from unfind.report.generated_part import with_generated
from unfind.report.markdown_table import markdown_table

PAGE = Path(__file__).with_name("adversary.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "redteam"


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the documents, those whose name begins with "adversary".

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file in the folder is no document of an adversary.
    """
    found = [section(read_adversary(path), path.stem) for path in sorted(folder.glob("adversary*.json"))]
    return with_generated(text, "".join(found))


def section(document: Mapping[str, Any], title: str) -> str:
    """One document: on what it was measured, and its three tables."""
    opening = (
        f"`{document['run']}`, a model of `{document['data']}`: {document['n_photos']} photos attacked, "
        f"seed {document['seed']}, {document['trigger']} mark. "
        f"The clean model finds {100 * document['clean_recall@1']:.1f} % (Recall@1)."
    )
    parts = [f"### {title}", opening]
    for table in tables(document):
        parts += [f"**{table.title}.** {table.note}", markdown_table(table.head, table.rows)]
    return "\n\n".join(parts) + "\n\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
