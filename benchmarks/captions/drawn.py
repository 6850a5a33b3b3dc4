"""Captioned videos whose truth is known: 720p at ten pictures a second, the whole picture or only the caption band.

Convention: a caption is there in a frame where at least half of its opacity is seen. Lettering is drawn at full size here,
with fonts and footage that training never had: those of the validation split to choose by, those of the evaluation to publish.
"""

import io
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from random import Random

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from training.textchange.split import Split
from training.textchange.typefaces import any_typeface

from benchmarks.captions.scenes import HEIGHT, WIDTH, Camera, LargeWriting, Stripes

RATE = 10
BAND = (128, 540, 1152, 690)
"""Left, top, right, bottom of the caption band in pixels."""
WHOLE = (0, 0, WIDTH, HEIGHT)


class Kind(StrEnum):
    """What makes a video easy or hard."""

    CLEAN = "clean"
    OUTLINE = "outline"
    BOX = "box"
    TWO_LINES = "two lines"
    BACK_TO_BACK = "back to back"
    ONE_WORD = "one word"
    SAME_LENGTH = "same length"
    SHORT = "short"
    FADE = "fade"
    KARAOKE = "karaoke"
    LOW_CONTRAST = "low contrast"
    MOVING = "moving background"
    COMPRESSED = "compressed"
    TICKER = "ticker"
    LOGO = "logo"
    SCENE_TEXT = "scene text"
    NO_CAPTIONS = "no captions"
    HIGHLIGHT = "highlight"
    STRIPES = "stripes"
    LARGE_WRITING = "large writing"


CLEAN_KINDS = (Kind.CLEAN, Kind.OUTLINE, Kind.BOX, Kind.TWO_LINES, Kind.BACK_TO_BACK)
SENTENCES = (
    "We have known each other for twenty years.", "Please close the door behind you.", "I never said it would be easy.",
    "The train leaves at half past nine.", "Who told you about the letter?", "Look at the colour of the water!",
    "They scored twice before the break.", "Nothing here is quite as it seems.", "Could you pass me the map?",
    "My brother lives in a small village.", "That was the last thing I expected.", "Turn left at the second bridge.",
    "No one answers the telephone tonight.", "What a strange way to say goodbye.", "Every summer we came back here.",
    "Wir treffen uns morgen am Bahnhof.", "Warum hast du nichts gesagt?", "Das Wetter wird langsam besser.",
    "Je ne comprends pas la question.", "Il fait froid ce matin à Paris.", "¿Dónde está la biblioteca?",
    "Mañana vamos a la playa.", "Yes.", "No, wait!", "Really?", "Thank you, doctor.", "Stop!",
)  # fmt: skip
SWAPS = ("river", "forest", "window", "garden", "doctor", "letter", "summer", "winter", "bridge", "market")


@dataclass(frozen=True)
class Cue:
    """A caption with its moments in frames; ``fade`` is how many frames it takes to come or go."""

    start: float
    end: float
    text: str
    fade: float = 0.0

    def opacity(self, frame: int) -> float:
        edges = (frame - self.start, self.end - frame)
        if self.fade:
            return min(min(1.0, max(0.0, edge / self.fade + 0.5)) for edge in edges)
        return float(edges[0] >= 0 and edges[1] > 0)


@dataclass(frozen=True)
class Look:
    """How captions are drawn."""

    font: ImageFont.FreeTypeFont
    fill: tuple[int, int, int] = (255, 255, 255)
    edge: int = 3
    box: int = 0
    opacity: float = 1.0
    sung: tuple[int, int, int] | None = None
    pill: bool = False
    """Whether a word is sung on a box of that colour."""


@dataclass(frozen=True)
class Drawn:
    """A video and its captions as [start, end) in frames, with their texts."""

    path: Path
    frames: int
    captions: tuple[tuple[int, int, str], ...]


def cues_of(random: Random, kind: Kind, frames: int) -> list[Cue]:
    """Captions of a video, in their order."""
    if kind is Kind.NO_CAPTIONS:
        return []
    cues: list[Cue] = []
    moment = random.uniform(3, 20)
    text = ""
    while moment < frames - 8:
        text = _next_text(random, kind, text)
        long = random.uniform(1, 4) if kind is Kind.SHORT else random.uniform(10, 40)
        fade = random.uniform(2, 5) if kind is Kind.FADE else 0.0
        cues.append(
            Cue(round(moment) if not fade else moment, round(moment + long) if not fade else moment + long, text, fade)
        )
        touching = kind in {Kind.BACK_TO_BACK, Kind.ONE_WORD, Kind.SAME_LENGTH} or random.random() < 0.3
        moment = cues[-1].end + (fade if touching else random.uniform(4, 30))
    return [cue for cue in cues if round(cue.end) > round(cue.start)]


def _next_text(random: Random, kind: Kind, last: str) -> str:
    if kind is Kind.ONE_WORD and last and random.random() < 0.8:
        words = last.split(" ")
        place = random.randrange(len(words))
        words[place] = random.choice([swap for swap in SWAPS if swap != words[place]])
        return " ".join(words)
    if kind is Kind.SAME_LENGTH and last:
        return " ".join(random.choice([swap for swap in SWAPS if swap not in last]) for _ in range(4))
    if kind is Kind.SAME_LENGTH:
        return " ".join(random.choice(SWAPS) for _ in range(4))
    fresh = [sentence for sentence in SENTENCES if sentence not in last]
    one = random.choice(fresh)
    return (
        one + "\n" + random.choice([s for s in fresh if s != one])
        if kind is Kind.TWO_LINES and random.random() < 0.8
        else one
    )


def look_of(random: Random, kind: Kind, split: Split) -> Look:
    """A look with a font of a split."""
    face = any_typeface(random, "es", split)
    assert face, f"no font of the {split} is installed; see the card of the weights for their packages"
    look = Look(ImageFont.truetype(face.path, random.randint(36, 46), index=face.index))
    match kind:
        case Kind.CLEAN:
            return replace(look, edge=2)
        case Kind.OUTLINE:
            return replace(look, edge=4, fill=random.choice(((255, 255, 255), (255, 230, 40), (120, 240, 255))))
        case Kind.BOX:
            return replace(look, edge=0, box=random.choice((140, 200, 255)))
        case Kind.LOW_CONTRAST:
            return replace(look, edge=random.choice((0, 1)), fill=(205, 205, 205), opacity=random.uniform(0.55, 0.8))
        case Kind.KARAOKE:
            return replace(look, sung=random.choice(((255, 220, 0), (255, 80, 80), (90, 200, 255))))
        case Kind.HIGHLIGHT:
            sung = random.choice(((255, 220, 0), (230, 30, 30), (30, 60, 230), (20, 150, 40)))
            return replace(look, sung=sung, pill=random.random() < 0.4)
        case _:
            return look


def lettering(look: Look, text: str, lift: int, *, sung: bool = False) -> NDArray[np.float32]:
    """The caption over the whole picture as premultiplied RGBA, 0..255, lifted by some pixels."""
    canvas = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    lines = text.split("\n")
    step = round(look.font.size * 1.25)
    top = BAND[3] - 14 - lift - step * len(lines)
    for row, line in enumerate(lines):
        long = pen.textlength(line, font=look.font)
        left, y = (WIDTH - long) / 2, top + row * step
        if sung and look.pill:
            pen.rectangle((left - 14, y - 2, left + long + 14, y + step), fill=look.sung)
        if look.box:
            pen.rectangle((left - 14, y - 2, left + long + 14, y + step), fill=(0, 0, 0, look.box))
        fill = look.sung if sung and look.sung and not look.pill else look.fill
        pen.text((left, y), line, font=look.font, fill=(*fill, 255), stroke_width=look.edge, stroke_fill=(0, 0, 0, 255))
    return np.asarray(canvas, np.float32) * look.opacity


def _scene(random: Random, kind: Kind, words: str, split: Split) -> Stripes | LargeWriting | None:
    """What a video has before its camera."""
    if kind is Kind.STRIPES:
        return Stripes(random)
    face = any_typeface(random, "en", split) if kind is Kind.LARGE_WRITING else None
    return LargeWriting(random, words.upper(), face.path, face.index) if face else None


class Film:
    """Draws the frames of one video, as far as they lie in a window."""

    def __init__(
        self,
        kind: Kind,
        seed: int,
        frames: int,
        window: tuple[int, int, int, int] = WHOLE,
        split: Split = Split.EVALUATION,
    ) -> None:
        random = Random(f"{kind} {seed}")
        self.kind, self.frames = kind, frames
        self.window = (slice(window[1], window[3]), slice(window[0], window[2]))
        self.cues = cues_of(random, kind, frames)
        self.look = look_of(random, kind, split)
        self.camera = Camera(random, split, fast=kind in {Kind.MOVING, Kind.SCENE_TEXT})
        self.layers: dict[tuple[str, bool], NDArray[np.float32]] = {}
        face = any_typeface(random, "en", split)
        assert face
        self.other = Look(ImageFont.truetype(face.path, 26, index=face.index), edge=0)
        self.line = "   +++   ".join(random.sample(SENTENCES, 12))
        self.side = random.choice((0.0, 1.0))
        self.scene = _scene(random, kind, self.line, split)

    def captions(self) -> tuple[tuple[int, int, str], ...]:
        """The truth, by the half-opacity rule."""
        shown = [[frame for frame in range(self.frames) if cue.opacity(frame) >= 0.5] for cue in self.cues]
        seen = [(frames[0], frames[-1] + 1, cue.text) for frames, cue in zip(shown, self.cues, strict=True) if frames]
        return tuple(seen)

    def frame(self, number: int) -> NDArray[np.uint8]:
        """The window of a picture of 1280x720."""
        picture = self.camera.picture(number)[self.window].astype(np.float32)
        if self.scene:
            picture = self.scene.over(picture, self.window[0].start, self.window[1].start, number)
        if self.kind is Kind.SCENE_TEXT:
            picture = _over(picture, self._board(number)[self.window])
        if self.kind is Kind.LOGO:
            picture = _over(picture, self._logo(number)[self.window])
        for cue in self.cues:
            opacity = cue.opacity(number)
            if opacity > 0:
                picture = _over(picture, self._caption(cue, number)[self.window], opacity)
        if self.kind is Kind.TICKER:
            picture = _over(picture, self._ticker(number)[self.window])
        return np.clip(picture, 0, 255).astype(np.uint8)

    def _caption(self, cue: Cue, number: int) -> NDArray[np.float32]:
        plain = self._layer(cue.text, sung=False)
        if not self.look.sung:
            return plain
        share = (number - cue.start) / (cue.end - cue.start)
        sung = _word(self.look.font, cue.text, share) if self.kind is Kind.HIGHLIGHT else (0, _swept(share))
        layer = self._layer(cue.text, sung=True)
        return np.concatenate([plain[:, : sung[0]], layer[:, sung[0] : sung[1]], plain[:, sung[1] :]], axis=1)

    def _layer(self, text: str, *, sung: bool) -> NDArray[np.float32]:
        if (text, sung) not in self.layers:
            self.layers = dict(list(self.layers.items())[-3:])
            self.layers[text, sung] = lettering(self.look, text, 36 if self.kind is Kind.TICKER else 0, sung=sung)
        return self.layers[text, sung]

    def _drawn(self, place: tuple[float, float], text: str, back: int) -> NDArray[np.float32]:
        canvas = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
        pen = ImageDraw.Draw(canvas)
        long = pen.textlength(text, font=self.other.font)
        pen.rectangle((place[0] - 8, place[1] - 4, place[0] + long + 8, place[1] + 34), fill=(0, 0, back // 3, back))
        pen.text(place, text, font=self.other.font, fill=(235, 235, 235, 255))
        return np.asarray(canvas, np.float32)

    def _ticker(self, number: int) -> NDArray[np.float32]:
        """A line that comes in at the right and runs to the left."""
        return self._drawn((1399 - 9 * number % 4000, BAND[3] - 34), self.line, 220)

    def _logo(self, number: int) -> NDArray[np.float32]:
        left = BAND[0] + 6 if not self.side else BAND[2] - 130
        return self._drawn((left, BAND[1] + 4), f"LIVE {number // 600:02}:{number // 10 % 60:02}", 180)

    @cached_property
    def _flat(self) -> NDArray[np.float32]:
        return self._drawn((300, 560), self.line[:60].upper(), 255)

    def _board(self, number: int) -> NDArray[np.float32]:
        """A board beside the pitch: tilted, soft, passing with the camera."""
        shift = -(14 * number) % 3000 - 1000
        matrix = cv2.getRotationMatrix2D((640, 600), 4, 1.5)
        matrix[0, 2] += shift
        turned = cv2.warpAffine(self._flat, matrix, (WIDTH, HEIGHT))
        return cv2.GaussianBlur(turned, (0, 0), 1.2)  # pyright: ignore[reportReturnType]


def _swept(share: float) -> int:
    return round(WIDTH * (0.1 + 0.8 * share))


def _word(font: ImageFont.FreeTypeFont, text: str, share: float) -> tuple[int, int]:
    """The columns of the word that is sung when a share of the line is over."""
    words = text.split(" ")
    number = min(len(words) - 1, int(share * len(words)))
    left = (WIDTH - font.getlength(text)) / 2 + font.getlength(" ".join([*words[:number], ""]))
    return round(left - 5), round(left + font.getlength(words[number]) + 5)


def _over(picture: NDArray[np.float32], layer: NDArray[np.float32], opacity: float = 1.0) -> NDArray[np.float32]:
    rows = np.flatnonzero(layer[..., 3].any(axis=1))
    if not len(rows):
        return picture
    part = slice(rows[0], rows[-1] + 1)
    cover = layer[part, :, 3:] * (opacity / 255)
    picture[part] = picture[part] * (1 - cover) + layer[part, :, :3] * opacity
    return picture


def draw(
    kind: Kind, seed: int, folder: Path, *, frames: int = 600, whole: bool = False, split: Split = Split.EVALUATION
) -> Drawn:
    """Draw and encode one video, unless it is there."""
    window = WHOLE if whole else BAND
    film = Film(kind, seed, frames, window, split)
    marks = f"{'-whole' if whole else ''}{'' if split is Split.EVALUATION else f'-{split}'}"
    path = folder / f"{kind.replace(' ', '_')}-{seed}-{frames}{marks}.mkv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_encoded(film, window, seed))
    return Drawn(path, frames, film.captions())


def _encoded(film: Film, window: tuple[int, int, int, int], seed: int) -> bytes:
    left, top, right, bottom = window
    crf = (34 + seed % 3 * 2) if film.kind is Kind.COMPRESSED else 18 + seed % 4 * 3
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as made:
        stream = made.add_stream("libx264", rate=RATE, options={"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = right - left, bottom - top, "yuv420p"
        for number in range(film.frames):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(film.frame(number), format="rgb24")))
        made.mux(stream.encode())
    return buffer.getvalue()
