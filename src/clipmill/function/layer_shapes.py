"""The wire form of a layer: a text or a picture laid over a video."""

import base64
import binascii
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import model_validator

from clipmill.function.shapes import EDITOR_FIELDS
from clipmill.function.wire import Colour, Number, Seconds, Text, WireModel, at_least, between
from clipmill.media.layers import Align, Anchor, ImageLayer, Layer, TextLayer, Weight

MOST_LAYERS = 200
"""Layers in one request; the shape that holds the list checks it."""
MOST_CHARACTERS = 2000
LARGEST_LENGTH = 7680
"""Longest side of a picture and largest letters, in pixels."""
WIDEST_OUTLINE = 100

_IMAGE_ONLY = ("png", "key", "width", "height")
_TEXT_ONLY = (
    *("text", "anchor", "size", "weight", "color", "outline_color", "outline_width"),
    *("box_color", "box_opacity", "align", "max_width"),
)


class LayerType(StrEnum):
    IMAGE = "image"
    TEXT = "text"


Opacity = Annotated[Number, between(0, 1)]
Length = Annotated[Number, between(1, LARGEST_LENGTH)]
"""Pixels of something that can be seen."""


class LayerShape(WireModel):
    """A text or a picture and the time it shows; x and y are pixels of the displayed video.

    A shape that holds layers names `InvalidLayerError` as the fault of its list: the index stands in the details.
    """

    ignored = EDITOR_FIELDS

    type: LayerType | None = None
    start_time: Seconds
    end_time: Seconds
    opacity: Opacity = 1.0
    fade_out: Annotated[Seconds, at_least(0)] = Fraction(1, 4)
    x: Number | None = None
    y: Number | None = None

    png: Text | None = None
    key: Text | None = None
    width: Length | None = None
    height: Length | None = None

    text: Text | None = None
    anchor: Anchor = Anchor.CENTER
    size: Length | None = None
    weight: Weight = Weight.REGULAR
    color: Colour = "#FFFFFF"
    outline_color: Colour = "#000000"
    outline_width: Annotated[Number, between(0, WIDEST_OUTLINE)] = 0.0
    box_color: Colour | None = None
    box_opacity: Opacity = 0.5
    align: Align = Align.CENTER
    max_width: Annotated[Number, at_least(1)] | None = None

    @property
    def is_image(self) -> bool:
        if self.type is not None:
            return self.type is LayerType.IMAGE
        return self.png is not None or self.key is not None

    @model_validator(mode="after")
    def _is_one_whole_thing(self) -> Self:
        if self.start_time >= self.end_time:
            raise ValueError(
                f"start_time: expected a time before end_time {float(self.end_time):g} s, "
                f"got {float(self.start_time):g} s"
            )
        if self.is_image:
            self._check_foreign(_TEXT_ONLY, "an image")
            self._check_image()
        else:
            self._check_foreign(_IMAGE_ONLY, "a text")
            self._check_text()
        return self

    def _check_foreign(self, names: tuple[str, ...], kind: str) -> None:
        fields = type(self).model_fields
        given = next((name for name in names if getattr(self, name) != fields[name].default), None)
        if given:
            raise ValueError(f"{given}: this layer is {kind}, which has no {given}; leave it out or change type")

    def _check_image(self) -> None:
        if (self.png is None) == (self.key is None):
            raise ValueError(f"expected png or key, got {'neither' if self.png is None else 'both'}; send one of them")
        if self.key is not None and not self.key.strip():
            raise ValueError("key: expected the key of a stored PNG picture, got blank text")
        if self.png is not None:
            _decoded(self.png)

    def _check_text(self) -> None:
        if self.text is None or not self.text.strip():
            raise ValueError("text: expected something to write, got nothing")
        if len(self.text) > MOST_CHARACTERS:
            raise ValueError(f"text: expected at most {MOST_CHARACTERS} characters, got {len(self.text)}")
        missing = "x" if self.x is None else "y" if self.y is None else None
        if missing:
            raise ValueError(f"{missing}: expected where the text's anchor point stands, in pixels, got nothing")

    def layer(self, tolerance: Fraction) -> Layer:
        """The same layer as a value; ``tolerance`` is that of choosing frames of the video."""
        drawn = self._image() if self.is_image else self._text()
        return Layer(self.start_time, self.end_time, self.opacity, self.fade_out, drawn, tolerance)

    def _image(self) -> ImageLayer:
        png = None if self.png is None else _decoded(self.png)
        return ImageLayer(png, self.key, self.x, self.y, self.width, self.height)

    def _text(self) -> TextLayer:
        assert self.text is not None
        assert self.x is not None
        assert self.y is not None
        return TextLayer(
            text=self.text,
            x=self.x,
            y=self.y,
            anchor=self.anchor,
            size=self.size,
            weight=self.weight,
            color=self.color,
            outline_color=self.outline_color,
            outline_width=self.outline_width,
            box_color=self.box_color,
            box_opacity=self.box_opacity,
            align=self.align,
            max_width=self.max_width,
        )


def _decoded(png: str) -> bytes:
    try:
        data = base64.b64decode(png, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise ValueError(
            f"png: expected the base64 text of a PNG file, without prefix or line breaks, got {png[:40]!r}"
        )
    return data
