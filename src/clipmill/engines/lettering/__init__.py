"""Letters and pictures as stickers: text layers, image layers, the banner of an annotated clip."""

from clipmill.engines.lettering.banner import banner_sticker
from clipmill.engines.lettering.fonts import missing_glyphs
from clipmill.engines.lettering.pictures import check_picture, picture_sticker
from clipmill.engines.lettering.text import text_block, text_sticker
from clipmill.engines.sticker import Sticker
from clipmill.media.geometry import Size
from clipmill.media.layers import ImageLayer, TextLayer

__all__ = ["banner_sticker", "check_layer", "layer_sticker", "missing_glyphs"]


def check_layer(drawn: TextLayer | ImageLayer, frame: Size, index: int) -> None:
    """Refuse layer number ``index`` if it cannot be drawn on a frame, by little work: no pixel is decoded."""
    if isinstance(drawn, TextLayer):
        text_block(drawn, frame, index)
    else:
        check_picture(drawn, frame, index)


def layer_sticker(drawn: TextLayer | ImageLayer, frame: Size, index: int) -> Sticker:
    """Layer number ``index`` as far as it lies on a frame; a picture that is stored under a key has been read before."""
    return text_sticker(drawn, frame, index) if isinstance(drawn, TextLayer) else picture_sticker(drawn, frame, index)
