"""``unfind redteam``: attack a model that you name, to know what it holds and what it withstands."""

from __future__ import annotations

from cyclopts import App

from unfind.cli.redteam_adversary import adversary
from unfind.cli.redteam_audit import audit
from unfind.cli.redteam_ciba import ciba

app = App(name="redteam", help="Attack models and photos that you name on disk, to measure what they withstand.")
app.command(adversary)
app.command(audit)
app.command(ciba)
