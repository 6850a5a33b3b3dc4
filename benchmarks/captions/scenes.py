"""Pictures behind the captions of a benchmark: footage that nothing was trained on, and of one split only."""

import math
from functools import lru_cache
from pathlib import Path
from random import Random

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
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


class Stripes:
    """A shirt or a fence before the camera: sharp stripes on a part of the picture, at rest or slowly moving."""

    def __init__(self, random: Random) -> None:
        self.angle, self.period = random.uniform(0, math.pi), random.uniform(14, 70)
        self.share, self.bent = random.uniform(0.3, 0.6), random.uniform(0, 30)
        self.dark, self.light = random.uniform(0, 70), random.uniform(170, 255)
        self.drift = random.choice((0.0, 0.0, 0.4, 3.0))
        self.left, self.wide = random.uniform(100, 700), random.uniform(200, 700)

    def over(self, picture: NDArray[np.float32], top: int, left: int, number: int) -> NDArray[np.float32]:
        """A window of the whole picture, given by its corner, with the stripes on it."""
        down, across = np.mgrid[top : top + picture.shape[0], left : left + picture.shape[1]].astype(np.float32)
        bend = self.bent * np.sin(across / 90) * np.cos(down / 70)
        along = across * math.cos(self.angle) + down * math.sin(self.angle) + bend + self.drift * number
        wave = along % self.period / self.period
        # Edges a pixel and a half wide, as a lens draws them.
        lit = np.clip((np.minimum(wave, self.share - wave) * self.period + 0.75) / 1.5, 0, 1)
        place = (across - self.left - self.drift * number, self.left + self.drift * number + self.wide - across)
        seen = np.clip(np.minimum(*place) / 3, 0, 1)[..., None]
        return picture * (1 - seen) + (self.dark + (self.light - self.dark) * lit)[..., None] * seen


class LargeWriting:
    """Letters nearly as high as the caption band that run through it."""

    def __init__(self, random: Random, words: str, face: str, index: int) -> None:
        font = ImageFont.truetype(face, random.randint(90, 140), index=index)
        self.speed = random.choice((-1, 1)) * random.uniform(10, 50)
        self.start = random.uniform(0, 4000)
        length = round(font.getlength(words)) + 400
        canvas = Image.new("L", (length, HEIGHT), 0)
        ImageDraw.Draw(canvas).text((200, 615), words, font=font, fill=255, anchor="lm")
        self.cover: NDArray[np.float32] = np.tile(
            np.asarray(canvas, np.float32)[..., None] / np.float32(255), (1, 2, 1)
        )
        self.length = length
        self.fill = random.choice((235.0, 20.0))

    def over(self, picture: NDArray[np.float32], top: int, left: int, number: int) -> NDArray[np.float32]:
        """A window of the whole picture, given by its corner, with the writing on it."""
        first = round(self.start + self.speed * number + left) % self.length
        place = np.arange(first, first + picture.shape[1]) % self.length
        cover = self.cover[top : top + picture.shape[0], place]
        return (picture * (1 - cover) + self.fill * cover).astype(np.float32)
