"""render_overlay: what is drawn, framed, kept and told; bad requests leave nothing behind."""

import base64
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.coded_factory import PICTURE_STRUCTURES
from tests.contexts import FolderContext
from tests.engines.sabotage import stored_packets
from tests.media_factory import Box, frame_numbers
from tests.media_reading import Picture, pictures
from tests.media_recipes import BT2020, Colour

from clipmill.engines.encoders import Codec
from clipmill.engines.smart import SmartReport
from clipmill.errors import (
    ClipmillError,
    InvalidKeyframeError,
    InvalidLayerError,
    InvalidRegionError,
    InvalidRequestError,
    InvalidSizeError,
)
from clipmill.functions.overlay import render_overlay
from clipmill.functions.patching import PatchWork, patch_result, plan_window
from clipmill.functions.planning import open_source
from clipmill.functions.preview_frame import preview_frame
from clipmill.media.choices import Quality

Structures = Callable[[str], Path]
PLACE = {"x": 25, "y": 43, "radius_x": 13, "radius_y": 12}
RED = {
    "effect_type": "original",
    "overlay_settings": {"fill_enabled": True, "fill_opacity": 1, "stroke_width": 0, "highlight_color": "#FF0000"},
}
SPOT = (slice(38, 48), slice(20, 30))


def region(start: float = 1, end: float = 1.2, **more: Any) -> dict[str, Any]:
    return {"start_time": start, "end_time": end, "exit_fade": 0, **PLACE} | more


def asked(world: FolderContext, source: Path, *regions: dict[str, Any], **more: Any) -> dict[str, Any]:
    keys = {"input_key": world.put(source), "output_key": "out.mp4"}
    return keys | {"highlight_regions": list(regions), "encoder": "x264", "quality": "draft"} | RED | more


def made(world: FolderContext, source: Path, *regions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return render_overlay(asked(world, source, *regions, **more), world).to_json()


def plan_of(world: FolderContext, source: Path, *regions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return render_overlay.plan(render_overlay.parse(asked(world, source, *regions, **more)), world)


def shown(world: FolderContext, key: str = "out.mp4") -> list[Picture]:
    return list(pictures(world.folder / key))


def red(picture: Picture, place: tuple[slice, slice] = SPOT) -> bool:
    rows, columns = (slice(part.start // 2, part.stop // 2) for part in place)
    return float(picture.planes[2][rows, columns].mean()) > 200


def png(size: tuple[int, int] = (160, 96), rgba: tuple[int, ...] = (255, 0, 0, 255), form: str = "rgba") -> bytes:
    frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], len(rgba)), rgba, np.uint8), form)
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *size, form, Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def image(start: float = 1, end: float = 1.2, **more: Any) -> dict[str, Any]:
    return {"start_time": start, "end_time": end, "fade_out": 0} | more


# What the file is


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("closed", {}),
        ("closed", {"smart_render": False}),
        ("closed", {"include_audio": False}),
        ("x265_closed", {}),
        ("variable_rate", {}),
        ("pre_roll", {}),
        ("pcm", {}),
        ("silent", {}),
    ],
)
@pytest.mark.parametrize("regions", [[region()], []])
def test_the_plan_tells_what_the_call_does(
    name: str, more: dict[str, Any], regions: list[Any], structures: Structures, world: FolderContext
):
    plan = plan_of(world, structures(name), *regions, **more)
    told = made(world, structures(name), *regions, **more)
    assert told["frames"] == plan["frames"] == len(shown(world))
    assert told["duration"] == pytest.approx(plan["duration"], abs=0.002)
    assert np.ravel(told["copied_ranges"]) == pytest.approx(np.ravel(plan["copied_ranges"]), abs=1e-9)
    assert told["audio"] == plan["audio"]
    assert told["warnings"] == plan["warnings"]
    assert (world.published, world.left_behind) == (["out.mp4"], [])


def test_the_result_names_what_encoded_it(structures: Structures, world: FolderContext):
    source = structures("closed")
    assert made(world, source, region())["encoder"] == "x264"
    assert made(world, source, region(), smart_render=False)["encoder"] == "x264"
    assert made(world, source)["encoder"] == "copied"
    assert made(world, structures("x265_closed"))["encoder"] == "copied"


def test_pictures_beside_copies_are_never_a_cards_work(structures: Structures, world: FolderContext):
    """They stand beside packets of x264, whatever encoder was asked for."""
    made(world, structures("closed"), region())
    source = open_source(world, world.put(structures("closed")))
    plan = plan_window(source, None, [(Fraction(1), Fraction(6, 5))])
    work = PatchWork(source=source, plan=plan, quality=Quality.DRAFT, codec=Codec.NVENC, threads=1)
    names = [
        patch_result(world.folder / "out.mp4", "out.mp4", work, SmartReport(done, 0), "nvenc").encoder
        for done in (plan, plan.without_copies("a test"))
    ]
    assert names == ["x264", "nvenc"]


@pytest.mark.parametrize("more", [{}, {"smart_render": False}])
def test_without_sound_asked_for_there_is_none(more: dict[str, Any], structures: Structures, world: FolderContext):
    for regions in ([region()], []):
        told = made(world, structures("closed"), *regions, include_audio=False, **more)
        assert told["audio"] == "none"
        with av.open(str(world.folder / "out.mp4")) as container:
            assert len(container.streams.audio) == 0


@pytest.mark.parametrize("name", ["closed", "x265_closed", "open", "h264_10_bit"])
def test_nothing_drawn_is_every_packet_of_the_source(name: str, structures: Structures, world: FolderContext):
    told = made(world, structures(name))
    packets = [
        [stored.data for stored in stored_packets(path)] for path in (structures(name), world.folder / "out.mp4")
    ]
    assert packets[0] == packets[1]
    assert (told["encoder"], told["copied_ranges"]) == ("copied", [[0.0, pytest.approx(2.4)]])


def test_regions_that_are_switched_off_are_nothing_drawn(structures: Structures, world: FolderContext):
    assert made(world, structures("closed"), {"enabled": False})["encoder"] == "copied"
    told = made(world, structures("closed"), {"enabled": False, "start_time": 5, "colour": 3}, region(1, 1.04))
    assert told["encoder"] == "x264"
    assert [red(picture) for picture in shown(world)].index(True) == 25


def test_without_smart_rendering_nothing_is_copied_and_the_same_is_drawn(structures: Structures, world: FolderContext):
    told = made(world, structures("closed"), region(), smart_render=False)
    assert told["copied_ranges"] == []
    assert [number for number, picture in enumerate(shown(world)) if red(picture)] == [25, 26, 27, 28, 29]
    assert frame_numbers(world.folder / "out.mp4") == list(range(60))


@pytest.mark.parametrize("transfer", [16, 18])
def test_an_hdr_source_is_told_of_only_where_it_is_drawn_again(transfer: int, world: FolderContext, tmp_path: Path):
    model = PICTURE_STRUCTURES["x265_10_bit"]
    colour = Colour(BT2020, primaries=9, transfer=transfer)
    source = replace(model, recipe=replace(model.recipe, frames=12, colour=colour))(tmp_path / "hdr.mp4")
    drawn, plain = (made(world, source, *regions) for regions in ([region(0.1, 0.2)], []))
    assert [warning["code"] for warning in drawn["warnings"]] == ["hdr_tonemapped"]
    assert plain["warnings"] == []


# Layers


@pytest.mark.parametrize("smart", [True, False])
def test_an_image_layer_comes_from_its_key(smart: bool, structures: Structures, world: FolderContext):
    (world.folder / "logo.png").write_bytes(png())
    told = made(world, structures("closed"), text_layers=[image(key="logo.png")], smart_render=smart)
    assert [number for number, picture in enumerate(shown(world)) if red(picture)] == [25, 26, 27, 28, 29]
    assert bool(told["copied_ranges"]) is smart
    assert (world.published, world.left_behind) == (["out.mp4"], [])


def test_a_layer_and_its_key_look_alike(structures: Structures, world: FolderContext):
    content = png((20, 20))
    (world.folder / "logo.png").write_bytes(content)
    place = {"x": 20.5, "y": 38, "width": 10, "height": 10}
    files: list[bytes] = []
    for source in ({"key": "logo.png"}, {"png": base64.b64encode(content).decode()}):
        made(world, structures("closed"), text_layers=[image(**source, **place)])
        files.append((world.folder / "out.mp4").read_bytes())
    assert files[0] == files[1]


def test_a_layer_that_cannot_be_seen_is_nothing_drawn(structures: Structures, world: FolderContext):
    layer = {"start_time": 0, "end_time": 1, "text": "unseen", "x": 80, "y": 48, "opacity": 0}
    assert made(world, structures("closed"), text_layers=[layer])["encoder"] == "copied"


def test_a_glyph_that_no_font_has_is_told(structures: Structures, world: FolderContext):
    layer = {"start_time": 0, "end_time": 0.1, "text": "goal \U00013000", "x": 80, "y": 48}
    (warning,) = made(world, structures("closed"), text_layers=[layer])["warnings"]
    assert (warning["code"], warning["index"]) == ("missing_glyph", 0)


def test_a_region_that_meets_no_picture_is_told(structures: Structures, world: FolderContext):
    outside = region(x=1000)
    after = region(90, 95)
    told = made(world, structures("closed"), region(), outside, after)
    assert [(warning["code"], warning["index"]) for warning in told["warnings"]] == [
        ("region_outside_video", 1),
        ("region_outside_video", 2),
    ]
    assert [number for number, picture in enumerate(shown(world)) if red(picture)] == [25, 26, 27, 28, 29]


# Framing


KEYS = [
    {"time": 0, "x": 0, "y": 0, "width": 80, "height": 96},
    {"time": 2.4, "x": 48, "y": 0, "width": 80, "height": 96},
]


@pytest.mark.parametrize("name", ["closed", "variable_rate"])
def test_framing_comes_after_the_overlay_and_keeps_every_time(name: str, structures: Structures, world: FolderContext):
    source = structures(name)
    end = float(list(pictures(source))[-1].time) + 0.1
    told = made(world, source, region(0, end), crop_keyframes=KEYS, output_width=160, output_height=192)
    assert (told["width"], told["height"], told["copied_ranges"]) == (160, 192, [])
    framed, plain = shown(world), list(pictures(source))
    assert [picture.time for picture in framed] == [picture.time - plain[0].time for picture in plain]
    for picture in framed[:: len(framed) // 5]:
        left = 2 * (25 - 20 * float(picture.time))
        middle = max(0, round(left) - 4)
        if left > 8:
            assert red(picture, (slice(78, 94), slice(middle, middle + 8)))


def test_a_size_alone_frames_the_middle(structures: Structures, world: FolderContext):
    plain = made(world, structures("closed"), output_width=96, output_height=96)
    assert (plain["width"], plain["height"], plain["frames"]) == (96, 96, 60)
    assert frame_numbers(world.folder / "out.mp4", (160, 96), Box(32, 0, 96, 96)) == list(range(60))


def test_keyframes_alone_frame_upright(structures: Structures, world: FolderContext):
    told = made(world, structures("closed"), crop_keyframes=KEYS[:1], quality="draft")
    assert (told["width"], told["height"]) == (1080, 1920)


# The preview


def rgb(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [_upright(frame) for frame in container.decode(video=0)]


def _upright(frame: Any) -> np.ndarray:
    whole = frame.reformat(format="rgb24", src_colorspace=1, interpolation="BICUBIC").to_ndarray()
    return np.rot90(whole, frame.rotation // 90).astype(int)


@pytest.mark.parametrize("name", ["closed", "bt601", "rotated_90", "rate_23_976"])
@pytest.mark.parametrize("framed", [False, True])
def test_a_preview_is_the_frame_that_the_export_shows(
    name: str, framed: bool, structures: Structures, world: FolderContext
):
    source = structures(name)
    look = {"highlight_regions": [region(0.5, 1.5, exit_fade=0.5)], **RED, "effect_type": "spotlight"}
    framing = {"crop_keyframes": KEYS, "output_width": 80, "output_height": 96} if framed else {}
    common = {"input_key": world.put(source), **framing}
    render_overlay({"output_key": "out.mp4", "quality": "high", "encoder": "x264", **look, **common}, world)
    exported = rgb(world.folder / "out.mp4")
    times = [float(picture.time) for picture in shown(world)]
    for number in (0, 13, 30, 37, 59):
        time = times[number] + 0.015
        preview_frame({"output_key": "frame.png", "time": time, "overlay": look, **common}, world)
        (preview,) = rgb(world.folder / "frame.png")
        errors = [np.abs(preview - frame).mean() for frame in exported]
        assert errors[number] < 4, number
        assert errors[number] == min(errors), number


# What is refused


@pytest.mark.parametrize(
    ("change", "kind", "index"),
    [
        ({"highlight_regions": [region(), region(-1, 1)]}, InvalidRegionError, 1),
        ({"highlight_regions": [region(2, 1)]}, InvalidRegionError, 0),
        ({"highlight_regions": [region(), region(1, 1)]}, InvalidRegionError, 1),
        ({"highlight_regions": [region(), region(), region(color="red")]}, InvalidRegionError, 2),
        ({"highlight_regions": [region(color="#12345G")]}, InvalidRegionError, 0),
        ({"overlay_settings": {"highlight_color": "#FFF"}}, InvalidRequestError, None),
        ({"text_layers": [image(key="small.png")]}, InvalidLayerError, 0),
        ({"text_layers": [image(key="right.png"), image(key="solid.png")]}, InvalidLayerError, 1),
        ({"text_layers": [image(key="text.png")]}, InvalidLayerError, 0),
        ({"text_layers": [image(png="no base64!")]}, InvalidLayerError, 0),
        ({"crop_keyframes": [KEYS[0] | {"width": 0}]}, InvalidKeyframeError, 0),
        ({"output_width": 91}, InvalidSizeError, None),
        ({"highlight_keyframes": [{"time": 0, **PLACE}], "highlight_regions": [region()]}, InvalidRequestError, None),
        ({"smart_rendr": True}, InvalidRequestError, None),
    ],
)
def test_a_fault_is_told_with_its_place_and_leaves_nothing(
    change: dict[str, Any], kind: type[ClipmillError], index: int | None, structures: Structures, world: FolderContext
):
    for name, content in {
        "small.png": png((158, 96)),
        "right.png": png(),
        "solid.png": png(rgba=(255, 0, 0), form="rgb24"),
        "text.png": b"not a picture",
    }.items():
        (world.folder / name).write_bytes(content)
    request = asked(world, structures("closed")) | change
    with pytest.raises(kind) as told:
        render_overlay(request, world)
    assert type(told.value) is kind
    assert told.value.details.get("index") == index
    assert (world.published, world.left_behind) == ([], [])


def test_the_plan_refuses_what_the_call_refuses(structures: Structures, world: FolderContext):
    (world.folder / "small.png").write_bytes(png((158, 96)))
    with pytest.raises(InvalidLayerError, match="158"):
        plan_of(world, structures("closed"), text_layers=[image(key="small.png")])


def test_a_ground_that_is_no_colour_is_rejected_before_anything_is_drawn(tmp_path: Path):
    with pytest.raises(InvalidRequestError, match="pad_color"):
        render_overlay.parse({"input_key": "a.mp4", "output_key": "b.mp4", "pad_color": "black"})
