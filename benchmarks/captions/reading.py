"""How well single captions are read: drawn lines over real pictures, exact to the space.

    python -m benchmarks.captions.reading FOOTAGE_FOLDER FONTS_FOLDER [engine]

Each line is drawn in its own face, size and look over a strip cut from footage. Printed for each language: exact
lines, exact lines when spaces are left out, character errors per character, CPU milliseconds a line.
"""

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from clipmill.engines.ocr.choice import chosen_engine
from clipmill.engines.ocr.pages import OcrPage
from clipmill.media.captions.reading_order import text_of

TIMES_DRAWN = 3
SPREAD = 40

LINES = {
    "en": """I don't know what you mean.
Where have you been all this time?
It's been a long day, hasn't it?
We'll meet at half past seven in front of the old theatre.
She said she'd call, but she never did.
No, no, no! That is not what I asked for.
There are 1,250 people waiting outside.
In 1969, three men flew to the moon.
Is it a bird? Is it a plane?
I am a man of few words.
If it is up to me, we go at once.
He is in it for the money.
You can't be serious.
The quick brown fox jumps over the lazy dog.
A ship in port is safe, but that is not what ships are for.
Let's get out of here before it's too late.
"Good evening," he said, and closed the door.
What a beautiful view from up here!
As I was saying, it is all a matter of time.
The train leaves at 9:45 from platform 12.
Why didn't you tell me about it?
I'd rather stay at home tonight.
They've been working on it since last May.
Well... I suppose you're right.
Nobody told us the bridge was closed.
- Are you coming? - In a minute.
That's 50% more than we paid last year.
Thank you very much for your help, Dr. Miller.
It will rain in Illinois till April.
Mr. Hill is ill, I think.
This is what happens when you do not listen.
Just do it as fast as you can.""",
    "de": """Ich weiß nicht, was du meinst.
Wo bist du die ganze Zeit gewesen?
Wir treffen uns um halb acht vor dem alten Theater.
Das ist doch nicht dein Ernst, oder?
Über den Wolken muss die Freiheit grenzenlos sein.
Die Straße ist heute für alle gesperrt.
Geschwindigkeitsbegrenzung auf der Autobahn
Er hat mir nichts davon erzählt.
Können Sie das bitte wiederholen?
Nein, so war das nicht gemeint!
Im Jahr 1989 fiel die Mauer.
Der Zug fährt um 9:45 Uhr von Gleis 12 ab.
Was für ein schöner Ausblick von hier oben!
Es war einmal ein König, der hatte drei Söhne.
Ohne dich hätten wir das nie geschafft.
Am Ende ist alles gut, Frau Müller.
Ich möchte lieber zu Hause bleiben.
Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich.
Hast du gehört, was sie gesagt hat?
Das kostet 3,50 Euro pro Stück.
Öffnen Sie sofort die Tür!
In der Ferne liegt ein kleines Dorf.
Wenn es so ist, gehe ich eben allein.
Vielen Dank für Ihre Geduld.""",
    "es": """No sé lo que quieres decir.
¿Dónde has estado todo este tiempo?
¡Qué bonita vista desde aquí arriba!
Nos vemos a las siete y media en la plaza.
Ella dijo que iba a llamar, pero no lo hizo.
El tren sale a las 9:45 de la vía 12.
Mañana será otro día, señor.
¿Por qué no me lo dijiste antes?
La niña comió piñones en el jardín.
Me gustaría quedarme en casa esta noche.
El corazón tiene razones que la razón ignora.
En 1492 llegó a una isla desconocida.
¡Vámonos de aquí antes de que sea tarde!
Eso no es lo que yo te pedí.
Hay más de 1.200 personas en la calle.
Si es así, iré yo solo.
Muchas gracias por su ayuda.
Nadie sabía que el puente estaba cerrado.
El pingüino y la cigüeña viven aquí.
Está lloviendo a cántaros.
Él no quiere ir a la escuela.
Todo empezó un día de otoño.
¿Tú también lo has oído?
A lo lejos se ve un pueblo pequeño.""",
    "fr": """Je ne sais pas ce que tu veux dire.
Où étais-tu pendant tout ce temps ?
Qu'est-ce que c'est que ça ?
Nous nous retrouvons à sept heures et demie.
Elle a dit qu'elle appellerait, mais elle ne l'a pas fait.
Le train part à 9 h 45 de la voie 12.
Quelle belle vue d'ici !
Ça ne m'étonne pas du tout.
L'été dernier, nous étions à la mer.
Il y a plus de 1 200 personnes dans la rue.
Je préférerais rester à la maison ce soir.
Le cœur a ses raisons que la raison ne connaît point.
En 1789, tout a changé.
Personne ne savait que le pont était fermé.
Merci beaucoup pour votre aide, madame.
Il était une fois un roi qui avait trois fils.
Ce n'est pas ce que j'ai demandé.
Tu as entendu ce qu'elle a dit ?
Dès que possible, s'il vous plaît.
Noël approche à grands pas.
Si c'est comme ça, j'irai tout seul.
Voilà où nous en sommes aujourd'hui.
Le garçon a reçu une leçon de français.
C'est l'histoire d'une île lointaine.""",
    "zh": """我不知道你在说什么。
你这段时间去哪儿了？
我们七点半在老剧院门口见面。
今天的天气真好！
她说会打电话，可是没有打。
请问火车站怎么走？
一九六九年，人类登上了月球。
没有人告诉我们桥已经关了。
谢谢你的帮助，王先生。
这不是我想要的东西。
如果是这样，我就一个人去。
从前有一个国王，他有三个儿子。
山上的风景非常美丽。
明天会下雨吗？
快走，不然就来不及了！
他从来没有跟我提过这件事。""",
    "ja": """何を言っているのか分かりません。
今までどこにいたのですか？
七時半に古い劇場の前で会いましょう。
今日はとてもいい天気ですね。
彼女は電話すると言ったのに、しなかった。
駅へはどうやって行けばいいですか？
ありがとうございます、田中さん。
橋が閉まっているとは誰も知らなかった。
それは私が頼んだものではない。
昔々、ある王様に三人の息子がいました。
明日は雨が降るでしょうか。
急がないと間に合わないよ！
山の上からの景色は素晴らしい。
テレビを見ながらご飯を食べる。
もう一度ゆっくり話してください。
そんなことは聞いていない。""",
}

LATIN_FACES = (
    "OpenSans-Regular.ttf",
    "OpenSans-Semibold.ttf",
    "Roboto-Regular.ttf",
    "Roboto-Medium.ttf",
    "Roboto-Bold.ttf",
    "Lato-Regular.ttf",
    "Lato-Bold.ttf",
    "Lato-Italic.ttf",
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSans-Bold.ttf",
    "NotoSerif-Regular.ttf",
)
EAST_ASIAN_FACES = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc")
JAPANESE, SIMPLIFIED = 0, 2
"""Places of the faces in a collection."""


@dataclass(frozen=True)
class Drawn:
    """A caption strip and what stands on it."""

    language: str
    text: str
    strip: np.ndarray


def pictures(folder: Path) -> list[np.ndarray]:
    """One picture from the midst of each video that can be read, 1280 wide."""
    found: list[np.ndarray] = []
    for path in sorted(folder.rglob("*.mp4")):
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            scale = 1280 / frame.width
            height = round(frame.height * scale)
            if height > 240:
                found.append(frame.reformat(1280, height, "rgb24").to_ndarray())
    return found


def drawn_lines(backgrounds: list[np.ndarray], fonts: Path, seed: int = 1) -> Iterator[Drawn]:
    """Every line `TIMES_DRAWN` times, each time with another look."""
    lots = random.Random(seed)
    faces = {path.name: path for path in fonts.rglob("*.tt?")} | {path.name: path for path in fonts.rglob("*.TT?")}
    for language, lines in LINES.items():
        for text in lines.splitlines():
            for _ in range(TIMES_DRAWN):
                face = _face(language, lots, faces)
                yield Drawn(language, text, _strip(text, face, lots, backgrounds[lots.randrange(len(backgrounds))]))


def _face(language: str, lots: random.Random, faces: dict[str, Path]) -> ImageFont.FreeTypeFont:
    size = lots.choice((28, 32, 36, 40, 46))
    if language in ("zh", "ja"):
        place = JAPANESE if language == "ja" else SIMPLIFIED
        return ImageFont.truetype(faces[lots.choice(EAST_ASIAN_FACES)], size, index=place)
    return ImageFont.truetype(faces[lots.choice(LATIN_FACES)], size)


def _strip(text: str, face: ImageFont.FreeTypeFont, lots: random.Random, background: np.ndarray) -> np.ndarray:
    """The text over a band of the background as high as a crop region pads it."""
    width, height = 1024, int(face.size * 2.2) // 2 * 2
    while face.getlength(text) > width - 20:
        face = face.font_variant(size=face.size - 2)
    top = lots.randrange(background.shape[0] - height)
    left = lots.randrange(background.shape[1] - width + 1)
    image = Image.fromarray(background[top : top + height, left : left + width].copy())
    pen = ImageDraw.Draw(image, "RGBA")
    at = ((width - face.getlength(text)) / 2, height / 2)
    look = lots.choice(("outline", "outline", "box", "shadow"))
    if look == "box":
        pen.rectangle(pen.textbbox(at, text, font=face, anchor="lm"), fill=(0, 0, 0, 170))
    if look == "shadow":
        pen.text((at[0] + 2, at[1] + 2), text, font=face, anchor="lm", fill=(0, 0, 0, 255), stroke_width=1)
    ink = lots.choice(((255, 255, 255, 255), (255, 255, 255, 255), (255, 235, 60, 255)))
    stroke = 2 if look == "outline" else 0
    pen.text(at, text, font=face, anchor="lm", fill=ink, stroke_width=stroke, stroke_fill=(0, 0, 0, 255))
    return np.asarray(image)


def errors(read: str, true: str) -> int:
    """The Levenshtein distance of two texts."""
    row = list(range(len(true) + 1))
    for place, sign in enumerate(read, 1):
        before, row[0] = row[0], place
        for at, wanted in enumerate(true, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (sign != wanted))
    return row[-1]


def main() -> None:
    footage, fonts = Path(sys.argv[1]), Path(sys.argv[2])
    engine = chosen_engine(sys.argv[3] if len(sys.argv) > 3 else None, (), threads=1)
    figures: dict[str, list[tuple[bool, bool, int, int, float]]] = {}
    for line in drawn_lines(pictures(footage), fonts):
        started = time.process_time()
        (page,) = engine.recognize([line.strip], ())
        spent = time.process_time() - started
        read = text_of(page.lines) if isinstance(page, OcrPage) else ""
        bare = read.replace(" ", "") == line.text.replace(" ", "")
        told = (read == line.text, bare, errors(read, line.text), len(line.text), spent)
        figures.setdefault(line.language, []).append(told)
        if read != line.text:
            print(f"{line.language}  {line.text}\n    {read}", file=sys.stderr)
    every = [told for of_language in figures.values() for told in of_language]
    for language, told in [*figures.items(), ("all", every)]:
        exact, bare, wrong, signs, spent = (sum(column) for column in zip(*told, strict=True))
        count = len(told)
        print(
            f"{language:4} {count:4} lines  exact {exact / count:6.1%}  without spaces {bare / count:6.1%}  "
            f"CER {wrong / signs:.4f}  {1000 * spent / count:.0f} ms"
        )


if __name__ == "__main__":
    main()
