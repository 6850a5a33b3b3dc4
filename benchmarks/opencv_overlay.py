"""The usual way to highlight a player: every frame through OpenCV as floats, piped into ffmpeg."""

import subprocess
import sys

import cv2
import numpy as np


def main(source: str, target: str, ranges: str) -> None:
    """Dim all but an ellipse in the given ranges of seconds, ``start-end,start-end``."""
    spans = [tuple(map(float, part.split("-"))) for part in ranges.split(",")]
    reader = cv2.VideoCapture(source)
    width, height, rate = (int(reader.get(field)) for field in (3, 4, 5))
    encode = ["-c:v", "libx264", "-preset", "fast", "-crf", "23", "-g", str(2 * rate), "-pix_fmt", "yuv420p"]
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"]
    sound = ["-i", source, "-map", "0:v", "-map", "1:a?", "-c:a", "copy", "-movflags", "+faststart"]
    writer = subprocess.Popen(["ffmpeg", "-v", "error", "-y", *raw, *sound, *encode, target], stdin=subprocess.PIPE)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    number = 0
    while True:
        read, frame = reader.read()
        if not read:
            break
        t = number / rate
        if any(start <= t < end for start, end in spans):
            x, y, rx, ry = 400 + 40 * (t % 10), 600, 60, 110
            inside = np.clip(1.5 - np.hypot((columns - x) / rx, (rows - y) / ry), 0, 1)[..., None]
            frame = (frame.astype(np.float32) * (0.3 + 0.7 * inside)).clip(0, 255).astype(np.uint8)
            cv2.ellipse(frame, ((x, y), (2 * rx, 2 * ry), 0), (255, 255, 255), 2, cv2.LINE_AA)
        writer.stdin.write(frame.tobytes())
        number += 1
    writer.stdin.close()
    if writer.wait():
        raise SystemExit("ffmpeg failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
