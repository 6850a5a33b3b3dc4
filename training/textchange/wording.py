"""Made-up caption lines in several scripts, and the ways in which the next caption differs from the last."""

from enum import StrEnum
from random import Random

WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "you",
    "that",
    "it",
    "he",
    "was",
    "for",
    "on",
    "are",
    "with",
    "his",
    "they",
    "at",
    "be",
    "this",
    "have",
    "from",
    "or",
    "one",
    "had",
    "by",
    "word",
    "but",
    "not",
    "what",
    "all",
    "were",
    "we",
    "when",
    "your",
    "can",
    "said",
    "there",
    "use",
    "an",
    "each",
    "which",
    "she",
    "do",
    "how",
    "their",
    "if",
    "will",
    "up",
    "other",
    "about",
    "out",
    "many",
    "then",
    "them",
    "these",
    "so",
    "some",
    "her",
    "would",
    "make",
    "like",
    "him",
    "into",
    "time",
    "has",
    "look",
    "two",
    "more",
    "write",
    "go",
    "see",
    "number",
    "no",
    "way",
    "could",
    "people",
    "my",
    "than",
    "first",
    "water",
    "been",
    "call",
    "who",
    "oil",
    "its",
    "now",
    "find",
    "long",
    "down",
    "day",
    "did",
    "get",
    "come",
    "made",
    "may",
    "part",
    "over",
    "goal",
    "match",
    "pass",
    "shot",
    "team",
    "coach",
    "really",
    "never",
    "maybe",
    "because",
    "everything",
    "something",
    "tomorrow",
    "yesterday",
    "beautiful",
    "important",
    "question",
    "government",
    "against",
    "der",
    "die",
    "und",
    "das",
    "nicht",
    "ich",
    "sie",
    "ist",
    "wir",
    "haben",
    "aber",
    "auch",
    "nach",
    "über",
    "für",
    "können",
    "müssen",
    "größer",
    "schön",
    "Straße",
    "heute",
    "morgen",
    "vielleicht",
    "le",
    "les",
    "des",
    "est",
    "pas",
    "que",
    "vous",
    "nous",
    "une",
    "pour",
    "dans",
    "être",
    "très",
    "déjà",
    "où",
    "ça",
    "peut-être",
    "aujourd'hui",
    "toujours",
    "maintenant",
    "el",
    "los",
    "que",
    "por",
    "una",
    "está",
    "más",
    "también",
    "año",
    "señor",
    "mañana",
    "siempre",
    "não",
    "você",
    "então",
    "coração",
    "il",
    "della",
    "perché",
    "città",
    "più",
    "però",
    "zijn",
    "niet",
    "een",
    "het",
    "waar",
    "jestem",
    "dziękuję",
    "proszę",
    "bardzo",
    "için",
    "değil",
    "çok",
    "güzel",
]
LETTERS = {
    "ru": "абвгдежзиклмнопрстуфхцчшыьэюя", "el": "αβγδεζηθικλμνξοπρστυφχψω", "he": "אבגדהוזחטיכלמנסעפצקרשת", "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "hi": "कखगघचछजझटठडढतथदधनपफबभमयरलवशसहािीेो", "th": "กขคงจฉชซดตถทนบปผฝพฟมยรลวสหอาิีเแ", "ko": "가나다라마바사아자차카타파하고노도로모보소오조초코토포호은는이를에서기지시리했습니까요",
    "zh-cn": "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长",
    "ja": "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんアイウカキクサシスタテトナニノ日本人大学生私今何時行見",
}  # fmt: skip
DENSE = ("zh-cn", "ja")
LANGUAGES = ("en",) * 14 + ("ru", "ru", "el", "zh-cn", "zh-cn", "zh-cn", "ja", "ja", "ko", "ko", "ar", "hi", "th", "he")


class Change(StrEnum):
    """How a caption differs from the one before."""

    FRESH = "fresh"
    ONE_WORD = "one word"
    SAME_LENGTH = "same length"
    ONE_SIGN = "one sign"
    LINE_MORE = "line more"
    WORD_MORE = "word more"


class Writer:
    """Draws lines of one language out of a seeded source."""

    def __init__(self, random: Random, language: str) -> None:
        self.random = random
        self.language = language

    def word(self, length: int | None = None) -> str:
        random = self.random
        if self.language == "en":
            fitting = [word for word in WORDS if length is None or len(word) == length]
            chosen = random.choice(fitting or WORDS)
            kind = random.random()
            plain = chosen.upper() if kind < 0.04 else chosen.capitalize() if kind < 0.16 else chosen
            return plain if random.random() > 0.05 else str(random.randrange(10, 9999))
        signs = LETTERS[self.language]
        return "".join(random.choice(signs) for _ in range(length or random.randint(2, 9)))

    def line(self, width: int) -> list[str]:
        """Words of about a number of signs."""
        if self.language in DENSE:
            return [self.word(self.random.randint(1, 3)) for _ in range(max(1, width // 4))]
        words = [self.word()]
        while sum(map(len, words)) + len(words) < width:
            words.append(self.word())
        if self.random.random() < 0.5:
            words[-1] += self.random.choice(".,!?…")
        return words

    def changed(self, lines: list[list[str]], change: Change) -> list[list[str]]:
        """The next caption after one, different from it in some way."""
        random = self.random
        row = random.randrange(len(lines))
        column = random.randrange(len(lines[row]))
        copy = [list(line) for line in lines]
        if change is Change.ONE_WORD:
            copy[row][column] = self._other(copy[row][column], None)
        elif change is Change.SAME_LENGTH:
            copy = [[self._other(word, len(word)) for word in line] for line in copy]
        elif change is Change.ONE_SIGN:
            copy[row][column] = self._sign_swapped(copy[row][column])
        elif change is Change.WORD_MORE:
            copy[-1].append(self.word())
        elif change is Change.LINE_MORE and len(lines) == 1:
            copy.append(self.line(max(4, sum(map(len, lines[0])))))
        elif change is Change.LINE_MORE:
            copy = copy[1:]
        else:
            copy = [self.line(random.randint(4, 44)) for _ in lines]
        return copy if copy != lines else [[self.word() + "x"] for _ in lines]

    def _other(self, word: str, length: int | None) -> str:
        for _ in range(8):
            drawn = self.word(length)
            if drawn.casefold() != word.casefold():
                return drawn
        return word + "-"

    def _sign_swapped(self, word: str) -> str:
        place = self.random.randrange(len(word))
        signs = LETTERS.get(self.language, "abcdefghknoprstuwxyz0123456789").replace(word[place].casefold(), "")
        return word[:place] + self.random.choice(signs) + word[place + 1 :]


def any_change(random: Random) -> Change:
    """Mostly another text; often one that looks much like the last."""
    return random.choices(tuple(Change), weights=(34, 32, 14, 10, 6, 4))[0]


def joined(lines: list[list[str]], language: str) -> list[str]:
    """The lines as they are set."""
    return [("" if language in DENSE else " ").join(line) for line in lines]
