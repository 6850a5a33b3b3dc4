"""Pictures behind the captions of a benchmark: footage that nothing was trained on, and of one split only."""

from functools import lru_cache
from pathlib import Path
from random import Random

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from training.textchange.split import FOOTAGE, Split

from benchmarks.footage import media_folder

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 1280, 720
MOST = 100


@lru_cache(maxsize=1)
def reels(split: Split) -> list[list[Picture]]:
    """Up to ten seconds of each file of a split at ten pictures a second, 720 lines high."""
    return [_pictures(media_folder().parent / name) for name in FOOTAGE[split]]


def _pictures(path: Path) -> list[Picture]:
    pictures: list[Picture] = []
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        due = 0.0
        for frame in opened.decode(stream):
            if frame.time is None or frame.time < due:
                continue
            due = frame.time + 0.1
            scale = max(WIDTH / frame.width, HEIGHT / frame.height)
            size = {"width": round(frame.width * scale / 2) * 2, "height": round(frame.height * scale / 2) * 2}
            pictures.append(frame.to_ndarray(format="rgb24", **size))
            if len(pictures) == MOST:
                break
    return pictures


class Camera:
    """Shots of some seconds each, one after another; footage runs forth and back."""

    def __init__(self, random: Random, split: Split, *, fast: bool) -> None:
        self.random, self.split, self.fast = random, split, fast
        self.until = 0

    def picture(self, frame: int) -> Picture:
        """A picture of 1280x720."""
        if frame >= self.until:
            self._cut(frame)
        reel, since = self.reel, frame - self.since
        place = (self.first + since) % (2 * len(reel) - 2)
        seen = reel[place if place < len(reel) else 2 * len(reel) - 2 - place]
        left = self._drifted(self.left + since * self.speed, seen.shape[1] - WIDTH)
        top = self._drifted(self.top + since * self.speed * 0.3, seen.shape[0] - HEIGHT)
        return seen[top : top + HEIGHT, left : left + WIDTH]

    def _cut(self, frame: int) -> None:
        random = self.random
        self.reel = random.choice(reels(self.split))
        zoom = random.uniform(1.0, 1.5) if self.fast else random.choice((1.0, 1.0, 1.2))
        if zoom > 1:
            self.reel = [_zoomed(picture, zoom) for picture in self.reel[:40]]
        self.since, self.until = frame, frame + random.randint(20, 80)
        self.first = random.randrange(len(self.reel))
        self.left, self.top = random.uniform(0, 4000), random.uniform(0, 400)
        self.speed = random.choice((-1, 1)) * random.uniform(8, 40) if self.fast else random.choice((0, 0, 1.5, -3))

    @staticmethod
    def _drifted(place: float, room: int) -> int:
        """A window that turns round where the picture ends."""
        if room <= 0:
            return 0
        turned = place % (2 * room)
        return round(turned if turned <= room else 2 * room - turned)


def _zoomed(picture: Picture, zoom: float) -> Picture:
    window = picture[:, : round(WIDTH * 1.2)]
    return cv2.resize(window, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)  # pyright: ignore[reportReturnType]
