"""Frames as planes: which pixel formats are read as they are, and what the others are turned into first."""

from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from clipmill.engines.colour_tags import colour_of
from clipmill.engines.resample import Plane, samples

PLANAR = {
    **dict.fromkeys(("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p"), 8),
    **{f"yuv{kind}p{bits}le": bits for kind in (420, 422, 444) for bits in (10, 12)},
}
GREY = {"gray": 8, "gray10le": 10, "gray12le": 12}
WITH_ALPHA = {"yuva420p": 8, "yuva422p": 8, "yuva444p": 8}
RELATIVES = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "p010le": "yuv420p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yuv411p": "yuv422p",
    "yuv410p": "yuv420p",
    "gray10be": "gray10le",
}


@dataclass(frozen=True, slots=True)
class Planes:
    """A frame whose samples can be resampled plane by plane. ``alpha`` weighs a black background."""

    frame: av.VideoFrame
    bits: int
    grey: bool
    alpha: Plane | None = None
    matrix_is_709: bool = False
    """The frame came as RGB and was turned into BT.709 limited range here."""

    @property
    def luma_black(self) -> int:
        """Luma of black, in 8 bits."""
        return 0 if not self.matrix_is_709 and colour_of(self.frame).full_range else 16

    def luma(self) -> Plane:
        return self._over_black(0)

    def chroma(self, index: int) -> Plane:
        return self._over_black(index)

    def _over_black(self, index: int) -> Plane:
        plane = samples(self.frame, index)
        if self.alpha is None:
            return plane
        black = 128.0 if index else float(self.luma_black)
        rows, columns = plane.shape
        cover = self.alpha
        if cover.shape != plane.shape:
            down, across = cover.shape[0] // rows, cover.shape[1] // columns
            cover = cover[: rows * down, : columns * across].reshape(rows, down, columns, across).mean(axis=(1, 3))
        weighed = black + (plane.astype(np.float32) - black) * (cover.astype(np.float32) / 255)
        return np.rint(weighed).astype(np.uint8)


def planes_of(frame: av.VideoFrame) -> Planes:
    """The frame as planes, converted only where its format has none that can be read."""
    name = frame.format.name
    if frame.format.is_rgb or name in ("pal8", "ya8"):
        return _planes_of_rgb(frame)
    if name in PLANAR or name in GREY:
        return Planes(frame, PLANAR.get(name) or GREY[name], grey=name in GREY)
    if name in WITH_ALPHA:
        return Planes(frame, WITH_ALPHA[name], grey=False, alpha=samples(frame, 3))
    wide = max(component.bits for component in frame.format.components) > 8
    usual = "yuva444p" if _has_alpha(frame) else "yuv444p10le" if wide else "yuv444p"
    return planes_of(frame.reformat(format=RELATIVES.get(name, usual)))


def are_alike(left: av.VideoFrame, right: av.VideoFrame) -> bool:
    """Whether two frames are known to hold the same samples; only those whose planes are read as they are, are looked into."""
    name = left.format.name
    if name != right.format.name or (name not in PLANAR and name not in GREY):
        return False
    return all(np.array_equal(samples(left, index), samples(right, index)) for index in range(len(left.planes)))


def _has_alpha(frame: av.VideoFrame) -> bool:
    # The colours of a palette have alpha, its one component has none.
    return frame.format.name == "pal8" or any(component.is_alpha for component in frame.format.components)


def _planes_of_rgb(frame: av.VideoFrame) -> Planes:
    if not _has_alpha(frame):
        return Planes(_as_709(frame, "yuv444p"), 8, grey=False, matrix_is_709=True)
    converted = _as_709(frame, "yuva444p")
    return Planes(converted, 8, grey=False, alpha=samples(converted, 3), matrix_is_709=True)


def _as_709(frame: av.VideoFrame, name: str) -> av.VideoFrame:
    return frame.reformat(
        format=name,
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
    )
