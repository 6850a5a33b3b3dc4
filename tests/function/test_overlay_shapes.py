from fractions import Fraction

import pytest
from pydantic.alias_generators import to_camel

from clipmill.errors import (
    ClipmillError,
    InvalidKeyframeError,
    InvalidLayerError,
    InvalidRegionError,
    InvalidRequestError,
    LimitExceededError,
    UnknownEffectError,
)
from clipmill.function.overlay_shapes import MOST_REGIONS, OverlayLook, OverlaySettings
from clipmill.function.shapes import MOST_KEYFRAMES
from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.geometry import Size
from clipmill.media.spots import Look

RATE, DURATION, FRAME = Fraction(25), Fraction(10), Size(1920, 1080)
KEY = {"time": 1, "x": 400, "y": 700, "radius_x": 60, "radius_y": 110}
TIMED = {"start_time": 1, "end_time": 4, "keyframes": [KEY]}
FRAMED = {"start_frame": 10, "end_frame": 20, "x": 400, "y": 700, "radius_x": 60, "radius_y": 110}
RICH = {
    "highlight_regions": [
        TIMED
        | {
            "keyframes": [KEY, KEY | {"time": 2, "stroke_opacity": 0.5, "fill_opacity": 0.1, "color": "#10FF00"}],
            "exit_fade": 0.5,
            "video_width": 960,
            "video_height": 540,
        },
        FRAMED | {"opacity": 0.5, "color": "#FF0000"},
    ],
    "effect_type": "blur",
    "overlay_settings": {"highlight_shape": "ground", "highlight_color": "#00FF00", "blur_sigma": 3},
    "interpolation": "smooth",
}


def camel(value):
    if isinstance(value, dict):
        return {to_camel(name): camel(part) for name, part in value.items()}
    return [camel(part) for part in value] if isinstance(value, list) else value


def without(region, *names):
    return {name: value for name, value in region.items() if name not in names}


def look_of(*regions, **more) -> OverlayLook:
    return OverlayLook.parse({"highlight_regions": list(regions)} | more)


def highlights(*regions, rate=RATE, size=FRAME, **more):
    return look_of(*regions, **more).highlights(rate, DURATION, size)


def spot(t, *regions, **more):
    (only,) = highlights(*regions, **more).spots(Fraction(t))
    return only


def refusal(*regions, **more) -> ClipmillError:
    with pytest.raises(ClipmillError) as told:
        highlights(*regions, **more)
    return told.value


def test_camel_case_and_snake_case_are_one_request():
    """Regression 52."""
    assert camel(RICH) != RICH
    assert OverlayLook.parse(camel(RICH)) == OverlayLook.parse(RICH)


def test_defaults_are_those_of_the_book():
    assert OverlayLook.parse({}) == OverlayLook()
    assert OverlaySettings().look(Effect.DARK_OVERLAY) == Look()
    assert OverlayLook().effect_type is Effect.DARK_OVERLAY


def test_every_setting_reaches_the_look():
    settings = {
        "highlight_shape": "ground",
        "stroke_width": 3,
        "fill_enabled": True,
        "dim_strength": 0.3,
        "boost_strength": 0.4,
        "blur_sigma": 5,
        "feather": 0.5,
    }
    assert highlights(TIMED, overlay_settings=settings, effect_type="spotlight").look == Look(
        Effect.SPOTLIGHT, HighlightShape.GROUND, 3, 0.3, 0.4, 5, 0.5, fill_enabled=True
    )


def test_a_framed_region_holds_both_its_frames():
    """Regression 85."""
    lit = highlights(FRAMED)
    assert [lit.active(number / RATE) for number in (9, 10, 20, 21)] == [False, True, True, False]


def test_frames_count_at_the_exact_rate():
    (region,) = highlights(FRAMED, rate=Fraction(30000, 1001)).regions
    assert (region.start, region.end) == (10 * Fraction(1001, 30000), 21 * Fraction(1001, 30000))


def test_keyframes_may_name_frames():
    (region,) = highlights(TIMED | {"keyframes": [without(KEY, "time") | {"frame": 50}]}).regions
    assert region.x.keys == ((Fraction(2), 400.0),)


def test_a_frame_and_a_time_that_disagree_are_refused_with_their_index():
    fault = refusal(TIMED | {"keyframes": [KEY, KEY | {"time": 2, "frame": 10}]})
    assert isinstance(fault, InvalidKeyframeError)
    assert fault.details == {"index": 1}
    assert "highlight_regions.0" in fault.message


def test_positions_are_scaled_from_the_video_they_were_made_on():
    ellipse = spot("2", TIMED | {"video_width": 1280, "video_height": 1440}).ellipse
    assert (ellipse.x, ellipse.y, ellipse.radius_x, ellipse.radius_y) == (600, 525, 90, 82.5)


@pytest.mark.parametrize(
    ("key", "settings", "stroke", "fill"),
    [
        ({}, {}, 0.85, 0.05),
        ({}, {"highlight_shape": "ground"}, 0.85, 0.15),
        ({}, {"stroke_opacity": 0.4, "fill_opacity": 0.3}, 0.4, 0.3),
        ({"opacity": 0.6}, {"stroke_opacity": 0.4, "fill_opacity": 0.3}, 0.6, 0.6),
        ({"opacity": 0.6, "stroke_opacity": 0.2, "fill_opacity": 0.1}, {"stroke_opacity": 0.4}, 0.2, 0.1),
        ({"stroke_opacity": 0, "fill_opacity": 0}, {}, 0, 0),
        ({"opacity": 0}, {}, 0, 0),
        ({"stroke_opacity": None}, {}, 0.85, 0.05),
    ],
)
def test_opacities_come_from_the_keyframe_then_the_settings_then_the_shape(key, settings, stroke, fill):
    """Regressions 53 and 90: what is missing gets its default, an explicit 0 stays."""
    drawn = spot("2", TIMED | {"keyframes": [KEY | key]}, overlay_settings={"fill_enabled": True} | settings)
    assert (drawn.stroke_opacity, drawn.fill_opacity) == (stroke, fill)


def test_explicit_zeros_in_the_settings_stay():
    """Regression 90."""
    zeros = {"stroke_width": 0, "stroke_opacity": 0, "fill_opacity": 0, "dim_strength": 0, "feather": 0}
    lit = highlights(TIMED, overlay_settings=zeros | {"highlight_shape": "ground"})
    assert (lit.look.stroke_width, lit.look.dim_strength, lit.look.feather) == (0, 0, 0)
    assert lit.regions[0].fill_opacity.at(Fraction(0)) == 0


@pytest.mark.parametrize(
    ("key", "region", "settings", "colour"),
    [
        ({}, {}, {}, "#FFFFFF"),
        ({}, {}, {"highlight_color": "#0000ff"}, "#0000FF"),
        ({}, {"color": "#00FF00"}, {"highlight_color": "#0000FF"}, "#00FF00"),
        ({"color": "#FF0000"}, {"color": "#00FF00"}, {"highlight_color": "#0000FF"}, "#FF0000"),
    ],
)
def test_the_colour_is_the_keyframes_then_the_regions_then_the_settings(key, region, settings, colour):
    assert spot("2", TIMED | region | {"keyframes": [KEY | key]}, overlay_settings=settings).colour == colour


def test_a_track_is_made_of_the_keyframes_that_carry_it():
    keys = [KEY | {"stroke_opacity": 0.2}, KEY | {"time": 2}, KEY | {"time": 3, "stroke_opacity": 0.6}]
    assert spot("2", TIMED | {"keyframes": keys}).stroke_opacity == pytest.approx(0.4)


def test_highlight_keyframes_are_one_region_over_the_whole_video():
    lit = OverlayLook.parse({"highlight_keyframes": [KEY]}).highlights(RATE, DURATION, FRAME)
    assert [(region.start, region.end) for region in lit.regions] == [(0, DURATION)]
    assert lit.spots(Fraction(5))[0].ellipse.x == 400


def test_highlight_keyframes_beside_regions_are_refused():
    assert type(refusal(TIMED, highlight_keyframes=[KEY])) is InvalidRequestError


@pytest.mark.parametrize("nonsense", [{"start_time": "soon"}, {"keyframes": 7}, {"never": "heard of"}, {}])
def test_a_disabled_region_is_skipped_before_any_other_check(nonsense):
    assert highlights({"enabled": False} | nonsense).regions == ()


def test_indices_count_disabled_regions():
    assert [region.index for region in highlights({"enabled": False}, TIMED).regions] == [1]
    assert refusal({"enabled": False}, without(TIMED, "keyframes")).details["index"] == 1


@pytest.mark.parametrize(
    ("region", "told"),
    [
        (TIMED | {"start_time": 4}, "before"),
        (TIMED | {"start_time": 5}, "before"),
        (TIMED | {"start_time": -1}, "at least 0"),
        (FRAMED | {"start_frame": 21}, "before"),
        (FRAMED | {"start_frame": -1}, "at least 0"),
        (TIMED | {"keyframes": []}, "keyframes"),
        (without(TIMED, "keyframes"), "keyframes"),
        (without(FRAMED, "radius_y"), "radius_y"),
        (without(TIMED, "end_time"), "end_time"),
        (without(TIMED, "start_time", "end_time"), "start_frame"),
        (TIMED | FRAMED, "one pair"),
        (FRAMED | {"keyframes": [KEY]}, "both"),
        (FRAMED | {"radius_x": 0}, "more than 0"),
        (TIMED | {"keyframes": [KEY | {"radius_y": -1}]}, "more than 0"),
        (TIMED | {"keyframes": [without(KEY, "time")]}, "time"),
        (TIMED | {"keyframes": [without(KEY, "x")]}, "x"),
        (TIMED | {"keyframes": [KEY | {"x": "40"}]}, "number"),
        (TIMED | {"color": "red"}, "#RRGGBB"),
        (TIMED | {"keyframes": [KEY | {"color": "#FFF"}]}, "#RRGGBB"),
        (TIMED | {"exit_fade": 10.5}, "0..10"),
        (TIMED | {"exit_fade": -1}, "0..10"),
        (TIMED | {"video_width": 0}, "more than 0"),
    ],
)
def test_a_faulty_region_is_named_by_its_index(region, told):
    fault = refusal(TIMED, TIMED, region)
    assert type(fault) is InvalidRegionError
    assert fault.details["index"] == 2
    assert told in fault.message


def test_a_region_of_one_frame_is_a_region():
    assert highlights(FRAMED | {"end_frame": 10}).active(10 / RATE)


def test_the_rate_an_editor_keeps_in_a_region_is_ignored():
    assert look_of(TIMED | {"fps": 99, "label": "nine"}) == look_of(TIMED)


def test_an_unknown_field_gets_the_nearest_name():
    fault = refusal(TIMED | {"opactiy": 1})
    assert type(fault) is InvalidRequestError
    assert "opacity" in fault.message


def test_an_unknown_effect_names_those_that_exist():
    fault = refusal(effect_type="sepia")
    assert type(fault) is UnknownEffectError
    assert "spotlight" in fault.message


@pytest.mark.parametrize(
    "settings",
    [
        {"stroke_width": 12.5},
        {"stroke_opacity": 1.1},
        {"fill_opacity": -0.1},
        {"dim_strength": 2},
        {"boost_strength": -1},
        {"blur_sigma": 0.4},
        {"blur_sigma": 65},
        {"feather": 1.5},
        {"highlight_color": "white"},
        {"highlight_shape": "square"},
    ],
)
def test_a_setting_out_of_range_is_named(settings):
    fault = refusal(TIMED, overlay_settings=settings)
    assert type(fault) is InvalidRequestError
    assert next(iter(settings)) in fault.message


def test_layers_answer_to_both_names_and_faults_are_named_by_index():
    text = {"start_time": 0, "end_time": 1, "text": "2:1", "x": 10, "y": 10}
    assert look_of(layers=[text]) == look_of(text_layers=[text])
    fault = refusal(layers=[text, text | {"end_time": 0}])
    assert type(fault) is InvalidLayerError
    assert fault.details["index"] == 1


@pytest.mark.parametrize(
    "more",
    [
        {"highlight_regions": [TIMED] * (MOST_REGIONS + 1)},
        {"highlight_regions": [TIMED | {"keyframes": [KEY] * (MOST_KEYFRAMES + 1)}]},
        {"highlight_keyframes": [KEY] * (MOST_KEYFRAMES + 1)},
        {"layers": [{}] * 201},
    ],
    ids=["regions", "keyframes", "highlight keyframes", "layers"],
)
def test_more_than_the_limits_is_refused(more):
    with pytest.raises(LimitExceededError):
        OverlayLook.parse(more)
