"""The record of videos whose captions are read: how far each step is, who may write, which versions there are."""

from clipmill.jobs.caption_book.book import CaptionBook

__all__ = ["CaptionBook"]
