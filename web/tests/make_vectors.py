"""Write what the Python side computes, for the tests of the page's mathematics: tests/vectors.json.

What a learned mark must be stands in the repository's tests/triggers/mark_vectors.json already.

Run it with the sources on the path: PYTHONPATH=src python web/tests/make_vectors.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.models.embed import to_tensor
from unfind.triggers.chance_of_reading import chance_of_reading
from unfind.triggers.checksum import checksum
from unfind.triggers.detect import chance_of_agreement, detect
from unfind.triggers.key import Key
from unfind.triggers.payload import CODE, Payload
from unfind.triggers.read_mark import CROPS
from unfind.triggers.slots import Slots
from unfind.triggers.soft_reading import read_word
from unfind.triggers.spread_spectrum import SpreadSpectrum, heard, loudness_of

VECTORS = Path(__file__).with_name("vectors.json")
STEP = 29
"""Every so many pixels of a photo are compared."""


def photo(width: int, height: int) -> NDArray[np.uint8]:
    """A photo that the tests make again from whole numbers; see photo.ts."""
    y, x = np.mgrid[:height, :width]
    channels = [(2 * x + y + 20 * c + (x * y) % 17) % 256 for c in range(3)]
    return np.stack(channels, axis=2).astype(np.uint8)


def vectors() -> dict[str, Any]:
    """All vectors."""
    key = Key.from_seed(8)
    return {
        "key": _key(key),
        "checksum": _checksums(),
        "bch": _words(),
        "slots": _slots(key),
        "soft": _readings(),
        "chance": _chances(),
        "spread": [_spread(key, *size) for size in ((160, 120), (301, 207), (40, 30))],
    }


def _key(key: Key) -> dict[str, Any]:
    numbers = key.numbers("test", 4).tolist()
    derived = key.derive("test").hex()
    return {"text": key.to_text(), "fingerprint": key.fingerprint, "derived": derived, "numbers": numbers}


def _checksums() -> list[dict[str, str]]:
    random = np.random.default_rng(1)
    messages = [np.zeros(52, np.uint8), np.ones(52, np.uint8), random.integers(0, 2, 52, np.uint8)]
    return [{"message": _text(message), "check": _text(checksum(message))} for message in messages]


def _words() -> list[dict[str, Any]]:
    """Words with 0 to 12 wrong bits, and what is read from them."""
    random, found = np.random.default_rng(2), []
    for wrong in range(13):
        message = random.integers(0, 2, CODE.message_bits, np.uint8)
        word = CODE.encode(message)
        spoilt = word.copy()
        spoilt[random.choice(CODE.length, wrong, replace=False)] ^= 1
        read = CODE.decode(spoilt)
        found.append(
            {
                "message": _text(message),
                "word": _text(word),
                "spoilt": _text(spoilt),
                "read": None if read is None else {"message": _text(read[0]), "wrong": read[1]},
            }
        )
    return found


def _slots(key: Key) -> dict[str, Any]:
    slots, payload = Slots.of(key), Payload(owner=513, nonce=0xDEADBEEF)
    heard = np.random.default_rng(3).normal(size=160).astype(np.float32)
    return {
        "owner": payload.owner,
        "nonce": payload.nonce,
        "word": _text(payload.to_word()),
        "signs": slots.write(payload).astype(int).tolist(),
        "heard": heard.tolist(),
        "evidence": slots.word(heard).tolist(),
        "beacon": slots.beacon(heard),
    }


def _readings() -> list[dict[str, Any]]:
    """Evidence whose faintest bits are wrong, more and more of them."""
    random, found = np.random.default_rng(4), []
    for wrong in (0, 5, 10, 13, 16, 25):
        payload = Payload(owner=7 * wrong, nonce=int(random.integers(2**32)))
        evidence = (2.0 * payload.to_word() - 1) * random.uniform(0.5, 2, CODE.length)
        chosen = random.choice(CODE.length, wrong, replace=False)
        evidence[chosen] *= -0.5 * random.uniform(0.1, 1, wrong)
        read = read_word(evidence.astype(np.float32))
        found.append(
            {
                "evidence": evidence.astype(np.float32).tolist(),
                "owner": None if read is None else read.payload.owner,
                "nonce": None if read is None else read.payload.nonce,
                "repaired": None if read is None else read.repaired,
            }
        )
    return found


def _chances() -> dict[str, list[list[float]]]:
    return {
        "agreement": [[a, chance_of_agreement(a, 24)] for a in (-0.2, 0.0, 1e-4, 0.1, 0.3, 0.6, 0.9, 0.99, 0.9999)],
        "reading": [[wrong, chance_of_reading(wrong, len(CROPS))] for wrong in (0, 1, 4, 9, 10, 12, 16)],
    }


def _spread(key: Key, width: int, height: int) -> dict[str, Any]:
    trigger, pixels = SpreadSpectrum(key, strength=0.8), photo(width, height)
    marked, usual = trigger.mark(pixels), SpreadSpectrum(key)
    return {
        "width": width,
        "height": height,
        "frequencies": trigger.waves.frequencies.tolist(),
        "phases": trigger.waves.phases.tolist(),
        "loudness": _some(loudness_of(to_tensor(pixels[None]))),
        "heard": _some(heard(to_tensor(pixels[None]), 1.0)),
        "marked": marked.reshape(-1, 3)[::STEP].ravel().tolist(),
        "agreement": detect(usual, marked).agreement,
        "plain": detect(usual, pixels).agreement,
    }


def _some(values: torch.Tensor) -> list[float]:
    return [round(float(value), 6) for value in values.flatten()[::101]]


def _text(bits: NDArray[np.uint8]) -> str:
    return "".join(map(str, bits.tolist()))


def written() -> str:
    """The vectors as the file holds them."""
    return json.dumps(vectors(), separators=(",", ":")) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(written())
