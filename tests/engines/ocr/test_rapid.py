import shutil

import numpy as np
import pytest
from tests.engines.ocr.strips import strip

from clipmill.engines.ocr import networks
from clipmill.engines.ocr.networks import RECOGNITION, network_path
from clipmill.engines.ocr.rapid import RapidEngine
from clipmill.errors import InvalidParameterError, ModelMissingError
from clipmill.media.captions.reading_order import text_of


@pytest.fixture(scope="module")
def engine() -> RapidEngine:
    return RapidEngine(threads=1)


def read(engine: RapidEngine, *lines: str, **look) -> str:
    (page,) = engine.recognize([strip(*lines, **look)], ())
    return text_of(page.lines)


@pytest.mark.parametrize(
    "text",
    [
        "I am a man of few words, if it is up to me.",
        "Über den Wolken muss die Freiheit grenzenlos sein.",
        "- Are you coming? - In a minute.",
        "Tu as entendu ce qu'elle a dit ?",
        "¡Vámonos de aquí antes de que sea tarde!",
    ],
)
def test_a_caption_is_read_with_every_sign_and_space(engine, text):
    assert read(engine, text) == text


def test_two_rows_are_two_lines_in_their_order(engine):
    assert read(engine, "Where have you been?", "I was at home.") == "Where have you been?\nI was at home."


def test_an_opening_mark_is_not_invented(engine):
    assert read(engine, "No, no! That is mine!") == "No, no! That is mine!"


def test_a_picture_without_text_has_no_lines(engine):
    (page,) = engine.recognize([strip()], ())
    assert (page.lines, page.unread) == ((), 0)


def test_a_script_that_the_networks_do_not_know_is_told_and_gives_no_rubbish(engine):
    (page,) = engine.recognize([strip("Я не знаю, что ты имеешь в виду.")], ())
    assert (page.lines, page.unread) == ((), 1)


@pytest.mark.parametrize("tag", ["ru", "ar", "ko", "vi", "uz-Cyrl"])
def test_a_language_that_it_cannot_read_is_refused(engine, tag):
    with pytest.raises(InvalidParameterError, match=tag):
        engine.recognize([], ["en", tag])


def test_boxes_lie_around_what_they_say(engine):
    picture = np.concatenate([strip("left", width=160), strip(width=640)], axis=1)
    ((line,),) = (page.lines for page in engine.recognize([picture], ()))
    assert line.text == "left"
    assert 0 <= line.left < line.right <= 0.21
    assert [char.text for char in line.chars] == list("left")
    starts = [char.box.left for char in line.chars]
    assert starts == sorted(starts)
    assert line.words[0].box.left == starts[0]


def test_the_confidence_is_the_mean_of_the_signs(engine):
    ((line,),) = (page.lines for page in engine.recognize([strip("A long day, is it?")], ()))
    assert line.confidence == pytest.approx(np.mean([char.confidence for char in line.chars]))
    assert 0.9 < line.confidence < 1


def test_a_picture_reads_the_same_alone_and_in_company(engine):
    pictures = [strip("one of three"), strip("another, longer line of text than that"), strip("3")]
    together = engine.recognize(pictures, ())
    assert together[0] == engine.recognize(pictures[:1], ())[0]


def test_nothing_is_printed(engine, capfd):
    read(engine, "quiet")
    assert capfd.readouterr() == ("", "")


def test_a_network_with_one_byte_changed_is_refused(tmp_path):
    path = tmp_path / RECOGNITION.name
    shutil.copyfile(network_path(RECOGNITION), path)
    assert network_path(RECOGNITION, tmp_path) == path
    with path.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ModelMissingError, match="SHA-256"):
        network_path(RECOGNITION, tmp_path)


def test_an_absent_network_is_refused_and_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "_package_folder", lambda: tmp_path)
    with pytest.raises(ModelMissingError, match=r"PP-OCRv6_det_small\.onnx"):
        RapidEngine(threads=1)
