"""The usual way: OpenCV decodes, crops and resizes each frame, and pipes it into ffmpeg."""

import subprocess
import sys

import cv2


def main(source: str, target: str) -> None:
    """Frame a video with a fixed crop."""
    encode = ["-c:v", "libx264", "-preset", "fast", "-crf", "23", "-g", "60", "-pix_fmt", "yuv420p"]
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "1080x1920", "-r", "30", "-i", "-"]
    sound = ["-i", source, "-map", "0:v", "-map", "1:a?", "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]
    writer = subprocess.Popen(["ffmpeg", "-v", "error", "-y", *raw, *sound, *encode, target], stdin=subprocess.PIPE)
    reader = cv2.VideoCapture(source)
    while True:
        read, frame = reader.read()
        if not read:
            break
        crop = cv2.resize(frame[0:1080, 656:1264], (1080, 1920), interpolation=cv2.INTER_LANCZOS4)
        writer.stdin.write(crop.tobytes())
    writer.stdin.close()
    if writer.wait():
        raise SystemExit("ffmpeg failed")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
