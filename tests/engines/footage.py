"""Where the real footage lies, and what a decoder makes of it; tests that need it are skipped where it is missing."""

import os
from fractions import Fraction
from pathlib import Path

import av.error
import pytest

from clipmill.engines.source import Media, open_container

MEDIA = Path(os.environ.get("CLIPMILL_TEST_MEDIA", Path(__file__).parents[3] / "shared/media"))

needs_footage = pytest.mark.skipif(not MEDIA.is_dir(), reason=f"real footage is not at {MEDIA}")


def decoded_times(media: Media) -> list[Fraction]:
    """When each frame that a decoder gives out is shown, on the file's own clock."""
    with open_container(media) as container:
        stream = container.streams.video[0]
        times: list[Fraction] = []
        for packet in container.demux(stream):
            try:
                times += [frame.pts * packet.time_base for frame in packet.decode() if frame.pts is not None]
            except av.error.FFmpegError:
                continue
    return sorted(times)
