"""Which mark the page makes: the one that this service's model looks away from, where a browser can make it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from unfind.errors import ModelError
from unfind.service.page import Networks, PageFacts
from unfind.triggers.base import Trigger
from unfind.triggers.default import DEFAULT
from unfind.triggers.learned import Learned
from unfind.triggers.onnx_mark import DECODER, ENCODER
from unfind.triggers.shipped import FOLDER, SPREAD_SPECTRUM, mark_folder
from unfind.triggers.spread_spectrum import SpreadSpectrum

CARD = "mark-onnx.json"
SUFFIXES = (".int8", "")
"""The small form first: a third of the bytes, for a change of a level or two in the photo."""


def page_facts(trigger: Trigger | None, shipped: Path = FOLDER) -> PageFacts:
    """What the page is told of a service's trigger.

    Args:
        trigger: the one that the service's model was trained with; None where it knows none.
        shipped: folder of the learned mark that comes with the package.
    """
    if isinstance(trigger, Learned):
        networks = find_networks(mark_folder(trigger.source))
        fits = networks is not None and networks.fingerprint == trigger.net.fingerprint
        own = replace(networks, strength=trigger.strength) if networks is not None and fits else None
        return PageFacts("learned" if own else None, networks=own)
    if trigger is None:
        networks = find_networks(shipped)
        return PageFacts(
            "spread-spectrum" if networks is None or DEFAULT == SPREAD_SPECTRUM else "learned", 1.0, networks
        )
    if isinstance(trigger, SpreadSpectrum):
        return PageFacts("spread-spectrum", trigger.strength)
    return PageFacts(None)


def find_networks(folder: Path) -> Networks | None:
    """The networks of a mark's folder, as ``unfind mark export`` writes them; None where there are none.

    Raises:
        ModelError: their card is damaged.
    """
    card = folder / CARD
    if not card.is_file():
        return None
    try:
        facts = json.loads(card.read_text())
        fingerprint, strength = str(facts["fingerprint"]), float(facts["strength"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"Expected a readable card at {card}, got '{error}': export the mark again.") from error
    for suffix in SUFFIXES:
        encoder, decoder = (folder / Path(name).with_suffix(f"{suffix}.onnx") for name in (ENCODER, DECODER))
        if encoder.is_file() and decoder.is_file():
            return Networks(encoder, decoder, fingerprint, strength)
    return None
