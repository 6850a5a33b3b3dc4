from dataclasses import replace
from fractions import Fraction

import av
import pytest

nets = pytest.importorskip("tests.engines.upscale.nets")

from tests.functions.deliverable import times  # noqa: E402
from tests.media_factory import VARIANTS, frame_numbers, make_video  # noqa: E402

from clipmill.engines.upscale.store import SETTING  # noqa: E402
from clipmill.errors import InvalidRequestError, InvalidSizeError, ModelMissingError  # noqa: E402
from clipmill.functions.apply_upscale import apply_upscale  # noqa: E402

GENERAL = "realesr-general-x4v3"


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """A folder of models without any."""
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))


def asked(world, source, **more):
    """What enlarges by the kernel of a hand-made network, so that frames can be told apart."""
    weights = nets.saved(nets.cubic_enlarger(), world.folder / "w.pth")
    request = {"input_key": world.put(source), "output_key": "large.mp4", "quality": "draft", "encoder": "x264"}
    return request | {"upscale_weights": weights} | more


def audio_packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize("name", ["vfr", "rotated_90"])
def test_frames_and_their_times_and_the_sound_stay_what_they_are(world, tmp_path, name):
    recipe = replace(VARIANTS[name], size=(160, 96))
    source = make_video(tmp_path / "source.mp4", recipe)
    result = apply_upscale(asked(world, source, scale=1.5), world)
    size = recipe.displayed
    assert (result.width, result.height) == (round(size[0] * 1.5), round(size[1] * 1.5))
    assert (result.upscale.used, result.audio, result.warnings) == (GENERAL, "copied", [])
    large = world.open("large.mp4")
    shown = frame_numbers(large, (result.width, result.height))
    assert shown == frame_numbers(source)
    assert times(large) == [time - times(source)[0] for time in times(source)]
    assert audio_packets(large) == audio_packets(source)


def test_sound_is_copied_where_there_is_some_and_it_is_wanted(world, videos):
    for name, more, audio in (
        ("silent", {}, "none"),
        ("mono_44100", {}, "copied"),
        ("cfr_25", {"include_audio": False}, "none"),
    ):
        plan = apply_upscale.plan(apply_upscale.parse(asked(world, videos(name), **more)), world)
        assert plan["audio"] == audio


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ({}, (1280, 720)),
        ({"scale": 4}, (2560, 1440)),
        ({"outputWidth": 960}, (960, 540)),
        ({"target_height": 1000}, (1778, 1000)),
        ({"output_width": 500, "output_height": 500}, (500, 500)),
    ],
)
def test_the_plan_tells_the_size_the_model_and_how_much_it_sees(world, videos, more, size):
    plan = apply_upscale.plan(apply_upscale.parse(asked(world, videos("cfr_25"), **more)), world)
    assert (plan["width"], plan["height"]) == size
    assert plan["upscale"] == {"requested": "always", "used": GENERAL, "scale": 4.0, "model_megapixels": 0.2304}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"output_width": 701}, InvalidSizeError),
        ({"output_height": 14}, InvalidSizeError),
        ({"output_width": 7682}, InvalidSizeError),
        ({"output_height": 7680}, InvalidSizeError),
        ({"scale": 0.5}, InvalidRequestError),
        ({"scale": 4.1}, InvalidRequestError),
        ({"scale": 2, "output_width": 960}, InvalidRequestError),
        ({"scal": 2}, InvalidRequestError),
    ],
)
def test_sizes_that_cannot_be_are_refused(world, videos, more, error):
    with pytest.raises(error):
        apply_upscale(asked(world, videos("cfr_25"), **more), world)
    assert world.reports == []


def test_without_weights_it_is_refused_or_resampled(world, videos):
    request = asked(world, videos("odd_444"), upscale_weights=None, scale=1)
    with pytest.raises(ModelMissingError):
        apply_upscale(request, world)
    result = apply_upscale(request | {"upscale_fallback": "lanczos"}, world)
    assert result.upscale.used == "lanczos"
    assert [warning.code for warning in result.warnings] == ["model_missing"]
    assert Fraction(result.fps) == VARIANTS["odd_444"].rate
