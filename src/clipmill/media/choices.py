"""The named choices of a render: how good, by which encoder, how slow motion is filled."""

from enum import StrEnum


class Quality(StrEnum):
    DRAFT = "draft"
    STANDARD = "standard"
    HIGH = "high"


class EncoderChoice(StrEnum):
    AUTO = "auto"
    X264 = "x264"
    NVENC = "nvenc"


class Motion(StrEnum):
    """What stands between two source frames where the clip is slowed down."""

    DUPLICATE = "duplicate"
    BLEND = "blend"
    FLOW = "flow"


class Upscale(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class UpscaleModel(StrEnum):
    GENERAL = "realesr-general-x4v3"
    PLUS = "RealESRGAN_x4plus"


class UpscaleFallback(StrEnum):
    NONE = "none"
    LANCZOS = "lanczos"


class Effect(StrEnum):
    """What a highlight does to the picture around it, or to the player in it."""

    DARK_OVERLAY = "dark_overlay"
    BRIGHTNESS_BOOST = "brightness_boost"
    SPOTLIGHT = "spotlight"
    BLUR = "blur"
    ORIGINAL = "original"


class HighlightShape(StrEnum):
    """An ellipse around the player, or a disc under the feet."""

    BODY = "body"
    GROUND = "ground"
