"""The banner over an annotated clip as a sticker."""

from clipmill.engines.lettering.fonts import drawable
from clipmill.engines.lettering.lines import shortened
from clipmill.engines.lettering.paint import Coat, Coverage, painted
from clipmill.engines.lettering.text import filled, inked
from clipmill.engines.lettering.typesetter import Typesetter
from clipmill.engines.sticker import Sticker
from clipmill.media.banner import Banner, BannerPlan, banner_plan
from clipmill.media.geometry import Rectangle, Size
from clipmill.media.layers import Weight

BOX_COLOR, TITLE_COLOR, REMARK_COLOR = "#FFFFFF", "#000000", "#333333"
BOX_OPACITY = 0.95


def banner_sticker(banner: Banner, frame: Size) -> Sticker:
    """The banner as far as it lies on the frame."""
    plan = banner_plan(frame, has_remark=bool(banner.remark))
    region = plan.border.inside(frame)
    title = Typesetter(Weight.BOLD, plan.title_size)
    remark = Typesetter(Weight.REGULAR, plan.remark_size)
    return painted(
        region,
        [
            Coat(banner.color, filled(region, plan.border, 1.0)),
            Coat(BOX_COLOR, filled(region, plan.box, BOX_OPACITY)),
            Coat(TITLE_COLOR, _line(region, plan, title, banner.title, plan.title_top)),
            Coat(REMARK_COLOR, _line(region, plan, remark, banner.remark, plan.remark_top)),
        ],
    )


def _line(region: Rectangle, plan: BannerPlan, setter: Typesetter, line: str, top: int) -> Coverage:
    shown = shortened(drawable(line), setter.width, plan.line_width)
    left = plan.box.left + round((plan.box.width - setter.width(shown)) / 2)
    return inked(region, setter, ((shown, left, top),))
