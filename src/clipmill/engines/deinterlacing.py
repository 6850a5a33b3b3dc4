"""Whole pictures out of interlaced ones, whose odd and even rows were taken at two moments."""

from collections.abc import Iterator

import av
import av.error
import av.filter

ONE_FOR_EACH = "mode=send_frame:parity=auto:deint=interlaced"
"""As many pictures as there were; rows of the earlier field stay, the others are drawn. Progressive frames stay as they are."""


class Deinterlacer:
    """Gives a whole picture for each frame, one frame later, for it looks at those before and after."""

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None
        self._built_for: tuple[int, int, str] | None = None

    def pictures(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """What can be drawn now that this frame is known too."""
        kind = (frame.width, frame.height, frame.format.name)
        if self._graph is None or self._built_for != kind:
            yield from self.rest()
            self._graph, self._built_for = _built(frame), kind
        self._graph.vpush(frame)
        yield from _ready(self._graph)

    def rest(self) -> Iterator[av.VideoFrame]:
        """What was held back until the end."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from _ready(self._graph)
            self._graph = None


def _built(frame: av.VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    graph.link_nodes(source, graph.add("bwdif", ONE_FOR_EACH), graph.add("buffersink")).configure()
    return graph


def _ready(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
