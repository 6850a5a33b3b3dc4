import base64
from fractions import Fraction
from typing import ClassVar

import pytest
from pydantic.alias_generators import to_camel

from clipmill.errors import InvalidLayerError, InvalidRequestError
from clipmill.function.layer_shapes import MOST_CHARACTERS, LayerShape
from clipmill.function.wire import WireModel
from clipmill.media.layers import Align, Anchor, ImageLayer, TextLayer, Weight

PNG = base64.b64encode(b"\x89PNG").decode()
TIMES = {"start_time": 1, "end_time": 2.5}
TEXT = TIMES | {"text": "Goal!", "x": 100, "y": 50.5}
IMAGE = TIMES | {"png": PNG}
E = Fraction(1, 1000)


class Overlay(WireModel):
    faults: ClassVar = {"text_layers": InvalidLayerError}

    text_layers: tuple[LayerShape, ...] = ()


def drawn(data):
    return LayerShape.parse(data).layer(E).drawn


def test_a_text_has_the_defaults_of_its_shape():
    layer = LayerShape.parse(TEXT).layer(E)
    assert (layer.start, layer.end, layer.opacity, layer.fade_out, layer.tolerance) == (
        1,
        Fraction(5, 2),
        1.0,
        Fraction(1, 4),
        E,
    )
    assert layer.drawn == TextLayer(
        text="Goal!",
        x=100.0,
        y=50.5,
        anchor=Anchor.CENTER,
        size=None,
        weight=Weight.REGULAR,
        color="#FFFFFF",
        outline_color="#000000",
        outline_width=0.0,
        box_color=None,
        box_opacity=0.5,
        align=Align.CENTER,
        max_width=None,
    )


def test_every_field_of_a_text_arrives():
    look = {
        "anchor": "bottom-right",
        "size": 30.5,
        "weight": "bold",
        "color": "#abcdef",
        "outline_color": "#112233",
        "outline_width": 2,
        "box_color": "#445566",
        "box_opacity": 0,
        "align": "left",
        "max_width": 300,
    }
    asked = TEXT | look | {"opacity": 0.25, "fade_out": 0}
    expected = TextLayer(
        *("Goal!", 100.0, 50.5, Anchor.BOTTOM_RIGHT, 30.5, Weight.BOLD, "#ABCDEF", "#112233", 2.0),
        *("#445566", 0.0, Align.LEFT, 300.0),
    )
    for spelling in (str, to_camel):
        layer = LayerShape.parse({spelling(name): value for name, value in asked.items()}).layer(E)
        assert (layer.drawn, layer.opacity, layer.fade_out) == (expected, 0.25, 0)


def test_a_picture_comes_as_bytes_or_by_its_key():
    assert drawn(IMAGE) == ImageLayer(png=b"\x89PNG")
    assert drawn(TIMES | {"key": "logo.png"}) == ImageLayer(key="logo.png")
    placed = drawn(IMAGE | {"x": 0, "y": 4.5, "width": 20, "height": 10})
    assert placed == ImageLayer(b"\x89PNG", None, 0.0, 4.5, 20.0, 10.0)


def test_a_picture_at_the_corner_is_not_one_without_a_place():
    assert drawn(IMAGE).fills_frame
    assert not drawn(IMAGE | {"x": 0}).fills_frame


@pytest.mark.parametrize("shape", [TEXT, IMAGE, TEXT | {"type": "text"}, IMAGE | {"type": "image"}])
def test_a_layer_in_the_form_it_is_passed_on_means_the_same(shape):
    layer = LayerShape.parse(shape)
    assert LayerShape.parse(layer.model_dump(mode="json", exclude_none=True)).layer(E) == layer.layer(E)
    assert LayerShape.parse(layer.model_dump(mode="json")).layer(E) == layer.layer(E)


FAULTS = {
    "start after end": (TEXT | {"start_time": 3}, "start_time"),
    "no time at all": (TEXT | {"end_time": 1}, "start_time"),
    "without start": ({name: value for name, value in TEXT.items() if name != "start_time"}, "start_time"),
    "without text": (TIMES | {"x": 1, "y": 1}, "text"),
    "blank text": (TEXT | {"text": " \n"}, "text"),
    "text of great length": (TEXT | {"text": "x" * (MOST_CHARACTERS + 1)}, "characters"),
    "text without place": (TIMES | {"text": "a", "x": 1}, "y: "),
    "text as a number": (TEXT | {"text": 5}, "text"),
    "text that is a picture": (TEXT | {"png": PNG}, "text: this layer is an image"),
    "picture that is a text": (IMAGE | {"type": "text"}, "png: this layer is a text"),
    "picture with letters": (IMAGE | {"size": 20}, "size"),
    "png and key": (IMAGE | {"key": "logo.png"}, "both"),
    "neither png nor key": (TIMES | {"type": "image"}, "neither"),
    "blank key": (TIMES | {"key": " "}, "key"),
    "no base64": (TIMES | {"png": "data:image/png;base64,AAAA"}, "base64"),
    "base64 with other signs in it": (TIMES | {"png": "AAAA*AAAA"}, "base64"),
    "base64 of half a byte": (TIMES | {"png": "A"}, "base64"),
    "base64 of nothing": (TIMES | {"png": ""}, "base64"),
    "unknown type": (TEXT | {"type": "video"}, "type"),
    "opacity above one": (TEXT | {"opacity": 1.01}, "0..1"),
    "opacity below nothing": (TEXT | {"opacity": -0.1}, "0..1"),
    "opacity that is no number": (TEXT | {"opacity": "1"}, "opacity"),
    "box opacity above one": (TEXT | {"box_opacity": 2}, "0..1"),
    "fade backwards": (TEXT | {"fade_out": -1}, "fade_out"),
    "size of nothing": (TEXT | {"size": 0}, "size"),
    "size below nothing": (TEXT | {"size": -4}, "size"),
    "giant letters": (TEXT | {"size": 8000}, "size"),
    "width of nothing": (IMAGE | {"width": 0}, "width"),
    "giant picture": (IMAGE | {"height": 100_000}, "height"),
    "no room for a line": (TEXT | {"max_width": 0}, "max_width"),
    "outline below nothing": (TEXT | {"outline_width": -1}, "outline_width"),
    "colour by name": (TEXT | {"color": "red"}, "#RRGGBB"),
    "short colour": (TEXT | {"outline_color": "#FFF"}, "#RRGGBB"),
    "colour with alpha": (TEXT | {"box_color": "#11223344"}, "#RRGGBB"),
    "colour of other digits": (TEXT | {"color": "#٠٠٠٠٠٠"}, "#RRGGBB"),
    "unknown anchor": (TEXT | {"anchor": "middle"}, "anchor"),
    "unknown weight": (TEXT | {"weight": "black"}, "weight"),
    "unknown alignment": (TEXT | {"align": "justify"}, "align"),
    "place that is no number": (TEXT | {"x": float("nan")}, "x"),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_faulty_layer_is_refused_by_its_index(fault, said):
    with pytest.raises(InvalidLayerError) as refusal:
        Overlay.parse({"text_layers": [TEXT, IMAGE, fault]})
    assert refusal.value.details["index"] == 2
    assert said in refusal.value.message


def test_a_refused_picture_is_not_repeated_in_the_message():
    with pytest.raises(InvalidLayerError) as refusal:
        Overlay.parse({"text_layers": [TIMES | {"png": "?" * 100_000}]})
    assert len(refusal.value.message) < 300


def test_a_misspelt_field_is_named():
    with pytest.raises(InvalidRequestError, match="did you mean weight"):
        LayerShape.parse(TEXT | {"wieght": "bold"})


def test_what_editors_keep_in_a_layer_is_ignored():
    assert drawn(TEXT | {"id": 7, "label": "title"}) == drawn(TEXT)
