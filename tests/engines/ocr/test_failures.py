import numpy as np
import pytest
from tests.engines.ocr.strips import ToldEngine, saying

from clipmill.engines.ocr.failures import read_pictures
from clipmill.engines.ocr.pages import OcrFailure, OcrPage
from clipmill.errors import CancelledError, OcrFailedError

PICTURES = [np.full((4, 4, 3), level, np.uint8) for level in range(5)]


def level(picture) -> int:
    return int(picture[0, 0, 0])


def test_pictures_are_read_in_batches_and_in_order():
    engine = ToldEngine(lambda images: [saying(str(level(image))) for image in images], batch_size=2)
    read = list(read_pictures(engine, PICTURES, ()))
    assert [one.page.lines[0].text for one in read] == ["0", "1", "2", "3", "4"]
    assert (engine.calls, {one.attempts for one in read}) == ([2, 2, 1], {1})


def test_after_a_batch_that_raises_each_picture_is_tried_alone_and_only_real_failures_stay():
    def answer(images):
        if len(images) > 1 or level(images[0]) == 3:
            raise RuntimeError("out of luck")
        return [OcrPage()]

    engine = ToldEngine(answer)
    read = list(read_pictures(engine, PICTURES, ()))
    assert [isinstance(one.page, OcrFailure) for one in read] == [False, False, False, True, False]
    assert (engine.calls, {one.attempts for one in read}) == ([5, 1, 1, 1, 1, 1], {2})
    assert read[3].page == OcrFailure("ocr_failed", "RuntimeError: out of luck")


def test_one_failed_picture_of_a_batch_is_tried_alone_once():
    engine = ToldEngine(
        lambda images: [
            OcrFailure("x", "blurred") if level(one) == 1 and len(images) > 1 else OcrPage() for one in images
        ]
    )
    read = list(read_pictures(engine, PICTURES, ()))
    assert ([one.attempts for one in read], engine.calls) == ([1, 2, 1, 1, 1], [5, 1])
    assert all(isinstance(one.page, OcrPage) for one in read)


def test_a_failure_keeps_the_code_of_its_error():
    def answer(images):
        raise OcrFailedError("quota used up")

    (read,) = read_pictures(ToldEngine(answer), PICTURES[:1], ())
    assert (read.page, read.attempts) == (OcrFailure("ocr_failed", "quota used up"), 2)


def test_too_few_answers_are_a_failure_not_a_shift():
    engine = ToldEngine(lambda images: [OcrPage()] * (1 if len(images) > 1 else 2))
    assert all(isinstance(one.page, OcrFailure) for one in read_pictures(engine, PICTURES[:2], ()))


def test_a_cancelled_call_is_not_a_failed_picture():
    def answer(images):
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        list(read_pictures(ToldEngine(answer), PICTURES, ()))
