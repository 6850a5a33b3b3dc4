import numpy as np
import pytest

from clipmill.engines.ocr.recognition import LineReader

ALPHABET = "ab！。"
SPACE = len(ALPHABET) + 1


class Columns:
    """A network that sees in every line the same signs, one for each column, and spaces as weak as told."""

    def __init__(self, signs: list[int], weak: dict[int, float]) -> None:
        self.metadata = {"character": "\n".join(ALPHABET)}
        self._signs, self._weak = signs, weak
        self.widths: list[tuple[int, int]] = []

    def __call__(self, values):
        self.widths.append((len(values), values.shape[3]))
        columns = np.zeros((len(values), len(self._signs), SPACE + 1), np.float32)
        for at, sign in enumerate(self._signs):
            columns[:, at, sign] = 0.9
        for at, chance in self._weak.items():
            columns[:, at, SPACE] = chance
        return columns


def text(signs, weak=None, width=320):
    reader = LineReader(Columns(signs, weak or {}))
    (line,) = reader.read([np.zeros((48, width, 3), np.uint8)])
    return "".join(sign.text for sign in line)


def test_a_sign_is_new_only_after_something_else():
    assert text([1, 1, 0, 1, 2, 2, 0]) == "aab"


@pytest.mark.parametrize(("chance", "expected"), [(0.079, "ab"), (0.081, "a b")])
def test_a_weak_space_between_signs_counts_from_its_threshold_on(chance, expected):
    assert text([0, 1, 0, 2, 0], {2: chance}) == expected


def test_spaces_at_the_ends_are_none():
    assert text([SPACE, 1, SPACE, 2, SPACE]) == "a b"


def test_full_width_signs_stay_only_among_east_asian_ones():
    assert text([1, 0, 3]) == "a!"
    assert text([4, 0, 3]) == "。！"


def test_signs_stand_where_their_columns_are():
    reader = LineReader(Columns([0, 0, 1, 0, 0, 0, 2, 0], {}))
    ((first, second),) = reader.read([np.zeros((48, 320, 3), np.uint8)])
    assert 0 < first.start < 2.5 / 8 < first.end <= second.start < 6.5 / 8 < second.end <= 1


def test_lines_are_read_together_only_with_those_of_their_width():
    network = Columns([1], {})
    LineReader(network).read([np.zeros((48, width, 3), np.uint8) for width in (100, 700, 320, 650)])
    assert sorted(network.widths) == [(2, 320), (2, 704)]
