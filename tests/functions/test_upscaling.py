"""Crops that a network draws: which clips, with which weights, and what the result says of it."""

import pytest

nets = pytest.importorskip("tests.engines.upscale.nets")

from tests.functions.truth import SMALL, Truth  # noqa: E402
from tests.media_factory import VARIANTS, frame_numbers, pictures  # noqa: E402

from clipmill.engines.upscale.store import SETTING  # noqa: E402
from clipmill.errors import ModelDigestMismatchError, ModelMissingError  # noqa: E402
from clipmill.functions.catalog import load_function  # noqa: E402
from clipmill.functions.framing import process_framing  # noqa: E402
from clipmill.functions.multi_clip_item import process_multi_clip_item  # noqa: E402
from clipmill.functions.preview_frame import preview_frame  # noqa: E402
from clipmill.functions.process_video import process_video  # noqa: E402

GENERAL, PLUS = "realesr-general-x4v3", "RealESRGAN_x4plus"
DRAWN = {"requested": "always", "used": GENERAL, "scale": 4.0}


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """A folder of models without any."""
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def asked(world, videos, tmp_path):
    """A fifth of a second, drawn by a small network."""
    weights = nets.saved(nets.compact(), tmp_path / "w.pth")
    source = world.put(videos("cfr_25"))
    wanted = {"input_key": source, "output_key": "o.mp4", "source_end_time": 0.2, "fps": 25}
    return SMALL | wanted | {"upscale": "always", "upscale_weights": weights}


def test_a_clip_that_a_network_draws_shows_the_frames_of_any_other(world, asked, tmp_path):
    cubic = nets.saved(nets.cubic_enlarger(), tmp_path / "cubic.pth")
    result = process_framing(asked | {"source_end_time": 0.4, "upscale_weights": cubic}, world)
    assert result.upscale.model_dump() == DRAWN
    assert result.warnings == []
    truth = Truth(VARIANTS["cfr_25"])
    shown = frame_numbers(world.open("o.mp4"), truth.recipe.displayed, truth.centre)
    assert shown == list(range(10))


def test_the_pixels_are_those_of_the_network(world, asked):
    process_framing(asked, world)
    process_framing(asked | {"output_key": "plain.mp4", "upscale": "never"}, world)
    drawn, plain = ([picture.luma for picture in pictures(world.open(name))] for name in ("o.mp4", "plain.mp4"))
    assert len(drawn) == len(plain)
    assert all((one != other).any() for one, other in zip(drawn, plain, strict=True))


def test_auto_takes_the_network_only_where_a_clip_is_enlarged(world, asked):
    enlarged = process_framing.plan(
        process_framing.parse(asked | {"upscale": "auto", "output_width": 270, "output_height": 480}), world
    )
    shrunk = process_framing.plan(process_framing.parse(asked | {"upscale": "auto"}), world)
    assert (enlarged["upscale"]["used"], shrunk["upscale"]["used"]) == (GENERAL, "none")
    assert enlarged["upscale"]["model_megapixels"] == pytest.approx(220 * 360 / 1e6)


def test_no_file_is_written_for_a_frame(world, asked):
    process_framing(asked, world)
    assert len([path for path in world.folder.rglob("*") if path.suffix in {".png", ".jpg", ".raw", ".npy"}]) == 0


def test_the_job_types_and_items_of_a_reel_are_drawn_by_it_too(world, asked):
    params = {name: value for name, value in asked.items() if name not in {"input_key", "output_key"}}
    video = {"job_type": "framing", "input_key": asked["input_key"], "output_key": "v.mp4", "params": params}
    assert process_video(video, world).upscale.model_dump() == DRAWN
    assert process_multi_clip_item(asked | {"intermediate": True}, world).upscale.model_dump() == DRAWN


def test_a_preview_shows_what_the_network_makes(world, asked):
    still = {name: value for name, value in asked.items() if name not in {"quality", "encoder"}}
    for name, upscale in (("drawn.png", "always"), ("plain.png", "never")):
        preview_frame(still | {"output_key": name, "upscale": upscale}, world)
    assert world.open("drawn.png").read_bytes() != world.open("plain.png").read_bytes()


def test_parts_join_to_what_one_worker_draws_and_depend_on_the_weights(world, asked, tmp_path):
    whole = process_framing(asked | {"source_end_time": 0.4, "include_audio": False}, world)
    request = asked | {"source_end_time": 0.4, "include_audio": False, "output_key": "joined.mp4"}
    call = {"function": "process_framing", "request": request, "stretch_s": 0.2}
    plan = load_function("plan_parts")(call | {"parts": 2}, world).plan
    other = nets.saved(nets.compact(seed=7), tmp_path / "other.pth")
    changed = {"function": "process_framing", "request": request | {"upscale_weights": other}, "stretch_s": 0.2}
    assert load_function("plan_parts")(changed, world).plan["depends_on"] != plan["depends_on"]
    parts = [
        load_function("render_part")(
            call | {"output_key": f"p{n}.mp4", "first": part["first"], "last": part["last"]}, world
        )
        for n, part in enumerate(plan["parts"])
    ]
    assert sum(part.frames for part in parts) == whole.frames
    assert {part.upscale.used for part in parts} <= {"none", GENERAL}


# Weights that are not there


def test_missing_weights_are_told_before_anything_is_decoded(world, asked):
    with pytest.raises(ModelMissingError, match=f"clipmill models fetch {PLUS}"):
        process_framing(asked | {"upscale_model": PLUS, "upscale_weights": None}, world)
    assert world.reports == []


def test_a_model_that_fails_to_load_with_fallback_lanczos_gives_a_full_length_output_and_a_warning(
    world, asked, tmp_path
):
    dense = nets.saved(nets.dense(), tmp_path / "dense.pth")
    cases = {
        "model_missing": {"upscale_weights": None},
        "model_digest_mismatch": {"upscale_weights": asked["upscale_weights"] | {"sha256": "0" * 64}},
    }
    for code, more in cases.items():
        result = process_framing(asked | more | {"upscale_fallback": "lanczos"}, world)
        assert (result.frames, result.upscale.used) == (5, "lanczos")
        assert [warning.code for warning in result.warnings] == [code]
    plan = process_framing.plan(
        process_framing.parse(asked | {"upscale_weights": dense, "upscale_fallback": "lanczos"}), world
    )
    assert plan["upscale"]["used"] == "lanczos"


def test_a_wrong_digest_is_refused(world, asked):
    with pytest.raises(ModelDigestMismatchError):
        process_framing(asked | {"upscale_weights": asked["upscale_weights"] | {"sha256": "0" * 64}}, world)


def test_a_reel_of_clips_is_refused_with_the_clip_that_lacks_its_weights(world, asked):
    clips = [{"source_key": asked["input_key"], "name": name} for name in ("One", "Two")]
    reel = {"clips": [clips[0], clips[1] | {"upscale": "always"}], "output_key": "r.mp4"}
    with pytest.raises(ModelMissingError) as raised:
        load_function("plan_multi_clip")(reel, world)
    assert raised.value.details["name"] == "Two"
    plan = load_function("plan_multi_clip")(reel | {"upscale_fallback": "lanczos"}, world).plan
    assert [clip["upscale"]["used"] for clip in plan["clips"]] == ["none", "lanczos"]
    assert plan["clips"][0]["canonical"]["upscale"] != plan["clips"][1]["canonical"]["upscale"]
