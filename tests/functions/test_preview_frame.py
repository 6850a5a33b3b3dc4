from fractions import Fraction

import av
import numpy as np
import pytest
from tests.functions.truth import SMALL, Truth, framed
from tests.media_factory import VARIANTS, read_frame_number

from clipmill.errors import EmptyRangeError, InvalidRegionError, InvalidRequestError
from clipmill.functions.framing import process_framing
from clipmill.functions.preview_frame import preview_frame

MOVING = [
    {"time": 0, "x": 219, "y": 0, "width": 202.5, "height": 360},
    {"time": 2, "x": 200.3, "y": 10.7, "width": 191.25, "height": 340},
]
SLOW = {"trim_start": 0.2, "segments": [{"start": 0.5, "end": 1, "speed": 0.5}]}


def asked(world, source, **more):
    return SMALL | {"input_key": world.put(source), "output_key": "frame.png"} | more


def rgb(path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def rgb_frames(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [
            frame.reformat(format="rgb24", src_colorspace=1, interpolation="BICUBIC").to_ndarray()
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("rotation", [0, 7])
def test_a_preview_is_the_frame_that_the_export_shows(world, videos, rotation):
    common = {"crop_keyframes": MOVING, "segments_data": SLOW, "rotation": rotation}
    exported = rgb_frames(framed(world, videos("cfr_25"), quality="high", **common))
    for number in (0, 20, len(exported) - 1):
        preview_frame(asked(world, videos("cfr_25"), time=number / 30 + 0.001, **common), world)
        errors = [np.abs(rgb(world.folder / "frame.png").astype(int) - frame).mean() for frame in exported]
        assert errors[number] < 3
        assert errors[number] == min(errors)


def test_the_result_tells_which_frame_was_drawn(world, videos):
    result = preview_frame(asked(world, videos("cfr_25"), time=1, segments_data=SLOW), world)
    assert (result.status, result.output_key, result.frame, result.time) == ("success", "frame.png", 30, 1)
    # 0.3 s at full speed up to 0.5 s, the other 0.7 s at half speed.
    assert result.source_time == pytest.approx(0.85)
    assert (result.width, result.height) == (90, 160)
    assert (world.published, world.left_behind) == (["frame.png"], [])


def test_without_a_time_the_first_frame_is_drawn(world, videos):
    truth = Truth(VARIANTS["cfr_25"])
    preview_frame(asked(world, videos("cfr_25")), world)
    grey = rgb(world.folder / "frame.png").mean(axis=2)
    assert read_frame_number(grey, (640, 360), truth.centre) == 0


@pytest.mark.parametrize("time", [0, 0.04, 0.99, 1.966])
def test_the_frame_at_a_time_is_the_one_shown_then(world, videos, time):
    truth = Truth(VARIANTS["cfr_25"])
    result = preview_frame(asked(world, videos("cfr_25"), time=time), world)
    grey = rgb(world.folder / "frame.png").mean(axis=2)
    assert result.frame == int(Fraction(str(time)) * 30)
    assert read_frame_number(grey, (640, 360), truth.centre) == truth.number_at(Fraction(result.frame, 30))


def test_a_time_behind_the_end_is_refused(world, videos):
    with pytest.raises(EmptyRangeError, match="time"):
        preview_frame(asked(world, videos("cfr_25"), time=2), world)
    with pytest.raises(InvalidRequestError, match="time"):
        preview_frame(asked(world, videos("cfr_25"), time=-0.1), world)
    assert world.published == []


def test_the_plan_names_the_frame_and_its_box(world, videos):
    request = asked(world, videos("cfr_25"), time=1, crop_keyframes=MOVING)
    plan = preview_frame.plan(preview_frame.parse(request), world)
    assert (plan["frame"], plan["source_time"]) == (30, 1)
    assert plan["box"] == pytest.approx([209.65, 5.35, 196.875, 350])
    assert preview_frame(request, world).frame == plan["frame"]


def test_the_box_of_a_preview_is_the_one_of_the_export_at_any_time(world, videos):
    """The export's plan names its first and last box; a preview at those times has the same."""
    request = asked(world, videos("cfr_25"), crop_keyframes=MOVING, segments_data=SLOW)
    exported = process_framing.plan(process_framing.parse(request), world)
    last = (exported["frames"] - 1) / 30
    for time, box in ((0, exported["first_box"]), (last + 1e-4, exported["last_box"])):
        plan = preview_frame.plan(preview_frame.parse(request | {"time": time}), world)
        assert plan["box"] == pytest.approx(box, abs=1e-4)


# Overlays


SPOT = {"highlight_regions": [{"start_time": 0.5, "end_time": 1, "x": 100, "y": 180, "radius_x": 30, "radius_y": 40}]}


def test_an_overlay_without_framing_is_the_whole_picture_at_the_source_s_rate(world, videos):
    whole = {"input_key": world.put(videos("cfr_25")), "output_key": "frame.png", "overlay": SPOT, "time": 0.47}
    told = preview_frame(whole, world)
    assert (told.width, told.height, told.frame, told.source_time) == (640, 360, 11, pytest.approx(0.44))
    assert preview_frame(whole | {"fps": 50}, world).frame == 23


@pytest.mark.parametrize("time", [0.4, 0.6, 1.1])
def test_a_highlight_is_drawn_while_it_lasts(world, videos, time):
    common = {"input_key": world.put(videos("cfr_25")), "output_key": "frame.png", "time": time}
    common |= {"output_width": 640, "output_height": 360, "fps": "source"}
    preview_frame(common, world)
    plain = rgb(world.folder / "frame.png").astype(int)
    preview_frame(common | {"overlay": SPOT | {"effect_type": "spotlight"}}, world)
    marked = rgb(world.folder / "frame.png").astype(int)
    assert bool(np.abs(marked[:, 300:] - plain[:, 300:]).mean() > 10) is (time == 0.6)


def test_a_fault_of_the_overlay_is_refused(world, videos):
    request = asked(world, videos("cfr_25"), overlay={"highlight_regions": [{"start_time": 1, "end_time": 0}]})
    with pytest.raises(InvalidRegionError) as told:
        preview_frame(request, world)
    assert told.value.details["index"] == 0
    assert world.published == []
