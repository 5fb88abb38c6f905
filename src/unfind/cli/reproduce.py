"""``unfind reproduce``: a table or figure of a paper, measured again on any photos."""

from __future__ import annotations

from cyclopts import App

from unfind.cli.reproduce_ciba import ciba
from unfind.cli.reproduce_mip import mip
from unfind.cli.reproduce_rnm import rnm

app = App(name="reproduce", help="Measure a table or figure of a paper again, on any photos.")
app.command(mip)
app.command(rnm)
app.command(ciba)
