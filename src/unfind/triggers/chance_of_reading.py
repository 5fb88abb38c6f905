"""How likely it is to read a payload where none was written.

The key adds (modulo 2) 127 bits of its own to the word before it goes into a photo, and takes them off what it hears.
A photo that was marked with another key, or with none, knows nothing of these bits, so what is left is one of the
2^127 words, each as likely as any other, whatever the photo shows. 2^48 of all words say something (48 bits are free;
version and checksum follow), no two of them nearer than 21 bits, so that

    chance that one is within e bits of what was heard = 2^48 V(e) / 2^127,   V(e) = sum of C(127, i) for i = 0..e.

With e = 10 that is 2^-31.3. Trying the 6 least sure bits both ways is 64 words in place of one, each of which may be
repaired in 10 bits: 2^-25.3 at most for anything that is read at all. Looking through a few windows, for photos that
were cropped, multiplies it again. The sum over all tries is a bound, and it holds over keys: for each photo, over the
draw of the key.
"""

from __future__ import annotations

import math

from unfind.triggers.payload import CODE, FREE_BITS
from unfind.triggers.soft_reading import TRIALS


def words_within(distance: int) -> int:
    """How many words of 127 bits differ from a given one in at most ``distance`` bits."""
    return sum(math.comb(CODE.length, wrong) for wrong in range(min(distance, CODE.length) + 1))


def chance_of_reading(repaired: int, windows: int = 1) -> float:
    """Upper bound of the chance that a photo without the key's mark gives a payload with so few repaired bits.

    Args:
        repaired: wrong bits of the reading, at least 0.
        windows: how many views of the photo were tried.
    """
    tried = TRIALS * words_within(min(repaired, CODE.corrects))
    return min(1.0, windows * float(min(tried, words_within(repaired))) * 2.0 ** (FREE_BITS - CODE.length))
