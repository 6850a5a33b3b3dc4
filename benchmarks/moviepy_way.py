"""MoviePy 2: crop, resize, write."""

import sys

from moviepy import VideoFileClip


def main(source: str, target: str) -> None:
    """Frame a video with a fixed crop."""
    clip = VideoFileClip(source).cropped(x1=656, y1=0, width=608, height=1080).resized((1080, 1920))
    clip.write_videofile(
        target,
        codec="libx264",
        preset="fast",
        audio_codec="aac",
        audio_bitrate="192k",
        ffmpeg_params=["-crf", "23", "-g", "60", "-pix_fmt", "yuv420p", "-movflags", "+faststart"],
        logger=None,
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
