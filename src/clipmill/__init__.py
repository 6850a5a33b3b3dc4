"""Video functions for highlights and captions, exact to the frame."""

__version__ = "0.1.0"
