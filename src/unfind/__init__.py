"""unfind keeps private photos out of image search."""

__version__ = "0.1.0"
