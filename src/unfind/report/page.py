"""The report as one page: a plain data structure in, a self-contained HTML document out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unfind.errors import UsageError
from unfind.report.measure import Measure
from unfind.report.pictures import bytes_uri
from unfind.report.templating import render_page

_TEMPLATE = Path(__file__).with_name("template.html")
_MEDIA_TYPES = {b"<?xml": "image/svg+xml", b"<svg": "image/svg+xml", b"\x89PNG": "image/png"}


@dataclass(frozen=True)
class Fact:
    """A number that stands for itself at the top of the page.

    Attributes:
        label: What was measured.
        value: The number with its unit.
        note: Half a sentence on how to read it.
    """

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture on the page.

    Attributes:
        uri: A ``data:`` address, see :func:`unfind.report.pictures.data_uri`.
        alt: What it shows, for those who do not see it.
        caption: Text under it.
        relevant: Whether a found photo shows the same subject as the query; None leaves the mark out.
    """

    uri: str
    alt: str
    caption: str = ""
    relevant: bool | None = None

    def __post_init__(self) -> None:
        if not self.uri.startswith("data:image/"):
            raise UsageError(
                f"a report carries its own pictures, but {self.uri[:40]!r} came; make a data: address of it"
            )


@dataclass(frozen=True)
class RankedLists:
    """What one query finds before and after protection, best first."""

    query: Picture
    before: Sequence[Picture]
    after: Sequence[Picture]
    note: str = ""


@dataclass(frozen=True)
class Triplet:
    """A photo, its protected copy, and their difference made visible."""

    original: Picture
    protected: Picture
    difference: Picture
    note: str = ""


@dataclass(frozen=True)
class TaskRow:
    """One row of the four-task table.

    Attributes:
        name: Short name such as "C→P".
        meaning: The same in plain words.
        cells: One measurement per metric of the table; None where nothing was measured.
    """

    name: str
    meaning: str
    cells: Sequence[Measure | None]


@dataclass(frozen=True)
class TaskTable:
    """Search quality by task and metric, as fractions."""

    metrics: Sequence[str]
    rows: Sequence[TaskRow]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.metrics):
                raise UsageError(
                    f"row {row.name!r} needs {len(self.metrics)} cells, one per metric, "
                    f"but {len(row.cells)} came; put None where nothing was measured"
                )


@dataclass(frozen=True)
class Table:
    """A small table; the first column names the row.

    Attributes:
        title: Heading.
        note: How to read it.
        head: Column titles.
        rows: Cells as text, each row as long as the head.
    """

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise UsageError(
                    f"table {self.title!r} has {len(self.head)} columns, but a row has {len(row)}; fill it up"
                )


@dataclass(frozen=True)
class Plot:
    """A figure: SVG or PNG bytes as :mod:`unfind.report.figures` makes them."""

    data: bytes
    alt: str
    caption: str = ""

    @property
    def uri(self) -> str:
        """The figure's ``data:`` address."""
        for start, media_type in _MEDIA_TYPES.items():
            if self.data.startswith(start):
                return bytes_uri(self.data, media_type)
        raise UsageError(
            f"a plot is an SVG or PNG file, but {self.data[:8]!r} came; draw it with unfind.report.figures"
        )


@dataclass(frozen=True)
class Doubt:
    """Something that makes the numbers less trustworthy."""

    flag: str
    why: str


@dataclass(frozen=True)
class ReportPage:
    """Everything on the page; what is left empty leaves its section out.

    Attributes:
        title: The page's one-sentence finding.
        subtitle: What was measured, on what, when.
        facts: Up to four headline numbers.
        summary: Sentences for people who read no further.
        ranked: Searches before and after.
        triplets: Original, protected, difference.
        tasks: The four-task table.
        tables: Further tables, such as the mixed gallery and survival.
        plots: Figures.
        doubts: What the evaluator doubts; () says that it found nothing, None that nobody looked.
        settings: How the numbers came about, so that they can be had again.
    """

    title: str
    subtitle: str = ""
    facts: Sequence[Fact] = ()
    summary: Sequence[str] = ()
    ranked: Sequence[RankedLists] = ()
    triplets: Sequence[Triplet] = ()
    tasks: TaskTable | None = None
    tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    doubts: Sequence[Doubt] | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


def render(page: ReportPage) -> str:
    """Write the page as HTML.

    It carries its pictures and style in itself, holds no script and forbids every request; text from outside,
    such as file names, is escaped. It follows the reader's light or dark mode, fits a phone, and prints.

    Args:
        page: What to show.

    Returns:
        A whole HTML document.
    """
    return render_page(_TEMPLATE, page=page)
