import subprocess
import sys
import unicodedata

import pytest

from clipmill.engines.lettering.fonts import Face, drawable, font, is_invisible, missing_glyphs, signs
from clipmill.engines.lettering.runs import clusters, runs
from clipmill.media.layers import Weight

ALEF = "\U0001ee00"
"""The sign of mathematics, which runs to the left and which the bold face lacks."""


def test_the_table_of_a_font_tells_what_it_can_draw():
    looked_at = [sign for sign in (*range(0x21, 0x600), *range(0x2100, 0x2C00)) if is_single(chr(sign))]
    for face in Face:
        box = bytes(font(face, 40).getmask("\U0010fffd"))
        drawn = {sign for sign in looked_at if bytes(font(face, 40).getmask(chr(sign))) != box}
        assert drawn == signs(face) & set(looked_at)


def is_single(sign: str) -> bool:
    """Whether a sign is drawn by itself: marks get a circle to stand on."""
    return not is_invisible(sign) and not unicodedata.category(sign).startswith("M")


@pytest.mark.parametrize(
    "text", ["Größe", "Ёж", "Ὀδυσσεύς", "مرحبا", "שָׁלוֹם", "→★✓", "a\u200db\ufe0f\u2067c", "x\ty\nz "]
)
def test_signs_of_the_bundled_fonts_are_not_missing(text):
    assert missing_glyphs(text) == ()


def test_accents_are_joined_to_their_letters():
    assert drawable("e\u0301") == "é"


def test_halves_of_signs_and_tabs_become_something_that_can_be_drawn():
    assert drawable("a\ud800\tb") == "a\ufffd b"
    assert missing_glyphs("a\ud800\tb") == ()


def test_missing_signs_are_named_once_in_order():
    assert missing_glyphs("日a🥅b日\x07👨\u200d👩") == ("日", "🥅", "\x07", "👨", "👩")


def test_signs_stay_with_their_marks():
    assert list(clusters("e\u0301x👨\u200d!")) == ["e\u0301", "x", "👨\u200d", "!"]
    assert list(clusters("")) == []


def test_a_sign_the_bold_face_lacks_comes_from_the_regular_one():
    assert ord(ALEF) in signs(Face.REGULAR) - signs(Face.BOLD)
    assert [(run.text, run.face) for run in runs(f"Tor {ALEF} !", Weight.BOLD)] == [
        ("Tor ", Face.BOLD),
        (f"{ALEF} ", Face.REGULAR),
        ("!", Face.BOLD),
    ]


def test_a_sign_no_face_has_is_left_to_the_first_one():
    assert [(run.text, run.face) for run in runs("日", Weight.BOLD)] == [("日", Face.BOLD)]


def test_runs_stand_in_the_direction_of_the_line():
    other, word = ALEF, "\u0628"
    assert shown(f"Tor {other} Tor") == ["Tor ", f"{other} ", "Tor"]
    assert shown(f"{other} Tor {other}") == [other, "Tor ", f"{other} "]
    # Neighbours that run to the left change places.
    assert shown(f"Tor {other} {word}") == ["Tor ", word, f"{other} "]


def shown(line: str) -> list[str]:
    return [run.text for run in runs(line, Weight.BOLD)]


def test_text_is_drawn_only_when_asked_so_the_library_loads_then():
    check = "import sys, clipmill.engines.lettering; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
