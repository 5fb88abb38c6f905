"""Photos are known by their content, so that a renamed or moved file is still the same photo."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from unfind.errors import UsageError

ID_LENGTH = 32
"""128 bits of SHA-256: two different files meet by chance only after about 10^19 of them."""

_CONTENT_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


def content_id(data: bytes) -> str:
    """Name a photo by what its file holds.

    Args:
        data: The whole file, as it lies on disk.

    Returns:
        The first 32 hexadecimal digits of the SHA-256 of the bytes.
    """
    return hashlib.sha256(data).hexdigest()[:ID_LENGTH]


def checked_ids(ids: Iterable[str]) -> list[str]:
    """Refuse anything that is not a content id, so that ids may stand in a filter without quoting.

    Args:
        ids: Ids as :func:`content_id` makes them.

    Returns:
        The ids as a list, in the order given, each one once.

    Raises:
        UsageError: When one of them is not 32 lower-case hexadecimal digits.
    """
    unique = list(dict.fromkeys(ids))
    for photo_id in unique:
        if not isinstance(photo_id, str) or not _CONTENT_ID.fullmatch(photo_id):
            raise UsageError(
                f"a photo id is {ID_LENGTH} lower-case hexadecimal digits, but {photo_id!r} came; "
                "take the id from a search, from `ids()` or from `content_id`"
            )
    return unique
