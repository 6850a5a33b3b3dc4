"""Bring pictures to what every output is: BT.709 matrix, primaries and transfer, limited range, 8 bits.

The numbers are converted, never only relabelled. High dynamic range goes through the table of `tonemap`.
"""

from dataclasses import dataclass
from fractions import Fraction

import av
import av.filter

from clipmill.engines.layout import Planes
from clipmill.engines.tonemap import sdr_table
from clipmill.media.info import Colour, VideoInfo

FILTER_MATRICES = {
    "smpte170m": "smpte170m",
    "bt470bg": "bt470bg",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "ycgco": "ycgco",
    "bt2020nc": "bt2020ncl",
    "bt2020c": "bt2020ncl",
}
SCALE_MATRICES = {"bt2020nc": "bt2020", "bt2020c": "bt2020", "bt709": "bt709"}


@dataclass
class ColourConverter:
    """Converts the frames of one source; the filters are built at the first frame and kept."""

    colour: Colour
    hdr: str | None

    def __post_init__(self) -> None:
        self._graph: av.filter.Graph | None = None
        self._built_for: tuple[int, int, str] | None = None

    @classmethod
    def of(cls, video: VideoInfo) -> "ColourConverter":
        return cls(video.colour, video.hdr)

    @property
    def _wide_gamut(self) -> bool:
        return (
            self.hdr is not None or self.colour.primaries == "bt2020" or (self.colour.matrix or "").startswith("bt2020")
        )

    def working_bits(self, planes: Planes) -> int:
        """Bits of the samples before conversion: ten where eight would show bands."""
        return 10 if self._wide_gamut and planes.bits > 8 else 8

    def working_format(self, planes: Planes) -> str:
        return "yuv420p10le" if self.working_bits(planes) == 10 else "yuv420p"

    def converted(self, frame: av.VideoFrame, planes: Planes) -> av.VideoFrame:
        """The frame in output colours; the same object where nothing has to change."""
        if planes.matrix_is_709 or (self._is_709 and not self.colour.full_range):
            return frame
        kind = (frame.width, frame.height, frame.format.name)
        if self._graph is None or self._built_for != kind:
            self._graph, self._built_for = self._built(frame), kind
        self._graph.vpush(frame)
        return self._graph.vpull()

    @property
    def _is_709(self) -> bool:
        return not self._wide_gamut and (self.colour.matrix or "bt709") not in FILTER_MATRICES

    def _built(self, frame: av.VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1)
        )
        steps = self._tone_mapping() if self.hdr else self._matrix_change()
        nodes = [graph.add(name, arguments) for name, arguments in (*steps, ("format", "yuv420p"))]
        graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
        return graph

    def _matrix_change(self) -> list[tuple[str, str]]:
        matrix = FILTER_MATRICES.get(self.colour.matrix or "", "bt709")
        primaries = "bt2020" if self._wide_gamut else "bt709"
        incoming = (
            f"ispace={matrix}:iprimaries={primaries}:itrc=bt709:irange={'pc' if self.colour.full_range else 'tv'}"
        )
        return [("colorspace", f"space=bt709:primaries=bt709:trc=bt709:range=tv:{incoming}")]

    def _tone_mapping(self) -> list[tuple[str, str]]:
        matrix = SCALE_MATRICES.get(self.colour.matrix or "", "bt2020")
        incoming = f"in_color_matrix={matrix}:in_range={'pc' if self.colour.full_range else 'tv'}"
        return [
            ("scale", f"{incoming}:out_range=pc:flags=bicubic+accurate_rnd+full_chroma_int"),
            ("format", "gbrp12le"),
            ("lut3d", f"file={sdr_table(self.hdr or 'pq')}:interp=tetrahedral"),
            ("scale", "in_range=pc:out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int"),
        ]


def pad_levels(colour: str) -> tuple[int, int, int]:
    """Y, Cb and Cr of a ``#RRGGBB`` colour, 8-bit BT.709 limited range.

    >>> pad_levels("#FFFFFF"), pad_levels("#000000")
    ((235, 128, 128), (16, 128, 128))
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    levels = (16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748)
    return tuple(int(level + 0.5) for level in levels)  # pyright: ignore[reportReturnType]
