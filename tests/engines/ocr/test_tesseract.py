import shutil

import pytest
from tests.engines.ocr.strips import strip

from clipmill.engines.ocr.pages import Box
from clipmill.engines.ocr.tesseract import TesseractEngine, page_of
from clipmill.errors import InvalidParameterError

# Of tesseract 5.3.0, on a strip of 400 x 100 px.
TABLE = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t400\t100\t-1\t
2\t1\t1\t0\t0\t0\t40\t10\t300\t80\t-1\t
3\t1\t1\t1\t0\t0\t40\t10\t300\t80\t-1\t
4\t1\t1\t1\t1\t0\t40\t10\t300\t30\t-1\t
5\t1\t1\t1\t1\t1\t40\t10\t100\t30\t96.000000\tWhere
5\t1\t1\t1\t1\t2\t150\t12\t60\t28\t66.000000\t"is
5\t1\t1\t1\t1\t3\t220\t10\t120\t30\t-1.000000\tghost
4\t1\t1\t1\t2\t0\t40\t60\t200\t30\t-1\t
5\t1\t1\t1\t2\t1\t40\t60\t200\t30\t90.000000\the?
5\t1\t1\t1\t3\t1\t40\t95\t20\t3\t95.000000\t \n"""


def test_lines_come_from_the_word_table():
    page = page_of(TABLE, (400, 100))
    assert [line.text for line in page.lines] == ['Where "is', "he?"]
    assert page.lines[0].box == Box(0.1, 0.1, 0.525, 0.4)
    assert [word.confidence for word in page.lines[0].words] == [0.96, 0.66]


def test_a_line_is_as_sure_as_its_words_by_their_length():
    assert page_of(TABLE, (400, 100)).lines[0].confidence == pytest.approx((5 * 0.96 + 3 * 0.66) / 8)


def test_signs_of_languages_without_spaces_are_not_spread():
    assert page_of(TABLE, (400, 100), spaced=False).lines[0].text == 'Where"is'


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_the_installed_program_reads_a_strip_and_knows_its_languages():
    engine = TesseractEngine(threads=1)
    dark = 255 - strip("Where have you been?", ground=(40, 40, 40))
    (page,) = engine.recognize([dark], ["en"])
    assert [line.text for line in page.lines] == ["Where have you been?"]
    assert engine.version[0].isdigit()
    with pytest.raises(InvalidParameterError, match="tesseract-ocr-"):
        engine.recognize([], ["th"] if "th" not in engine.languages else ["mt"])
