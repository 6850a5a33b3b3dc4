"""What lies behind captions: footage, panned textures, plain colours; still, moving, cut and flashing."""

from collections.abc import Iterator
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from training.textchange.boards import any_speed, writing
from training.textchange.patterns import patterned
from training.textchange.split import Split

Pictures = list[NDArray[np.float32]]
Scene = NDArray[np.uint8]


class Painter:
    """Draws backgrounds of one size (height, width) out of a seeded source."""

    def __init__(
        self, random: Random, size: tuple[int, int], reels: list[Scene], split: Split, *, patterns: bool = False
    ) -> None:
        self.random = random
        self.size = size
        self.reels = reels
        self.split = split
        self.patterns = patterns

    def pictures(self, count: int) -> Pictures:
        """Pictures one after another, sometimes with a cut or a flash between them."""
        first = self._take(count)
        if self.random.random() < 0.2:
            cut = self.random.randrange(count)
            first = first[:cut] + self._take(count)[cut:]
        if self.random.random() < 0.06:
            self._flash(first)
        return first

    def _flash(self, pictures: Pictures) -> None:
        start = self.random.randrange(len(pictures))
        gain = self.random.uniform(-0.8, 0.9)
        target = 255.0 if gain > 0 else 0.0
        for number in range(start, min(len(pictures), start + self.random.randint(1, 3))):
            pictures[number] = pictures[number] * (1 - abs(gain)) + target * abs(gain)

    def _take(self, count: int) -> Pictures:
        kind = self.random.random()
        if self.patterns:
            scenes = self._pattern(count)
        elif kind < 0.6:
            scenes = self._footage(count)
        elif kind < 0.7:
            scenes = self._texture(count)
        elif kind < 0.9:
            scenes = self._board(count)
        else:
            scenes = self._plain(count)
        return [scene.astype(np.float32) for scene in scenes]

    def _footage(self, count: int) -> list[Scene]:
        random = self.random
        reel = random.choice(self.reels)
        step = random.choices((0, 1, 2), weights=(20, 70, 10))[0]
        span = max(1, min(len(reel), count * max(1, step)))
        start = random.randrange(len(reel) - span + 1)
        numbers = [start + min(span - 1, number * step) for number in range(count)]
        windows = self._windows(reel.shape[1:3], count)
        return [self._seen(reel[number], window) for number, window in zip(numbers, windows, strict=True)]

    def _windows(self, within: tuple[int, ...], count: int) -> Iterator[tuple[float, float, float]]:
        """Left, top and width of what is seen of a picture, drifting."""
        random = self.random
        height, width = self.size
        most = min(within[1], within[0] * width / height)
        wide = most * random.uniform(0.4, 1.0)
        moving = random.random() < 0.55
        speed = [random.gauss(0, 0.02 * wide) if moving else 0.0 for _ in range(2)]
        jitter = random.choice((0.0, 0.0, 0.003)) * wide
        left = random.uniform(0, within[1] - wide)
        top = random.uniform(0, max(0.0, within[0] - wide * height / width))
        for number in range(count):
            yield left + number * speed[0] + random.gauss(0, 1) * jitter, top + number * speed[1], wide

    def _seen(self, picture: Scene, window: tuple[float, float, float]) -> Scene:
        left, top, wide = window
        scale = self.size[1] / wide
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
        flags = cv2.INTER_LINEAR
        return cv2.warpAffine(picture, matrix, (self.size[1], self.size[0]), flags=flags, borderMode=cv2.BORDER_REFLECT)

    def _texture(self, count: int) -> list[Scene]:
        """Noise at several scales, panned, swelling or boiling."""
        random = self.random
        noise = np.random.default_rng(random.randrange(1 << 32))
        height, width = self.size[0] * 2, self.size[1] * 2
        scene = np.zeros((height, width, 3), np.float32)
        for grain in random.sample((2, 4, 8, 16, 40), random.randint(1, 3)):
            coarse = noise.normal(0, 1, (max(2, height // grain), max(2, width // grain), random.choice((1, 1, 3))))
            grown = cv2.resize(
                coarse.astype(np.float32),
                (width, height),
                interpolation=random.choice((cv2.INTER_NEAREST, cv2.INTER_CUBIC)),
            )
            scene += (grown if grown.ndim == 3 else grown[..., None]) * random.uniform(6, 45)
        scene += [random.uniform(20, 235) for _ in range(3)]
        picture = np.clip(scene, 0, 255).astype(np.uint8)
        return [self._seen(picture, window) for window in self._windows((height, width), count)]

    def _board(self, count: int) -> list[Scene]:
        """A scene with writing in it that stands in the way of captions, moving as a whole."""
        random = self.random
        height, width = self.size[0] * 2, self.size[1] * 2
        base = random.choice(self.reels)
        picture = cv2.resize(np.asarray(base[random.randrange(len(base))]), (width, height)).astype(np.float32)
        for _ in range(random.randint(1, 3)):
            layer = writing(random, (height, width), self.split)
            picture = layer.over(picture, random.uniform(0.5, 1.0)) if layer else picture
        blur = random.uniform(0.2, 2.0)
        scene = cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.uint8), (0, 0), blur)
        windows = list(self._windows((height, width), count))
        speed = any_speed(random)
        return [self._seen(scene, (left + speed * n, top, wide)) for n, (left, top, wide) in enumerate(windows)]

    def _pattern(self, count: int) -> list[Scene]:
        random = self.random
        height, width = self.size[0] * 2, self.size[1] * 2
        base = random.choice(self.reels)
        scene = cv2.resize(np.asarray(base[random.randrange(len(base))]), (width, height), interpolation=cv2.INTER_AREA)
        scene = patterned(random, np.asarray(scene, np.uint8))
        return [self._seen(scene, window) for window in self._windows((height, width), count)]

    def _plain(self, count: int) -> list[Scene]:
        random = self.random
        first = np.array([random.uniform(0, 255) for _ in range(3)])
        last = first + [random.gauss(0, 40) for _ in range(3)]
        across = np.linspace(0, 1, self.size[1])[None, :, None]
        drift = random.gauss(0, 4) if random.random() < 0.4 else 0.0
        base = np.broadcast_to(first * (1 - across) + last * across, (*self.size, 3))
        return [np.clip(base + number * drift, 0, 255).astype(np.uint8) for number in range(count)]
