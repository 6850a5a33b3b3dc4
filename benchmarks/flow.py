"""How near pictures drawn between two pictures come to the truth, and what they cost.

Run with ``python -m benchmarks.flow``. Drawn scenes know what stands between their pictures; of real footage every second picture
is left out and drawn again. Luma only; PSNR in dB and SSIM (Gaussian of 1.5 samples), means over the moments.
"""

import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.footage import media_folder
from clipmill.engines.flow.courses import courses_between
from clipmill.engines.flow.moment import moment_between
from clipmill.engines.flow.warp import draw_between
from clipmill.engines.flow.window import WHOLE, Window

Picture = np.ndarray
Scene = Callable[[float], Picture]
Way = Callable[[Picture, Picture, float], Picture]

SIZE = WIDTH, HEIGHT = 480, 270
PARTS = (0.25, 0.5, 0.75)
RADIUS = 45
FOOTAGE = (
    "soccer_juggle_720p.mp4",
    "soccer_drone_1260x708.mp4",
    "marathon_run.mp4",
    "concat_2_skater.mp4",
    "concat_1_cat.mp4",
    "two_people_portrait_cam01.mp4",
)
FIRST, APART, TRIPLES = 10, 12, 5
"""Of each file: the first picture used, how far the next three are, and how many threes."""


@cache
def ground(seed: int, *, plain: bool = False) -> Picture:
    """Detail of every size, or slow shades alone, larger than a picture."""
    noise, size = np.random.default_rng(seed), (3 * WIDTH, 3 * HEIGHT)
    levels = np.full((size[1], size[0]), 125, np.float32)
    for cell, depth in ((2, 10), (6, 22), (20, 35), (60, 40)):
        grains = noise.standard_normal((size[1] // cell + 2, size[0] // cell + 2)).astype(np.float32)
        levels += depth * cv2.resize(grains, size, interpolation=cv2.INTER_CUBIC)
    levels = cv2.GaussianBlur(levels, (0, 0), 25) if plain else levels
    return np.clip(levels, 16, 235)


def view(x: float = 0, y: float = 0, zoom: float = 1, degrees: float = 0, of: Picture | None = None) -> Picture:
    """The ground from a camera at (x, y), drawn at twice the size."""
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 0.5 / zoom)
    middle = np.array([WIDTH - 0.5, HEIGHT - 0.5])
    turn[:, 2] = np.array([1.5 * WIDTH + x, 1.5 * HEIGHT + y]) - turn[:, :2] @ middle
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    source = ground(1) if of is None else of
    return cv2.warpAffine(source, turn, (2 * WIDTH, 2 * HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT)


def with_disc(picture: Picture, x: float, y: float) -> Picture:
    down, across = np.mgrid[0 : 2 * HEIGHT, 0 : 2 * WIDTH]
    cover = np.clip(2 * RADIUS - np.hypot(across - 2 * x, down - 2 * y) + 0.5, 0, 1)
    return picture * (1 - cover) + (view(-x, -y, of=ground(7)) * 0.5 + 110) * cover


def with_letters(picture: Picture) -> Picture:
    letters = np.zeros(picture.shape, np.uint8)
    cv2.putText(letters, "CLIPMILL 12:34", (60, 120), cv2.FONT_HERSHEY_DUPLEX, 2.2, 255, 6, cv2.LINE_AA)
    cover = letters / 255
    return picture * (1 - cover) + 235 * cover


SCENES: dict[str, Scene] = {
    "pan, 8 px": lambda t: view(7.3 * t, 2.6 * t),
    "pan, 40 px": lambda t: view(40 * t, 5 * t),
    "turn, 2 degrees": lambda t: view(degrees=2 * t),
    "zoom, 4 %": lambda t: view(zoom=1 + 0.04 * t),
    "disc, 12 px, over still ground": lambda t: with_disc(view(), 180 + 12 * t, 130 + 3 * t),
    "disc, 10 px, over a pan of 5 px back": lambda t: with_disc(view(5 * t), 180 + 10 * t, 130),
    "disc, 30 px, over still ground": lambda t: with_disc(view(), 150 + 30 * t, 130),
    "pan, 6 px, over slow shades": lambda t: view(6 * t, t, of=ground(2, plain=True)),
    "lettering over a pan of 8 px": lambda t: with_letters(view(8 * t, t)),
}


def flowed(left: Picture, right: Picture, part: float) -> Picture:
    out = np.empty_like(left)
    moment = moment_between(courses_between(left, right), part, WHOLE)
    draw_between((left, right), moment, WHOLE, 8, out)
    return out


WAYS: dict[str, Way] = {
    "duplicate": lambda left, _right, _part: left,
    "blend": lambda left, right, part: cv2.addWeighted(left, 1 - part, right, part, 0),
    "flow": flowed,
}


def psnr(left: Picture, right: Picture) -> float:
    error = float(np.mean((left.astype(float) - right) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(left: Picture, right: Picture) -> float:
    def soft(values: Picture) -> Picture:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    a, b = left.astype(float), right.astype(float)
    mean_a, mean_b = soft(a), soft(b)
    spread = soft(a * a) - mean_a**2 + soft(b * b) - mean_b**2 + 58.5225
    together = 2 * (soft(a * b) - mean_a * mean_b) + 58.5225
    return float(((2 * mean_a * mean_b + 6.5025) * together / ((mean_a**2 + mean_b**2 + 6.5025) * spread)).mean())


def drawn(scene: Scene, t: float) -> Picture:
    levels = cv2.resize(scene(t), SIZE, interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def row(name: str, cases: list[tuple[Picture, Picture, Picture, float]]) -> str:
    """One line of a table; cases are (left, right, truth between them, part)."""
    cells = [name]
    for way in WAYS.values():
        made = [(way(left, right, part), truth) for left, right, truth, part in cases]
        cells.append(" / ".join(f"{np.mean([how(*pair) for pair in made]):.{d}f}" for how, d in ((psnr, 1), (ssim, 3))))
    return f"| {' | '.join(cells)} |"


def scene_rows() -> Iterator[str]:
    for name, scene in SCENES.items():
        left, right = drawn(scene, 0), drawn(scene, 1)
        yield row(name, [(left, right, drawn(scene, part), part) for part in PARTS])


def footage_rows() -> Iterator[str]:
    for path in (media_folder() / name for name in FOOTAGE):
        if path.exists():
            threes = list(threes_of(path))
            yield row(path.stem, [(first, last, middle, 0.5) for first, middle, last in threes])


def threes_of(path: Path) -> Iterator[list[Picture]]:
    """Three neighbours at a time, from several places of a file."""
    three: list[Picture] = []
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number >= FIRST + APART * TRIPLES:
                return
            if number >= FIRST and (number - FIRST) % APART < 3:
                three.append(frame.to_ndarray(format="gray"))
            if len(three) == 3:
                yield three
                three = []


def costs(rounds: int = 5) -> str:
    """CPU milliseconds for pictures of 1920x1080, on one thread, the best of some rounds."""
    left, right = (cv2.resize(drawn(SCENES["disc, 10 px, over a pan of 5 px back"], t), (1920, 1080)) for t in (0, 1))
    courses = courses_between(left, right)
    third = Window(0.34, 0.0, 0.66, 1.0)

    def picture(window: Window) -> None:
        moment = moment_between(courses, 0.4, window)
        for plane in ((left, right), *[(left[::2, ::2], right[::2, ::2])] * 2):
            draw_between(plane, moment, window, 8, np.empty_like(plane[0]))

    works = {
        "the motion of a pair": lambda: courses_between(left, right),
        "a picture": lambda: picture(WHOLE),
        "a picture of which a 9:16 crop is shown": lambda: picture(third),
    }
    return "\n".join(f"| {name} | {best_ms(work, rounds):.0f} |" for name, work in works.items())


def best_ms(work: Callable[[], object], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent) * 1000


def main() -> None:
    cv2.setNumThreads(1)
    head = f"| scene | {' | '.join(WAYS)} |\n|{'---|' * (len(WAYS) + 1)}"
    print(head, *scene_rows(), sep="\n", flush=True)
    print("", head.replace("scene", "footage, every second picture"), *footage_rows(), sep="\n", flush=True)
    print(f"\n| work, 1920x1080 | CPU ms |\n|---|---|\n{costs()}")


if __name__ == "__main__":
    main()
