"""A cyclic redundancy check over bits: tells a message that was repaired wrongly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 12
POLYNOMIAL = 0x80F
"""x^12 + x^11 + x^3 + x^2 + x + 1 (CRC-12), the highest power left out."""
START = 0xACE
"""Not 0, so that a message of nothing but zeros has a checksum of its own."""


def checksum(message: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The check bits (12,) of a message of bits (K,), 0 or 1 each."""
    register = START
    for bit in message.tolist():
        carry = (register >> (BITS - 1)) ^ bit
        register = (register << 1) & (2**BITS - 1)
        if carry:
            register ^= POLYNOMIAL
    return to_bits(register, BITS)


def to_bits(number: int, count: int) -> NDArray[np.uint8]:
    """A whole number as bits (count,), the highest first."""
    return np.array([number >> place & 1 for place in reversed(range(count))], np.uint8)


def to_number(bits: NDArray[np.uint8]) -> int:
    """Bits, the highest first, as a whole number."""
    return int("".join(map(str, bits.tolist())), 2)
