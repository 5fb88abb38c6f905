"""API keys: made once and shown once, kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from unfind.atomic_file import replace_file
from unfind.errors import KeyFileError, UsageError

Role = Literal["read", "write"]
"""A read key may search, verify and browse; a write key may also add, remove and erase."""
PREFIX = "unfind"
SECRET_BYTES = 32
"""256 random bits cannot be guessed, so a plain SHA-256 of them needs neither salt nor a slow hash."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(rf"{PREFIX}_([A-Za-z0-9._-]{{1,64}})_([A-Za-z0-9_-]{{43}})")
_NOBODY = hashlib.sha256(secrets.token_bytes(SECRET_BYTES)).hexdigest()
"""What the secret of an unknown name is compared with, so that it takes as long as a known one."""


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key.

    Attributes:
        name: Who uses it; appears in logs.
        role: What it may do.
        digest: SHA-256 of its secret, hexadecimal.
        created: ISO 8601 time, UTC.
    """

    name: str
    role: Role
    digest: str
    created: str


class KeyRing:
    """The keys of one service, in a JSON file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        """Name the file; it may not exist yet, then there are no keys."""
        self._path = path
        self._keys: dict[str, ApiKey] = {}
        self._seen: tuple[int, int] | None = None

    def new(self, name: str, role: Role) -> str:
        """Make a key.

        Args:
            name: Letters, digits, dots, dashes and underscores, at most 64.
            role: "read" or "write".

        Returns:
            The key; it is not kept, and cannot be shown again.

        Raises:
            UsageError: The name cannot be, or is taken.
            KeyFileError: The file cannot be read or written.
        """
        if not _NAME.fullmatch(name) or role not in get_args(Role):
            raise UsageError(f"Expected a plain name and a role, got '{name}' and '{role}': use letters and digits.")
        keys = self._load()
        if name in keys:
            raise UsageError(f"Expected a new name, got '{name}', which has a key: revoke it first.")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        self._save({**keys, name: ApiKey(name, role, _digest(secret), created)})
        return f"{PREFIX}_{name}_{secret}"

    def revoke(self, name: str) -> None:
        """Make a key worthless, for a running service from its next request on.

        Raises:
            UsageError: There is none of this name.
            KeyFileError: The file cannot be read or written.
        """
        keys = dict(self._load())
        if keys.pop(name, None) is None:
            raise UsageError(f"Expected the name of a key, got '{name}': unfind serve key list shows them.")
        self._save(keys)

    def listed(self) -> list[ApiKey]:
        """All keys, by name."""
        return sorted(self._load().values(), key=lambda key: key.name)

    def find(self, text: str) -> ApiKey | None:
        """Say whose key a request carries; takes as long for a wrong name as for a wrong secret.

        Args:
            text: What came as a key.

        Returns:
            The key, or None.

        Raises:
            KeyFileError: The file is damaged.
        """
        parts = _KEY.fullmatch(text)
        name, secret = parts.groups() if parts else ("", "")
        key = self._load().get(name)
        right = hmac.compare_digest(_digest(secret), key.digest if key else _NOBODY)
        return key if right and key else None

    def _load(self) -> dict[str, ApiKey]:
        try:
            state = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        if self._seen != (state.st_mtime_ns, state.st_ino):
            self._keys = self._read()
            self._seen = (state.st_mtime_ns, state.st_ino)
        return self._keys

    def _read(self) -> dict[str, ApiKey]:
        try:
            listed = [ApiKey(**fields) for fields in json.loads(self._path.read_bytes())["keys"]]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise KeyFileError(
                f"Expected a file of API keys, got {type(error).__name__} in {self._path}: restore it."
            ) from error
        return {key.name: key for key in listed if key.role in get_args(Role)}

    def _save(self, keys: dict[str, ApiKey]) -> None:
        data = json.dumps({"keys": [asdict(key) for key in keys.values()]}, indent=2).encode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():  # replacing keeps the permissions of what was there
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
            replace_file(self._path, data)
        except OSError as error:
            raise KeyFileError(f"Expected a place for API keys, got {error}: check the folder's access.") from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
