"""The secret that makes a mark one provider's: 32 random bytes, a file, a fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.errors import KeyFileError

SECRET_BYTES = 32
KEY_FILE = "trigger.key"
"""Under this name a run folder keeps the key that was made for it."""
FINGERPRINT = "key_fingerprint"
"""Under this name settings.toml says which key the trigger was made with."""
_HEADER = "unfind-key-1"


@dataclass(frozen=True)
class Key:
    """A secret from which every keyed choice is derived.

    Attributes:
        secret: 32 bytes; never printed.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise KeyFileError(f"Expected a secret of {SECRET_BYTES} bytes, got {len(self.secret)}: make a new key.")

    @classmethod
    def new(cls) -> Key:
        """A key nobody else has, from the system's source of randomness."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def from_seed(cls, seed: int) -> Key:
        """A key that anybody can make again: for demonstrations and measurements, never for real photos."""
        return cls(hashlib.sha256(f"unfind public key {seed}".encode()).digest())

    @property
    def fingerprint(self) -> str:
        """16 hex digits that name the key without giving it away."""
        return self.derive("fingerprint").hex()[:16]

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HMAC-SHA256), so that no use of the key tells of another."""
        return hmac.new(self.secret, f"unfind {purpose}".encode(), hashlib.sha256).digest()

    def numbers(self, purpose: str, count: int) -> NDArray[np.float64]:
        """``count`` numbers, uniform in [0, 1), for one purpose: the first ones never depend on the count.

        They come from SHAKE-256, not from NumPy's generators, whose streams may change from version to version: a
        photo that is marked today must be known for ever.
        """
        stream = hashlib.shake_256(self.derive(purpose)).digest(8 * count)
        # 53 bits, as many as a float64 holds.
        return (np.frombuffer(stream, "<u8") >> np.uint64(11)).astype(np.float64) / 2.0**53

    def to_text(self) -> str:
        """The content of a key file: header, secret and checksum, on one line."""
        body = self.secret + hashlib.sha256(self.secret).digest()[:4]
        return f"{_HEADER}:{base64.urlsafe_b64encode(body).decode()}\n"

    @classmethod
    def from_text(cls, text: str) -> Key:
        """Read what ``to_text`` wrote.

        Raises:
            KeyFileError: another kind of text, a truncated or a mistyped key.
        """
        header, _, body = text.strip().partition(":")
        if header != _HEADER:
            raise KeyFileError(
                f"Expected a key that starts with '{_HEADER}:', got something else: is this the right file?"
            )
        try:
            raw = base64.b64decode(body.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise KeyFileError(f"Expected a base64 key, got damaged text ({error}): copy the key again.") from error
        secret, checksum = raw[:SECRET_BYTES], raw[SECRET_BYTES:]
        if len(secret) != SECRET_BYTES or hashlib.sha256(secret).digest()[:4] != checksum:
            raise KeyFileError("Expected a whole key, got one whose checksum is wrong: copy the key again.")
        return cls(secret)

    def save(self, path: Path) -> None:
        """Write a new key file that only its owner may read.

        Raises:
            KeyFileError: the file exists already (a lost key cannot be made again) or cannot be written.
        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise KeyFileError(
                f"Expected no file at {path}, got one: choose another name, a key is never overwritten."
            ) from error
        except OSError as error:
            raise KeyFileError(_unwritten(path, error)) from error
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(self.to_text())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink()  # half a key would block the name and open nothing
            raise KeyFileError(_unwritten(path, error)) from error

    @classmethod
    def load(cls, path: Path) -> Key:
        """Read a key file.

        Raises:
            KeyFileError: absent, unreadable or not a key; the message names the file.
        """
        try:
            return cls.from_text(path.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise KeyFileError(f"Expected a key file at {path}, got '{reason}': check the path.") from error
        except KeyFileError as error:
            raise KeyFileError(f"{path}: {error}") from error


def _unwritten(path: Path, error: OSError) -> str:
    return f"Expected to write a key to {path}, got '{error.strerror}': choose another folder."
