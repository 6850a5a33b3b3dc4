"""Where the captions of a video stand, from the text boxes of its full frames."""

from clipmill.media.captions.layout.analysis import LayoutResult, analyze_layout
from clipmill.media.captions.layout.boxes import Box, BoxLabel, Reason
from clipmill.media.captions.layout.carry_over import LayoutConfig, carry_over, carry_over_config
from clipmill.media.captions.layout.region import AnchorType, with_room_aside

__all__ = [
    "AnchorType",
    "Box",
    "BoxLabel",
    "LayoutConfig",
    "LayoutResult",
    "Reason",
    "analyze_layout",
    "carry_over",
    "carry_over_config",
    "with_room_aside",
]
