"""Tell a container by its first bytes, so that libav is never asked to guess.

Convention: answers are libav's demuxer names. What a file is called never matters.
"""

import re
from collections.abc import Callable

from clipmill.errors import InvalidMediaError

SNIFFED_BYTES = 8192
"""How many leading bytes are enough for an answer."""

ACCEPTED = "MP4/MOV/3GP, Matroska/WebM, MPEG-TS/M2TS, MPEG-PS, AVI, FLV or Ogg"

_MOV_BOXES = frozenset(
    (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx", b"uuid")
)
_PICTURE_BRANDS = {b"avif": "an AVIF image", b"heic": "a HEIC image", b"heix": "a HEIC image", b"mif1": "a HEIF image"}
_TS_STRIDES = ((188, 0), (192, 4), (204, 0))
"""Bytes per packet and offset of the sync byte in it: broadcast, M2TS with time codes, with error correction."""
_TS_PACKETS = 5
_TS_FEWEST = 2

_REFUSED_BYTES = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 image"),
    (b"fLaC", "a FLAC sound file"),
    (b"ID3", "an MP3 sound file"),
    (b"#!AMR", "an AMR sound file"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "an ASF/WMV file"),
    (b"\x06\x0e\x2b\x34", "an MXF file"),
    (b".RMF", "a RealMedia file"),
    (b"DKIF", "an IVF file"),
    (b"\x00\x00\x00\x01", "a raw H.264 or HEVC stream"),
    (b"\x00\x00\x01", "a raw video stream"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_REFUSED_TEXT = (
    ("#extm3u", "an HLS playlist"),
    ("ffconcat", "a list of files to join"),
    ("file ", "a list of files to join"),
    ("v=0", "an SDP session description"),
    (";ffmetadata", "an ffmetadata file"),
    ("webvtt", "a WebVTT subtitle file"),
    ("[script info]", "an ASS subtitle file"),
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
)
_REFUSED_MARKUP = (("<mpd", "a DASH manifest"), ("<svg", "an SVG image"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def sniff(head: bytes) -> str:
    """The demuxer to force for a file that begins with ``head``; anything but the accepted containers is refused.

    >>> sniff(bytes.fromhex("00000018 66747970 69736f6d"))
    'mov'
    """
    if not head:
        raise InvalidMediaError("the file is empty. Check that it was written or uploaded completely.")
    for is_container in (_mov, _matroska, _riff, _flv, _ogg, _mpeg_ps, _mpeg_ts):
        demuxer = is_container(head)
        if demuxer:
            return demuxer
    raise _refusal(_likeness(head))


def _refusal(likeness: str) -> InvalidMediaError:
    return InvalidMediaError(f"the file looks like {likeness}. Expected {ACCEPTED}; convert it to MP4.")


def _mov(head: bytes) -> str | None:
    kind, length = head[4:8], int.from_bytes(head[:4], "big")
    if kind not in _MOV_BOXES or 1 < length < 8:
        return None
    if kind == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        raise _refusal(_PICTURE_BRANDS[head[8:12]])
    return "mov"


def _matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    if b"matroska" in head or b"webm" in head:
        return "matroska"
    raise _refusal("an EBML file that is neither Matroska nor WebM")


def _riff(head: bytes) -> str | None:
    if head[:4] not in (b"RIFF", b"RF64"):
        return None
    form = head[8:12]
    if form == b"AVI ":
        return "avi"
    raise _refusal({b"WAVE": "a WAV sound file", b"WEBP": "a WebP image"}.get(form, "a RIFF file without a video"))


def _flv(head: bytes) -> str | None:
    return "flv" if head.startswith(b"FLV\x01") else None


def _ogg(head: bytes) -> str | None:
    return "ogg" if head.startswith(b"OggS") else None


def _mpeg_ps(head: bytes) -> str | None:
    return "mpeg" if head.startswith(b"\x00\x00\x01\xba") else None


def _mpeg_ts(head: bytes) -> str | None:
    # The sync byte is a letter: a text may happen to repeat it in step. A recording may begin inside a packet.
    if _known_text(head):
        return None
    for stride, sync in _TS_STRIDES:
        for offset in range(stride):
            marks = head[offset + sync :: stride][:_TS_PACKETS]
            whole = len(marks) == _TS_PACKETS or (offset == 0 and len(marks) >= _TS_FEWEST)
            if whole and marks.count(b"G") == len(marks):
                return "mpegts"
    return None


def _likeness(head: bytes) -> str:
    for find in (_known_bytes, _known_text):
        likeness = find(head)
        if likeness:
            return likeness
    return f"nothing known (it begins with {head[:8].hex(' ')})"


_Finder = Callable[[bytes], str | None]


def _known_bytes(head: bytes) -> str | None:
    return next((likeness for start, likeness in _REFUSED_BYTES if head.startswith(start)), _sound_frames(head))


def _sound_frames(head: bytes) -> str | None:
    if head[0] != 0xFF or len(head) < 2:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "an AAC sound file"
    return "an MP3 sound file" if head[1] & 0xE0 == 0xE0 else None


def _known_text(head: bytes) -> str | None:
    text = head.decode("utf-8-sig", "replace").lstrip().lower()
    if _CONTROL.search(text) or text.count("\ufffd") > len(text) // 8:
        return None
    for start, likeness in _REFUSED_TEXT:
        if text.startswith(start):
            return likeness
    if text.startswith("<"):
        return next((likeness for part, likeness in _REFUSED_MARKUP if part in text), "an XML file")
    return "a text file"
