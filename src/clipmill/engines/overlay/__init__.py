"""Highlights and layers, drawn on frames."""
