"""The bundled typefaces: which of them has a sign, and the signs none of them has.

DejaVu Sans in two weights, with Latin, Greek, Cyrillic, Hebrew, Arabic and many symbols; a sign that the asked weight
lacks comes from the other one. No font of the machine is ever used.
"""

import io
import re
import struct
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from clipmill.media.layers import Weight

if TYPE_CHECKING:
    from PIL import ImageFont

_BYTES_PER_GROUP = 12
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


class Face(StrEnum):
    """A font file of this package."""

    REGULAR = "DejaVuSans.ttf"
    BOLD = "DejaVuSans-Bold.ttf"


CHAINS = {Weight.REGULAR: (Face.REGULAR, Face.BOLD), Weight.BOLD: (Face.BOLD, Face.REGULAR)}
"""Where a sign is looked for, first choice first."""


@lru_cache(maxsize=len(Face))
def _file(face: Face) -> bytes:
    return files("clipmill.engines.lettering").joinpath("faces", face.value).read_bytes()


@lru_cache(maxsize=32)
def font(face: Face, size: float) -> "ImageFont.FreeTypeFont":
    """A face at a size in pixels."""
    from PIL import ImageFont

    layout = ImageFont.Layout.RAQM if shapes() else ImageFont.Layout.BASIC
    return ImageFont.truetype(io.BytesIO(_file(face)), size, layout_engine=layout)


@lru_cache(maxsize=1)
def shapes() -> bool:
    """Whether letters are joined, stacked and ordered as their script asks.

    Pillow's wheel has the libraqm layout in it, which works where the machine has the library FriBiDi. Elsewhere signs
    stand side by side from left to right, which is right for Latin, Greek and Cyrillic only.
    """
    from PIL import features

    return bool(features.check("raqm"))


@lru_cache(maxsize=len(Face))
def signs(face: Face) -> frozenset[int]:
    """The code points a face has a glyph for."""
    return frozenset(_mapped(_file(face)))


def _mapped(data: bytes) -> Iterator[int]:
    """Read the font's table of segmented coverage (``cmap`` format 12)."""
    tables = (struct.unpack_from(">4sIII", data, 12 + 16 * n) for n in range(struct.unpack_from(">H", data, 4)[0]))
    start = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
    count = struct.unpack_from(">H", data, start + 2)[0]
    for platform, encoding, offset in (struct.unpack_from(">HHI", data, start + 4 + 8 * n) for n in range(count)):
        if (platform, encoding) == (3, 10):
            groups = struct.unpack_from(">I", data, start + offset + 12)[0]
            for n in range(groups):
                first, last, _ = struct.unpack_from(">III", data, start + offset + 16 + _BYTES_PER_GROUP * n)
                yield from range(first, last + 1)


def drawable(text: str) -> str:
    """The text as it is drawn: accents joined to their letters, a tab as a space, half a sign as the sign for none."""
    return _LONE_SURROGATES.sub("\ufffd", unicodedata.normalize("NFC", text)).replace("\t", " ")


def is_invisible(sign: str) -> bool:
    """Whether a sign steers its neighbours and draws nothing itself: joiners, direction marks, variation selectors."""
    return unicodedata.category(sign) == "Cf" or "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


def missing_glyphs(text: str) -> tuple[str, ...]:
    """The signs of a text that no bundled font has, each once, in order; a box is drawn for each.

    >>> missing_glyphs("★ Tor! 🥅 🥅")
    ('🥅',)
    """
    known = frozenset[int]().union(*(signs(face) for face in Face))
    seen = dict.fromkeys(sign for sign in drawable(text) if not sign.isspace() and not is_invisible(sign))
    return tuple(sign for sign in seen if ord(sign) not in known)
