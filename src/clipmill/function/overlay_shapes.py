"""What is drawn over a video: highlighted regions and their look, layers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import Field, field_validator, model_validator

from clipmill.errors import (
    InvalidKeyframeError,
    InvalidLayerError,
    InvalidRegionError,
    InvalidRequestError,
    LimitExceededError,
    UnknownEffectError,
)
from clipmill.function.layer_shapes import MOST_LAYERS, LayerShape, Opacity
from clipmill.function.region_shapes import (
    RegionGround,
    RegionKeyframe,
    RegionShape,
    keyframe_list,
    region_tracks,
    timed,
)
from clipmill.function.shapes import EDITOR_FIELDS
from clipmill.function.wire import Colour, Flag, Number, WireModel, between
from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.geometry import Size
from clipmill.media.highlights import Highlights, Region
from clipmill.media.spots import Look
from clipmill.media.tracks import Blend

MOST_REGIONS = 1000
WIDEST_STROKE = 12
SMALLEST_SIGMA, LARGEST_SIGMA = 0.5, 64
FILL_OPACITY = {HighlightShape.BODY: 0.05, HighlightShape.GROUND: 0.15}


class OverlaySettings(WireModel):
    """How highlights look; widths are pixels of a frame of 1080 lines."""

    ignored = EDITOR_FIELDS

    highlight_shape: HighlightShape = HighlightShape.BODY
    highlight_color: Colour = "#FFFFFF"
    stroke_width: Annotated[Number, between(0, WIDEST_STROKE)] = 2.0
    stroke_opacity: Opacity = 0.85
    fill_enabled: Flag = False
    fill_opacity: Opacity | None = None
    dim_strength: Opacity = 0.20
    boost_strength: Opacity = 0.20
    blur_sigma: Annotated[Number, between(SMALLEST_SIGMA, LARGEST_SIGMA)] = 8.0
    feather: Opacity = 0.10

    @property
    def fill_in_force(self) -> float:
        """The fill's opacity where no keyframe gives one; the shape decides where nothing is set."""
        return FILL_OPACITY[self.highlight_shape] if self.fill_opacity is None else self.fill_opacity

    def look(self, effect: Effect) -> Look:
        return Look(
            effect=effect,
            shape=self.highlight_shape,
            stroke_width=self.stroke_width,
            dim_strength=self.dim_strength,
            boost_strength=self.boost_strength,
            blur_sigma=self.blur_sigma,
            feather=self.feather,
            fill_enabled=self.fill_enabled,
        )


class OverlayLook(WireModel):
    """Highlighted regions, their effect, and the layers above them."""

    ignored = EDITOR_FIELDS
    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {"text_layers": ("layers",)}
    faults: ClassVar = {
        "highlight_regions": InvalidRegionError,
        "highlight_keyframes": InvalidKeyframeError,
        "effect_type": UnknownEffectError,
        "text_layers": InvalidLayerError,
    }

    highlight_regions: tuple[RegionShape, ...] = ()
    effect_type: Effect = Effect.DARK_OVERLAY
    overlay_settings: OverlaySettings = Field(default_factory=OverlaySettings)
    text_layers: tuple[LayerShape, ...] = ()
    interpolation: Blend = Blend.LINEAR
    highlight_keyframes: tuple[RegionKeyframe, ...] | None = None

    @field_validator("highlight_regions", mode="before")
    @classmethod
    def _disabled_say_nothing_else(cls, value: Any) -> Any:
        """A disabled region stays as a placeholder: it is checked for nothing, and the others keep their index."""
        if not isinstance(value, list | tuple):
            return () if value is None else value
        _check_count(value, MOST_REGIONS, "highlight_regions", "regions")
        return [{"enabled": False} if _is_disabled(region) else region for region in value]

    @field_validator("text_layers", mode="before")
    @classmethod
    def _few_layers(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            _check_count(value, MOST_LAYERS, "text_layers", "layers")
        return () if value is None else value

    @field_validator("highlight_keyframes", mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        return None if value is None else keyframe_list(value, "highlight_keyframes")

    @model_validator(mode="after")
    def _one_way_to_highlight(self) -> Self:
        if self.highlight_keyframes and self.highlight_regions:
            raise InvalidRequestError(
                "highlight_keyframes: one region over the whole video, which highlight_regions already are; "
                "send one of them",
                details={"field": "highlight_keyframes"},
            )
        return self

    def highlights(self, rate: Fraction, duration: Fraction, size: Size) -> Highlights:
        """All regions on a video of this rate, duration and displayed size."""
        ground = RegionGround(
            rate=rate,
            size=size,
            blend=self.interpolation,
            stroke_opacity=self.overlay_settings.stroke_opacity,
            fill_opacity=self.overlay_settings.fill_in_force,
            colour=self.overlay_settings.highlight_color,
        )
        regions = tuple(
            shape.region(index, ground) for index, shape in enumerate(self.highlight_regions) if shape.enabled
        )
        if self.highlight_keyframes:
            tracks = region_tracks(timed(self.highlight_keyframes, rate, "highlight_keyframes: "), ground)
            regions = (Region(index=0, start=Fraction(0), end=duration, **tracks),)
        return Highlights(regions, self.overlay_settings.look(self.effect_type), size, ground.tolerance)


def _is_disabled(region: Any) -> bool:
    return isinstance(region, Mapping) and cast("Mapping[str, Any]", region).get("enabled") is False


def _check_count(value: list[Any] | tuple[Any, ...], most: int, field: str, things: str) -> None:
    if len(value) > most:
        raise LimitExceededError(f"{field}: at most {most} {things}, got {len(value)}", details={"field": field})
