"""Many words at once: which of them a BCH code could repair.

A reader that tries the doubtful bits of a word both ways decodes dozens of words, and of a photo without a mark not one
of them means anything. The steps are those of ``Bch.decode``, on arrays.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from unfind.triggers.bch import Bch, Bits, field, syndrome_table

Elements = NDArray[np.int64]


def may_be_repaired(code: Bch, words: Bits) -> NDArray[np.bool_]:
    """Which words (M, n) are near a word of the code, (M,).

    Those for which ``code.decode`` finds something are all among them; of the others hardly any.
    """
    syndromes = _syndromes(code, words)
    locators = _locators(code, syndromes)
    degrees = locators.shape[1] - 1 - np.argmax(locators[:, ::-1] != 0, axis=1)
    near: NDArray[np.bool_] = degrees <= code.corrects
    near[near] = _roots(code, locators[near, : code.corrects + 1]) == degrees[near]
    return near


def _syndromes(code: Bch, words: Bits) -> Elements:
    """The words, as polynomials, at the powers 1..2t of the field's generator, (M, 2t)."""
    bits = np.unpackbits(syndrome_table(code.degree, code.corrects)[..., None], axis=2, bitorder="little")
    # A sum of bits of which only the parity counts: exact in floats, and a product of matrices.
    sums = words.astype(np.float32) @ bits.reshape(len(bits), -1).astype(np.float32)
    parities = (sums.astype(np.int64) & 1).reshape(len(words), 2 * code.corrects, 8)
    found: Elements = parities @ (1 << np.arange(8))
    return found


def _locators(code: Bch, syndromes: Elements) -> Elements:
    """The error locators, (M, 2t + 2), lowest coefficient first: Berlekamp and Massey's recurrence.

    Of bits, the syndrome of an even power is a square and brings nothing new, so every other step is left out.
    """
    powers, logarithms = _tables(code.degree)
    locators = np.zeros((len(syndromes), 2 * code.corrects + 2), np.int64)
    locators[:, 0] = 1
    before = np.roll(locators, 1, axis=1)
    length, last = np.zeros(len(syndromes), np.int64), np.ones(len(syndromes), np.int64)
    for step in range(0, 2 * code.corrects, 2):
        terms = _products(code, locators[:, 1 : step + 1], syndromes[:, :step][:, ::-1])
        found = syndromes[:, step] ^ np.bitwise_xor.reduce(terms, axis=1)
        wrong = found != 0
        factor = np.where(wrong, powers[(logarithms[found] - logarithms[last]) % code.length], 0)
        grows = wrong & (2 * length <= step)
        mixed = locators ^ _products(code, factor[:, None], before)
        kept = np.where(grows[:, None], locators, before)
        before = np.zeros_like(kept)
        before[:, 2:] = kept[:, :-2]
        length, last = np.where(grows, step + 1 - length, length), np.where(grows, found, last)
        locators = mixed
    return locators


def _roots(code: Bch, locators: Elements) -> Elements:
    """How many elements other than 0 are roots of each polynomial (M, k), (M,)."""
    powers, _ = _tables(code.degree)
    exponents = np.outer(np.arange(locators.shape[1]), np.arange(code.length)) % code.length
    values = np.bitwise_xor.reduce(_products(code, locators[:, :, None], powers[exponents][None]), axis=1)
    found: Elements = (values == 0).sum(1)
    return found


def _products(code: Bch, one: Elements, other: Elements) -> Elements:
    """Products in the field, element by element."""
    powers, logarithms = _tables(code.degree)
    found: Elements = powers[logarithms[one] + logarithms[other]]
    return found


@functools.cache
def _tables(degree: int) -> tuple[Elements, Elements]:
    """Powers and logarithms; that of 0 is so large that every power from there on is 0."""
    powers, logarithms = (np.array(values, np.int64) for values in field(degree))
    logarithms[0] = len(powers)
    return np.concatenate([powers, np.zeros(len(powers) + 1, np.int64)]), logarithms
