"""Codes that are far apart, one for each class: rows of Hadamard matrices, and random codes where these end."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TRIES = 64
"""Random codes drawn for each class beyond the Hadamard rows, of which the one farthest from all others is taken."""


def hash_centres(count: int, bits: int) -> NDArray[np.float32]:
    """``count`` codes of ``bits`` bits, far apart from each other.

    The rows of a Hadamard matrix and their negatives differ in half of the bits or in all of them. Where there is
    no such matrix, or more codes than 2 * ``bits`` are asked for, balanced random codes follow. The first codes
    are the same however many are asked for, and there is no seed: a class has one centre, in every run.

    Source: Yuan et al., "Central Similarity Quantization", CVPR 2020, section 3.2.

    Returns:
        (count, bits) of -1 and +1.
    """
    rows = hadamard(bits)
    known = np.zeros((0, bits), np.float32) if rows is None else np.concatenate([rows, -rows])
    chosen = list(known[:count])
    random = np.random.default_rng(bits)
    while len(chosen) < count:
        chosen.append(_farthest(chosen, bits, random))
    return np.array(chosen, np.float32).reshape(count, bits)


def hadamard(order: int) -> NDArray[np.float32] | None:
    """A Hadamard matrix: rows of -1 and +1 of which each two differ in half of the places.

    By Paley's first construction where order - 1 is a prime of the form 4 n + 3, else by Sylvester's from half the
    order; that reaches 8, 16, 24, 32, 40, 48, 64 and most multiples of 8, though not all.

    Returns:
        (order, order), or None where these constructions end.
    """
    if order == 1:
        return np.ones((1, 1), np.float32)
    if order % 4 == 0 and _is_prime(order - 1):
        return _paley(order - 1)
    half = hadamard(order // 2) if order % 2 == 0 else None
    return None if half is None else np.block([[half, half], [half, -half]])


def _paley(prime: int) -> NDArray[np.float32]:
    """Of order prime + 1: the quadratic character of differences, with a border."""
    character = -np.ones(prime, np.float32)
    character[np.arange(1, prime, dtype=np.int64) ** 2 % prime] = 1
    character[0] = 0
    places = np.arange(prime)
    skew = np.zeros((prime + 1, prime + 1), np.float32)
    skew[0, 1:], skew[1:, 0] = 1, -1
    skew[1:, 1:] = character[(places[:, None] - places[None]) % prime]
    return skew + np.eye(prime + 1, dtype=np.float32)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def _farthest(chosen: list[NDArray[np.float32]], bits: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Of some random codes with as many -1 as +1, the one whose nearest neighbour is farthest."""
    balanced = np.where(np.arange(bits) % 2, 1, -1).astype(np.float32)
    drawn = random.permuted(np.tile(balanced, (TRIES, 1)), axis=1)
    if not chosen:
        return drawn[0]
    nearest = (drawn @ np.array(chosen).T).max(1)
    best: NDArray[np.float32] = drawn[nearest.argmin()]
    return best
