"""The fonts of this machine by script and split, as fontconfig lists them."""

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from PIL import ImageFont

from training.textchange.split import Split, family_split

UNFIT = ("Symbol", "Emoji", "Math", "Music", "Sign", "Barcode", "Unifont", "Blank", "Nastaliq", "Quran", "Rashi")


@dataclass(frozen=True)
class Typeface:
    """A font file, or one face of a collection."""

    path: str
    index: int
    family: str

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        return _loaded(self.path, self.index, size)


@lru_cache(maxsize=256)
def _loaded(path: str, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, index=index)


@lru_cache(maxsize=64)
def typefaces(language: str, split: Split) -> tuple[tuple[Typeface, ...], ...]:
    """The faces with the signs of a language, one group per family, so that large families do not drown the others."""
    listed = subprocess.run(
        ["fc-list", f":lang={language}", "file", "index", "family", "variable"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    families: dict[str, list[Typeface]] = {}
    for line in sorted(set(listed.splitlines())):
        face = _face(line)
        if face and family_split(face.family) is split and not any(word in face.family for word in UNFIT):
            families.setdefault(face.family, []).append(face)
    return tuple(tuple(faces) for _, faces in sorted(families.items()))


def _face(line: str) -> Typeface | None:
    path, _, rest = line.partition(": ")
    parts = rest.split(":")
    index = next((int(part.removeprefix("index=")) for part in parts if part.startswith("index=")), 0)
    usable = path.endswith((".ttf", ".otf", ".ttc")) and "variable=True" not in rest and index < 1 << 16
    family = parts[0].split(",")[0].replace("\\", "")
    return Typeface(path, index, family) if usable else None


def any_typeface(random: Random, language: str, split: Split) -> Typeface | None:
    """A face for a language; None where the split has none."""
    groups = typefaces(language, split)
    return random.choice(random.choice(groups)) if groups else None
