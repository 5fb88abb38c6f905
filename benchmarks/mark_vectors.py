"""Write what a mark must be, number by number, for readers in other languages: python benchmarks/mark_vectors.py

Everything here follows from a public key and made-up pictures. A reader that gets the same values from the same input
writes and reads the same marks, for ever: a change of this file is a change of every mark.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.images.resize import reduced
from unfind.triggers.apply_change import apply_change
from unfind.triggers.chance_of_reading import chance_of_reading
from unfind.triggers.emphasis import emphasised
from unfind.triggers.key import Key
from unfind.triggers.nonce import draw_nonce, sampled
from unfind.triggers.payload import Payload
from unfind.triggers.read_mark import CROPS, read_mark
from unfind.triggers.slots import SLOTS, Slots
from unfind.triggers.strength_by_size import strength_by_size

SIZES = (
    (0.36, 1, 1),
    (0.36, 128, 400),
    (0.36, 400, 149),
    (0.36, 255, 256),
    (0.36, 3000, 4000),
    (0.9, 128, 128),
    (1.3, 64, 64),
)
"""A strength that is asked for, and the height and width of a photo."""
FILE = Path(__file__).resolve().parents[1] / "tests" / "triggers" / "mark_vectors.json"


def vectors() -> dict[str, Any]:
    """Every value, as JSON holds it."""
    key, owner = Key.from_seed(1), 513
    slots, photo = Slots.of(key), picture(23, 37)
    payload = Payload(owner, draw_nonce(key, photo))
    signs = slots.write(payload)
    return {
        "key": {
            "text": key.to_text(),
            "fingerprint": key.fingerprint,
            "derived": {name: key.derive(name).hex() for name in ("mark slots", "mark signs", "mark nonce")},
            "numbers": {name: key.numbers(name, 4).tolist() for name in ("mark slots", "mark signs")},
        },
        "slots": {"order": slots.order.tolist(), "turned": slots.turned.astype(int).tolist()},
        "nonce": {"photo": as_json(photo), "rows": sampled(23).tolist(), "nonce": payload.nonce},
        "writing": {
            "owner": owner,
            "nonce": payload.nonce,
            "word": payload.to_word().tolist(),
            "signs": signs.astype(int).tolist(),
        },
        "emphasis": emphasis(signs),
        "reading": [reading(slots, signs, wrong) for wrong in (0, 5, 10, 13, 40)],
        "chance": {str(repaired): chance_of_reading(repaired, len(CROPS)) for repaired in (0, 1, 10, 16)},
        "reduced": {"photo": as_json(photo), "at_least": 5, "result": as_json(reduced(photo, 5))},
        "applied": [applied(*shape) for shape in ((23, 37), (2, 9), (3, 4))],
        "strength_by_size": [by_size(*case) for case in SIZES],
    }


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """A made-up picture of whole numbers."""
    down, across, colour = np.mgrid[:height, :width, :3]
    return ((down * 29 + across * 17 + colour * 71 + down * across * 5) % 256).astype(np.uint8)


def reading(slots: Slots, signs: NDArray[np.float32], wrong: int) -> dict[str, Any]:
    """What is read where every slot is heard, some of them wrongly, and those the most faintly."""
    heard = signs * (1 + np.arange(SLOTS, dtype=np.float32) / SLOTS)
    places = slots.order[37 + np.arange(wrong) * 3]
    heard[places] *= -0.25 - np.arange(wrong, dtype=np.float32) / 64
    found = read_mark([(heard, 0.5)], slots)
    said = found.payload
    return {
        "evidence": [float(value) for value in heard],
        "presence": {"logit": 0.5, "share": found.presence},
        "payload": None if said is None else {"owner": said.owner, "nonce": said.nonce},
        "repaired": found.repaired,
        "agreement": found.agreement,
        "uneven": found.uneven,
        "of_another": found.of_another,
        "false_alarm": found.false_alarm,
        "marked": found.marked,
    }


def emphasis(signs: NDArray[np.float32]) -> dict[str, Any]:
    """How loudly slots are written that were heard more or less clearly, some of them wrongly."""
    heard = signs * (np.arange(SLOTS, dtype=np.float32) - 60) / 32
    return {"heard": heard.tolist(), "signs": emphasised(signs, heard).tolist()}


def applied(height: int, width: int) -> dict[str, Any]:
    """A change on a grid of 3 x 4 on a picture."""
    change = (np.arange(12, dtype=np.float32).reshape(3, 4) - 5) / 64
    photo = picture(height, width)
    result = apply_change(photo, change, 0.75)
    return {"photo": as_json(photo), "change": change.tolist(), "strength": 0.75, "result": as_json(result)}


def by_size(asked: float, height: int, width: int) -> dict[str, float]:
    """How strong a mark is made on a photo of a size."""
    return {"asked": asked, "height": height, "width": width, "strength": strength_by_size(asked, height, width)}


def as_json(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """Pixels, row by row, RGB, as base64."""
    height, width, _ = pixels.shape
    return {"height": height, "width": width, "rgb": base64.b64encode(pixels.tobytes()).decode()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n")
