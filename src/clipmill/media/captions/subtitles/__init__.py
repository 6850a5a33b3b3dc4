"""Captions as files that players, editors and spreadsheets read."""

from clipmill.media.captions.subtitles.export import export_captions

__all__ = ["export_captions"]
