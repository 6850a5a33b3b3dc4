"""Reels for a first try, as the JSON that people write by hand."""
