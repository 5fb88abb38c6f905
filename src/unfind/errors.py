"""Every error that unfind raises on purpose.

    UnfindError                 catch this one to catch them all (exit code 1)
    ├── UsageError              an argument that cannot be right (exit code 2)
    ├── ImageError              a photo that cannot be read or written
    │   └── ImageLimitError     a photo larger than a named limit
    ├── DataError               a data set that is absent, damaged or unfit for the job
    ├── ModelError              a backbone, checkpoint or card that does not fit
    ├── KeyFileError            a trigger key that is missing, truncated or not a key
    ├── TrainingError           a fit that cannot go on
    │   ├── CollapseError       all embeddings have fallen onto one point
    │   └── ResumeError         a run folder that belongs to other settings
    ├── EvaluationError         embeddings or labels that cannot be scored
    ├── GalleryError            an index that is absent, damaged or of another kind
    └── ServiceError            a service that refused or cannot be reached

A message is one sentence that says what was expected, what came, and what to do.
"""

from __future__ import annotations


class UnfindError(Exception):
    """Base class of every error raised on purpose; its text is meant for people."""

    exit_code = 1


class UsageError(UnfindError):
    """An argument that cannot be right, whatever the files hold."""

    exit_code = 2


class ImageError(UnfindError):
    """A photo that cannot be read or written."""


class ImageLimitError(ImageError):
    """A photo refused before it is decoded, because it is larger than a named limit."""


class DataError(UnfindError):
    """A data set that is absent, damaged or unfit for the job."""


class ModelError(UnfindError):
    """A backbone, checkpoint or card that does not fit."""


class KeyFileError(UnfindError):
    """A trigger key that is missing, truncated or not a key."""


class TrainingError(UnfindError):
    """A fit that cannot go on."""


class CollapseError(TrainingError):
    """All embeddings have fallen onto one point, so nothing can be told apart."""


class ResumeError(TrainingError):
    """A run folder that belongs to other settings than the ones given."""


class EvaluationError(UnfindError):
    """Embeddings or labels that cannot be scored."""


class GalleryError(UnfindError):
    """An index that is absent, damaged or of another kind."""


class ServiceError(UnfindError):
    """A service that refused a request or cannot be reached."""
