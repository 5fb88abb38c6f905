"""What a mark says: a version, an owner and a nonce, with a checksum, as the message of a code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.triggers.bch import Bch
from unfind.triggers.checksum import BITS as CHECK_BITS
from unfind.triggers.checksum import checksum, to_bits, to_number

VERSION = 1
VERSION_BITS, OWNER_BITS, NONCE_BITS = 4, 16, 32
FREE_BITS = OWNER_BITS + NONCE_BITS
"""Bits that may take any value: the version is fixed, and the checksum follows from the rest."""
CODE = Bch(degree=7, corrects=10)
"""127 bits, of which 10 may be misread: a twelfth. Its message has 64 bits, as many as are needed here."""


@dataclass(frozen=True)
class Payload:
    """An owner's bits inside a mark.

    Attributes:
        owner: who marked the photo, 0..65535, by the provider's count; 0 where nobody says.
        nonce: of the photo, 0..2^32 - 1: what lets a model send each protected photo its own way.

    Raises:
        UsageError: a number out of range.
    """

    owner: int
    nonce: int

    def __post_init__(self) -> None:
        for name, bits in (("owner", OWNER_BITS), ("nonce", NONCE_BITS)):
            if not 0 <= getattr(self, name) < 2**bits:
                raise UsageError(
                    f"Expected the {name} of a mark within 0..{2**bits - 1}, got {getattr(self, name)}: choose another."
                )

    def to_word(self) -> NDArray[np.uint8]:
        """The payload as a word of the code, (127,) bits."""
        said = [to_bits(VERSION, VERSION_BITS), to_bits(self.owner, OWNER_BITS), to_bits(self.nonce, NONCE_BITS)]
        message = np.concatenate(said)
        return CODE.encode(np.concatenate([message, checksum(message)]))


def from_message(message: NDArray[np.uint8]) -> Payload | None:
    """The payload that a message (64,) holds; None where its checksum or its version is another one."""
    said, check = message[:-CHECK_BITS], message[-CHECK_BITS:]
    version, owner, nonce = np.split(said, [VERSION_BITS, VERSION_BITS + OWNER_BITS])
    if to_number(version) != VERSION or not np.array_equal(check, checksum(said)):
        return None
    return Payload(to_number(owner), to_number(nonce))
