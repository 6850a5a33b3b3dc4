"""Draw the banner of an annotated clip over its frames."""

from fractions import Fraction

import av

from clipmill.engines.join_clips import Paint
from clipmill.engines.lettering import banner_sticker
from clipmill.engines.overlay.painter import DrawnLayer, Painter
from clipmill.engines.planes import Orientation
from clipmill.media.banner import Banner
from clipmill.media.geometry import Size
from clipmill.media.layers import ImageLayer, Layer

START = Fraction(0)


def banner_paint(banner: Banner, frame: Size) -> Paint:
    """Draws a banner on frames of the output."""
    always = Layer(START, START + 1, opacity=1.0, fade_out=Fraction(0), drawn=ImageLayer(), tolerance=Fraction(0))
    painter = Painter(None, [DrawnLayer(always, banner_sticker(banner, frame))])
    lies = Orientation(frame, frame, 0, mirrored=False)

    def paint(picture: av.VideoFrame) -> av.VideoFrame:
        return painter.paint(picture, START, lies)

    return paint
