"""Captions burnt into the picture: where they lie, when they change, what they say, how they are stored. Pure values."""
