"""What kind of bytes an object has, by the end of its key. Only kinds that no browser runs are named."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from clipmill.storage.store import PLAIN_BYTES

TYPES: Mapping[str, str] = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/matroska",
    ".ts": "video/mp2t",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".json": "application/json",
    ".vtt": "text/vtt",
    ".srt": "text/plain; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


def type_of(key: str) -> str:
    """The content type of an object.

    >>> type_of("out/Final.MP4"), type_of("page.html")
    ('video/mp4', 'application/octet-stream')
    """
    return TYPES.get(PurePosixPath(key).suffix.lower(), PLAIN_BYTES)
