"""Clips drawn on a device: the same plan, the same frames, within what rounding does."""

from fractions import Fraction

import pytest
from tests.engines.device.pictures import HERE
from tests.engines.drawing import clip_plan, copied, picture_of
from tests.engines.reference import psnr
from tests.media_factory import read_frame_number

from clipmill.engines import blend
from clipmill.engines.decode import PictureReader
from clipmill.engines.device import opening
from clipmill.engines.device.decoding import card_decoder, decoding_fault
from clipmill.engines.device.drawing import FramePainter
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.overlay.painter import Painter
from clipmill.engines.source import open_container
from clipmill.media.choices import Motion
from clipmill.media.timeline import Piece, Timeline

KEYS = (0, (100, 20, 180, 320)), (1, (300.5, 0, 200.2, 355.9))


@pytest.fixture
def card(monkeypatch):
    """A machine whose card is its processor."""
    monkeypatch.setattr(opening, "drawing_card", lambda: HERE)


def drawn(path, frames, **more):
    video = picture_of(path)
    drawer = ClipDrawer(clip_plan(video, (90, 160), *KEYS, **more), path, video, 1)
    return [(frame.pts, copied(frame)) for frame in drawer.frames(*frames)]


def alike(left, right):
    assert [number for number, _ in left] == [number for number, _ in right]
    return min(
        psnr(a, b) for (_, one), (_, other) in zip(left, right, strict=True) for a, b in zip(one, other, strict=True)
    )


def test_a_moving_crop_shows_the_same_frames_on_a_card(videos, card, monkeypatch):
    on_card = drawn(videos("cfr_30"), (5, 9))
    monkeypatch.undo()
    assert alike(on_card, drawn(videos("cfr_30"), (5, 9))) >= 45


def test_slow_motion_is_mixed_out_of_pictures_of_a_card(videos, card, monkeypatch):
    slow = {"timeline": Timeline((Piece(Fraction(0), Fraction(1), Fraction(1, 4)),)), "motion": Motion.BLEND}
    monkeypatch.setattr(blend, "mixed", None)
    on_card = drawn(videos("cfr_30"), (5, 7), **slow)
    monkeypatch.undo()
    assert alike(on_card, drawn(videos("cfr_30"), (5, 7), **slow)) >= 45


def test_a_card_that_cannot_decode_leaves_it_to_the_processor(videos):
    assert decoding_fault() is not None
    video = picture_of(videos("cfr_30"))
    pictures = list(PictureReader(videos("cfr_30"), video, 1, on_card=True).pictures(0, 3 / video.rate))
    numbers = [read_frame_number(copied(picture.frame)[0], (640, 360), (0, 0, 640, 360)) for picture in pictures]
    assert numbers == [0, 1, 2]


def test_a_codec_that_no_card_knows_is_left_to_the_processor(videos):
    with open_container(videos("odd_vp9")) as container:
        assert card_decoder(container.streams.video[0].codec_context) is None


def test_highlights_are_painted_on_the_card_that_draws(card):
    assert isinstance(opening.frame_painter(None), FramePainter)


def test_highlights_are_painted_by_the_processor_where_it_draws(monkeypatch):
    monkeypatch.setattr(opening, "drawing_card", lambda: None)
    assert isinstance(opening.frame_painter(None), Painter)
