from fractions import Fraction

import pytest

from clipmill.functions import plan_captions as module

VIDEO = {"video_key": "team/raw.mp4", "tenant_id": "team", "video_id": "match"}


@pytest.mark.parametrize(
    ("seconds", "more", "rates"),
    [
        (600, {"keep_frames": False}, [Fraction(1, 15), Fraction(1, 10)]),
        (600, {}, [Fraction(1, 10)]),
        (120, {"keep_frames": False}, [Fraction(1, 5)]),
        (6, {}, [Fraction(2)]),
        (600, {"keep_frames": False, "layout_rate": "1/2"}, [Fraction(1, 2)]),
    ],
)
def test_a_video_shows_its_captions_on_enough_frames_and_on_no_more_than_annotators_or_doubt_ask_for(
    seconds: int, more: dict[str, object], rates: list[Fraction]
):
    request = module.ReadCaptionsRequest.model_validate({**VIDEO, **more})
    assert module._layout_rates(request, Fraction(seconds)) == rates
