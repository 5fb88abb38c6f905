"""What is said of a photo in which a mark was looked for, whichever mark it is."""

from __future__ import annotations

from dataclasses import dataclass

FALSE_ALARM = 1e-6
"""A photo counts as marked when an unmarked one would look like this less often than that."""


@dataclass(frozen=True)
class Detection:
    """The verdict on one photo.

    Attributes:
        agreement: mean cosine between the photo's phases and the key's, -1..1; near 0 without the mark.
        false_alarm: upper bound of the chance that an unmarked photo agrees as well, 0..1.
        marked: false_alarm is below the limit asked for.
    """

    agreement: float
    false_alarm: float
    marked: bool

    @property
    def of_another(self) -> bool:
        """Whether there seems to be another mark than the key's: a hint, and False where nothing hints at it."""
        return False
