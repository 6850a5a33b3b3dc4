import pytest

from clipmill.function.needs import Gpu
from clipmill.jobs.estimate import CORES, estimated
from clipmill.jobs.prices import Prices

CLIP = {"frames": 1800, "duration": 60.0, "width": 1080, "height": 1920}


def seconds(plan: dict[str, object], function: str = "process_framing") -> float:
    return estimated(function, Gpu.SMALL, plan, Prices())["estimate"]["seconds"]


def test_a_minute_of_1080p_takes_what_was_measured():
    assert seconds(CLIP) == pytest.approx(145.9 / CORES, rel=0.05)


def test_what_a_network_draws_takes_as_long_as_it_does():
    enlarged = CLIP | {"upscale": {"used": "realesr-general-x4v3", "model_megapixels": 0.67}}
    assert seconds(enlarged) > 100 * seconds(CLIP)
    assert seconds(CLIP | {"upscale": {"used": "lanczos"}}) == seconds(CLIP)


def test_a_plan_keeps_all_that_it_told_and_its_estimate_is_marked():
    told = estimated("process_framing", Gpu.SMALL, CLIP, Prices())
    assert CLIP.items() <= told.items()
    assert (told["estimate"]["is_estimate"], told["estimate"]["gpu"]) == (True, "small")
    assert told["estimate"]["cost_usd"] == {"local": 0.0, "modal": 0.01, "runpod": 0.01, "prefect": 0.0}


def test_what_is_copied_takes_next_to_nothing():
    patched = CLIP | {"encoded_ranges": [[0.0, 3.0], [30.0, 33.0]]}
    assert seconds(CLIP) / 20 < seconds(patched) < seconds(CLIP) / 5


def test_of_clips_that_are_copied_only_the_transitions_are_drawn():
    spans = [{"kind": "body", "frames": 885}, {"kind": "dissolve", "frames": 30}, {"kind": "body", "frames": 885}]
    joined = CLIP | {"spans": spans, "copies": [True, True]}
    assert seconds(joined) < seconds(CLIP) / 10
    assert seconds(joined) < seconds(joined | {"copies": [True, False]}) < seconds(CLIP)


def test_the_clips_of_a_reel_are_added_up_at_the_size_of_its_output():
    reel = {"frames": 3600, "clips": [{"frames": 1800}] * 2, "output": {"output_width": 1080, "output_height": 1920}}
    assert seconds(reel) == pytest.approx(2 * seconds(CLIP) - 1, abs=0.11)


def test_a_size_that_is_not_told_is_taken_to_be_1080_lines():
    assert seconds({"frames": 1800, "duration": 60.0}) == seconds(CLIP)


@pytest.mark.parametrize(
    ("function", "expected", "modal_usd"),
    [
        ("extract_frames_and_ocr", 300.0, 0.05),
        ("crop_and_infer_caption_frame_extents", 900.0, 0.28),
        ("generate_caption_ocr", 30.0, 0.01),
    ],
)
def test_functions_that_read_captions_have_the_formulas_of_captions(function: str, expected: float, modal_usd: float):
    gpu = Gpu.MEDIUM if function.startswith("crop") else Gpu.SMALL
    told = estimated(function, gpu, {"duration": 3600.0}, Prices())["estimate"]
    assert (told["seconds"], told["cost_usd"]["modal"]) == (expected, modal_usd)
