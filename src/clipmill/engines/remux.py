"""Move packets into another file without touching them."""

from pathlib import Path

import av

from clipmill.engines.decode import Media
from clipmill.engines.movie import MP4
from clipmill.engines.sound_copy import MP4_SOUND
from clipmill.engines.source import open_container

MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})


def remux(media: Media, path: Path, *, include_audio: bool = True) -> bool:
    """Copy the picture and its sound into an MP4 with the index in front; False where MP4 cannot hold them."""
    with open_container(media) as source:
        video, sound = source.streams.best("video"), source.streams.best("audio") if include_audio else None
        if video is None or video.codec_context.codec.canonical_name not in MP4_VIDEO:
            return False
        if sound is not None and sound.codec_context.codec.canonical_name not in MP4_SOUND:
            return False
        kept = [stream for stream in (video, sound) if stream is not None]
        with av.open(path, "w", format="mp4", options=MP4["options"]) as target:
            copies = {stream.index: target.add_stream_from_template(stream, opaque=True) for stream in kept}
            target.set_chapters(source.chapters())
            for packet in source.demux(*kept):
                if packet.dts is not None:
                    packet.stream = copies[packet.stream_index]
                    target.mux(packet)
    return True
