import pytest
from tests.functions.truth import SMALL, Truth, framed
from tests.media_factory import VARIANTS, frame_numbers

from clipmill.errors import (
    InvalidAnnotationError,
    InvalidRegionError,
    InvalidRequestError,
    InvalidSizeError,
    UnknownJobTypeError,
)
from clipmill.functions.framing import process_framing
from clipmill.functions.overlay import render_overlay
from clipmill.functions.process_video import process_video

CUT = {"segments_data": {"trim_start": 0.5, "trim_end": 1}}


def asked(world, source, job_type="framing", output_key="video.mp4", **params):
    job = {"job_type": job_type, "input_key": world.put(source), "output_key": output_key}
    return job | {"params": SMALL | CUT | params}


def test_a_framing_job_is_process_framing(world, videos):
    process_video(asked(world, videos("cfr_25")), world)
    direct = framed(world, videos("cfr_25"), output_key="direct.mp4", **CUT)
    assert (world.folder / "video.mp4").read_bytes() == direct.read_bytes()
    truth = Truth(VARIANTS["cfr_25"])
    shown = frame_numbers(world.folder / "video.mp4", (640, 360), truth.centre)
    assert shown == truth.numbers(30, (0.5, 1, 1))


def test_a_job_without_params_has_the_defaults_of_framing(world, videos):
    bare = {"job_type": "framing", "input_key": world.put(videos("cfr_25")), "output_key": "video.mp4"}
    plan = process_video.plan(process_video.parse(bare), world)
    assert (plan["width"], plan["height"], plan["fps"], plan["frames"]) == (1080, 1920, "30", 60)


def test_camel_case_is_understood_outside_and_inside(world, videos):
    job = {"jobType": "framing", "inputVideoKey": world.put(videos("cfr_25")), "outputKey": "video.mp4"}
    job["params"] = {"targetWidth": 90, "targetHeight": 160, "segmentsData": {"trimEnd": 0.2}}
    plan = process_video.plan(process_video.parse(job), world)
    assert (plan["width"], plan["height"], plan["frames"]) == (90, 160, 6)


def test_the_plan_is_that_of_the_job_type(world, videos):
    job = asked(world, videos("cfr_25"), rotation=5)
    direct = job["params"] | {"input_key": "cfr_25.mp4", "output_key": "x"}
    assert process_video.plan(process_video.parse(job), world) == process_framing.plan(
        process_framing.parse(direct), world
    )


@pytest.mark.parametrize("job_type", ["", "Framing", "karaoke", "x" * 1000])
def test_an_unknown_job_type_is_refused_with_the_known_ones(world, videos, job_type):
    with pytest.raises(UnknownJobTypeError, match="framing") as told:
        process_video(asked(world, videos("cfr_25"), job_type), world)
    assert len(told.value.message) < 200


def test_a_fault_in_the_params_is_that_of_the_job_type(world, videos):
    with pytest.raises(InvalidSizeError):
        process_video(asked(world, videos("cfr_25"), output_width=91), world)
    with pytest.raises(InvalidRequestError, match="did you mean rotation"):
        process_video(asked(world, videos("cfr_25"), rotatoin=5), world)
    assert world.published == []


@pytest.mark.parametrize("missing", ["job_type", "input_key", "output_key"])
def test_every_part_of_a_job_is_required(world, videos, missing):
    job = asked(world, videos("cfr_25"))
    del job[missing]
    with pytest.raises(InvalidRequestError, match=missing):
        process_video(job, world)


@pytest.mark.parametrize("params", [None, [], "fps=30"])
def test_params_are_an_object(world, videos, params):
    with pytest.raises(InvalidRequestError, match="params"):
        process_video(asked(world, videos("cfr_25")) | {"params": params}, world)


def test_a_key_given_twice_with_two_values_is_refused(world):
    twice = {"job_type": "framing", "input_key": "a.mp4", "output_key": "b.mp4", "params": {"input_key": "c.mp4"}}
    with pytest.raises(InvalidRequestError, match="given twice"):
        process_video(twice, world)


# Overlays and annotated clips


REGION = {"start_time": 0.5, "end_time": 1, "x": 100, "y": 180, "radius_x": 30, "radius_y": 40}
MOMENTS = [{"start_time": 0, "end_time": 0.4, "name": "Pass"}, {"start_time": 1, "end_time": 1.4, "rating": 5}]
QUICK = {"quality": "draft", "encoder": "x264"}


def job_of(world, source, job_type, **params):
    job = {"job_type": job_type, "input_key": world.put(source), "output_key": "video.mp4"}
    return job | {"params": QUICK | params}


def test_an_overlay_job_is_render_overlay(world, videos):
    process_video(job_of(world, videos("cfr_25"), "overlay", highlight_regions=[REGION]), world)
    direct = {"input_key": "cfr_25.mp4", "output_key": "direct.mp4", "highlight_regions": [REGION]} | QUICK
    render_overlay(direct, world)
    assert (world.folder / "video.mp4").read_bytes() == (world.folder / "direct.mp4").read_bytes()


def test_an_overlay_job_without_params_is_a_copy(world, videos):
    job = {"job_type": "overlay", "input_key": world.put(videos("cfr_25")), "output_key": "video.mp4"}
    told = process_video(job, world).to_json()
    assert (told["encoder"], told["output_key"]) == ("copied", "video.mp4")


def test_an_annotate_job_is_a_compilation_under_the_output_key(world, videos):
    told = process_video(job_of(world, videos("cfr_25"), "annotate", clips=MOMENTS), world).to_json()
    assert world.published == ["video.mp4"]
    assert [chapter["title"] for chapter in told["chapters"]] == ["Pass", "Clip 2"]
    assert (told["output_key"], told["frames"], told["clips"]) == ("video.mp4", 20, [])


def test_an_annotate_job_makes_the_files_that_it_asks_for(world, videos):
    asked_for = {"clips": MOMENTS, "outputs": ["clips"], "output_prefix": "out"}
    told = process_video(job_of(world, videos("cfr_25"), "annotate", **asked_for), world).to_json()
    assert world.published == ["out/clip_001.mp4", "out/clip_002.mp4"]
    assert [entry["frames"] for entry in told["clips"]] == [10, 10]


def test_plans_of_overlays_and_annotations_are_those_of_their_functions(world, videos):
    overlay = process_video.plan(
        process_video.parse(job_of(world, videos("cfr_25"), "overlay", highlight_regions=[REGION])), world
    )
    assert overlay["drawn_ranges"] == [[pytest.approx(0.499), pytest.approx(0.999)]]
    annotate = process_video.plan(
        process_video.parse(job_of(world, videos("cfr_25"), "annotate", clips=MOMENTS)), world
    )
    assert annotate["compilation"]["frames"] == 20
    assert world.published == []


@pytest.mark.parametrize(
    ("job_type", "params", "kind"),
    [
        ("overlay", {"highlight_regions": [REGION | {"start_time": -1}]}, InvalidRegionError),
        ("annotate", {"clips": [MOMENTS[0] | {"rating": 6}]}, InvalidAnnotationError),
        ("annotate", {}, InvalidRequestError),
        ("overlay", {"rotation": 3}, InvalidRequestError),
    ],
)
def test_a_fault_is_that_of_the_job_types_function(world, videos, job_type, params, kind):
    with pytest.raises(kind):
        process_video(job_of(world, videos("cfr_25"), job_type, **params), world)
    assert (world.published, world.left_behind) == ([], [])
