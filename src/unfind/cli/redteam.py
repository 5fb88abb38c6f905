"""``unfind redteam``: attack a model that you name, to know what it holds and what it withstands."""

from __future__ import annotations

from cyclopts import App

app = App(name="redteam", help="Attack models and photos that you name on disk, to measure what they withstand.")
