"""Binary BCH codes: a word that is misread in a few places still says what was written.

Bose and Ray-Chaudhuri (1960), Hocquenghem (1959). The decoder is that of Berlekamp (1968) and Massey (1969) with
Chien's search. Libraries exist, but a Reed-Solomon code repairs bytes and a mark is misread bit by bit, and those that
know BCH bring a compiler of their own or are written in C; the whole of it is a page.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

Bits = NDArray[np.uint8]

PRIMITIVE = {3: 0b1011, 4: 0b10011, 5: 0b100101, 6: 0b1000011, 7: 0b10001001, 8: 0b100011101}
"""A primitive polynomial over GF(2) for each degree m, bit i for x^i: it makes the field GF(2^m)."""


@dataclass(frozen=True)
class Bch:
    """The narrow-sense primitive BCH code of length 2^m - 1 that repairs any ``corrects`` wrong bits.

    A word is ``message, parity``, as bits 0 or 1; the first bit belongs to the highest power of x.

    Args:
        degree: m, 3 to 8.
        corrects: t, at least 1.

    Raises:
        UsageError: a degree out of range, or more errors than any code of that length can repair.
    """

    degree: int
    corrects: int

    def __post_init__(self) -> None:
        if self.degree not in PRIMITIVE or self.corrects < 1:
            raise UsageError(
                f"Expected a BCH code of degree 3 to 8 that corrects 1 bit or more, got degree {self.degree} and "
                f"{self.corrects} bits: 7 and 10 are usual."
            )
        if self.message_bits < 1:
            raise UsageError(
                f"Expected a BCH code with room for a message, got {self.corrects} wrong bits out of {self.length}: "
                "correct fewer."
            )

    @property
    def length(self) -> int:
        """Bits of a word, n."""
        return int(2**self.degree) - 1

    @property
    def message_bits(self) -> int:
        """Bits of a message, k."""
        return self.length - _generator(self.degree, self.corrects).bit_length() + 1

    def encode(self, message: Bits) -> Bits:
        """The word (n,) of a message (k,): the message itself, then the remainder of its division.

        Raises:
            UsageError: not k bits.
        """
        _check(message, self.message_bits, "message")
        parity_bits = self.length - self.message_bits
        number = int("".join(map(str, message.tolist())), 2) << parity_bits
        remainder = _remainder(number, _generator(self.degree, self.corrects))
        parity = [int(bit) for bit in format(remainder, f"0{parity_bits}b")]
        return np.concatenate([message, np.array(parity, np.uint8)]).astype(np.uint8)

    def decode(self, word: Bits) -> tuple[Bits, int] | None:
        """Read a word (n,).

        Returns:
            The message (k,) and how many bits were wrong, at most ``corrects``; None where no word of the code is that
            near.

        Raises:
            UsageError: not n bits.
        """
        _check(word, self.length, "word")
        syndromes = self._syndromes(word)
        if not any(syndromes):
            return word[: self.message_bits].copy(), 0
        locator = _berlekamp_massey(syndromes, self.degree)
        wrong = _chien(locator, self.degree)
        if len(locator) - 1 > self.corrects or len(wrong) != len(locator) - 1:
            return None
        repaired = word.copy()
        repaired[wrong] ^= 1
        # A locator of the right degree may still belong to no word at all.
        return None if any(self._syndromes(repaired)) else (repaired[: self.message_bits], len(wrong))

    def _syndromes(self, word: Bits) -> list[int]:
        """The word, as a polynomial, at the powers 1..2t of the field's generator."""
        table = syndrome_table(self.degree, self.corrects)
        return [int(value) for value in np.bitwise_xor.reduce(table[word.astype(bool)], axis=0)]


def _check(bits: Bits, count: int, what: str) -> None:
    if bits.shape != (count,) or not np.isin(bits, (0, 1)).all():
        raise UsageError(f"Expected a {what} of {count} bits, 0 or 1 each, got an array {bits.shape}: give these.")


@functools.cache
def field(degree: int) -> tuple[list[int], list[int]]:
    """Powers of the generator of GF(2^m), twice around, and the logarithm of each element."""
    powers, element = [], 1
    for _ in range(2**degree - 1):
        powers.append(element)
        element <<= 1
        if element >> degree:
            element ^= PRIMITIVE[degree]
    logarithms = [0] * 2**degree
    for exponent, value in enumerate(powers):
        logarithms[value] = exponent
    return powers + powers, logarithms


@functools.cache
def _generator(degree: int, corrects: int) -> int:
    """The product of the minimal polynomials of the powers 1..2t, bit i for x^i."""
    order, product, covered = 2**degree - 1, 1, set[int]()
    for power in range(1, 2 * corrects + 1, 2):
        coset = _coset(power, order)
        if coset & covered:
            continue
        covered |= coset
        product = _times(product, _minimal_polynomial(coset, degree))
    return product


def _coset(power: int, order: int) -> set[int]:
    """The exponents of the conjugates of one power: doubled again and again."""
    found: set[int] = set()
    while power % order not in found:
        found.add(power % order)
        power *= 2
    return found


def _minimal_polynomial(coset: set[int], degree: int) -> int:
    """The product of (x - root) over conjugate roots, whose coefficients all are 0 or 1."""
    powers, _ = field(degree)
    coefficients = [1]
    for exponent in sorted(coset):
        root, shifted = powers[exponent], [0, *coefficients]
        for place, coefficient in enumerate(coefficients):
            shifted[place] ^= _multiply(coefficient, root, degree)
        coefficients = shifted
    return sum(bit << place for place, bit in enumerate(coefficients))


def _times(one: int, other: int) -> int:
    """The product of two polynomials over GF(2)."""
    product = 0
    for place in range(other.bit_length()):
        if other >> place & 1:
            product ^= one << place
    return product


def _remainder(number: int, divisor: int) -> int:
    """The remainder of a division of polynomials over GF(2)."""
    while (excess := number.bit_length() - divisor.bit_length()) >= 0:
        number ^= divisor << excess
    return number


@functools.cache
def syndrome_table(degree: int, corrects: int) -> NDArray[np.uint8]:
    """What each set bit of a word adds to each syndrome, (n, 2t)."""
    powers, order = field(degree)[0], 2**degree - 1
    exponents = np.outer(np.arange(order)[::-1], np.arange(1, 2 * corrects + 1)) % order
    table: NDArray[np.uint8] = np.array(powers, np.uint8)[exponents]
    return table


def _multiply(one: int, other: int, degree: int) -> int:
    if one == 0 or other == 0:
        return 0
    powers, logarithms = field(degree)
    return powers[logarithms[one] + logarithms[other]]


def _berlekamp_massey(syndromes: list[int], degree: int) -> list[int]:
    """The shortest recurrence that the syndromes obey, lowest coefficient first: the error locator."""
    powers, logarithms = field(degree)
    order = 2**degree - 1
    locator, before, length, gap, last = [1], [1], 0, 1, 1
    for place, syndrome in enumerate(syndromes):
        found = syndrome
        for back in range(1, min(length, len(locator) - 1) + 1):
            found ^= _multiply(locator[back], syndromes[place - back], degree)
        if found == 0:
            gap += 1
            continue
        factor = powers[(logarithms[found] - logarithms[last]) % order]
        shifted = [0] * gap + [_multiply(factor, value, degree) for value in before]
        size = max(len(locator), len(shifted))
        mixed = [a ^ b for a, b in zip(_padded(locator, size), _padded(shifted, size), strict=True)]
        if 2 * length <= place:
            length, before, last, gap = place + 1 - length, locator, found, 1
        else:
            gap += 1
        locator = mixed
    while locator[-1] == 0:
        locator.pop()
    return locator


def _padded(values: list[int], size: int) -> list[int]:
    return values + [0] * (size - len(values))


def _chien(locator: list[int], degree: int) -> list[int]:
    """Where the wrong bits are: the places whose inverse is a root of the locator."""
    powers, logarithms = field(degree)
    order = 2**degree - 1
    exponents = np.arange(order)  # of x
    total = np.zeros(order, np.int64)
    table = np.array(powers, np.int64)
    for place, value in enumerate(locator):
        if value:
            total ^= table[(logarithms[value] - place * exponents) % order]
    return [order - 1 - int(exponent) for exponent in np.flatnonzero(total == 0)]
