"""How long the captions of a video can last: what its headers say, and where they disagree, what its frames say."""

from fractions import Fraction

import av

from clipmill.engines.source import Media, open_container, reading
from clipmill.media.captions.sampling import DurationClues, SettledDuration, settle_duration
from clipmill.media.info import VideoInfo


def caption_duration(media: Media, video: VideoInfo) -> SettledDuration:
    """The duration of the picture, and whether its header is wrong about it by more than a second."""
    with open_container(media) as container, reading(media):
        stream = container.streams[video.index]
        stated = stream.duration and stream.time_base and stream.duration * stream.time_base
        whole = Fraction(container.duration, av.time_base) if container.duration else None
        begins = Fraction(container.start_time or 0, av.time_base)
    # Matroska states no duration of a track. That of the whole file is the sound's, where the sound is longer.
    clues = DurationClues(stated or video.duration, whole, video.start - begins, 1 / video.rate)
    return settle_duration(clues, lambda: video.duration)
