"""The stands of the sample match: people who stir, and leap at a goal; the boards before them; the scoreboard above.

Convention: pictures are float arrays (rows, columns, 3) of R'G'B' 0..255.
"""

import numpy as np

from clipmill.engines.sample_match.letters import GLYPH_HEIGHT, GLYPH_WIDTH, write_text
from clipmill.engines.sample_match.pitch import BOARDS_TOP, GRASS_TOP, Values, View

SEAT_WIDTH, ROW_HEIGHT = 12.5, 17.0
QUIET_POSES, LOUD_POSES = 4, 4
BOARDS = (("CLIPMILL", (18, 44, 84), (240, 244, 248)), ("FAIR PLAY", (236, 236, 228), (160, 30, 34)),
          ("FOXES", (206, 74, 24), (252, 244, 232)), ("ON TIME", (20, 92, 70), (236, 246, 238)),
          ("OWLS", (34, 66, 150), (236, 240, 250)), ("CLIPMILL", (28, 28, 32), (244, 196, 48)))  # fmt: skip
_SHIRTS = (
    (206, 74, 24),
    (34, 66, 150),
    (228, 224, 214),
    (70, 72, 80),
    (150, 40, 44),
    (60, 110, 90),
    (190, 160, 60),
    (40, 42, 50),
)
_SHIRT_ODDS = (0.2, 0.2, 0.13, 0.15, 0.09, 0.08, 0.05, 0.1)
_SKINS = ((232, 190, 160), (200, 150, 115), (140, 96, 68), (98, 66, 48))


def draw_stands(view: View, seed: int, pose: int) -> Values:
    """The stands' band in one of its poses: the quiet ones come first, then those of a goal."""
    # The same people in every pose: their looks come from the seed, how they move from seed and pose.
    looks, moves = np.random.default_rng((seed, 1)), np.random.default_rng((seed, 2, pose))
    height = round(BOARDS_TOP * view.down)
    band = np.empty((height, view.size.width, 3), np.float32)
    band[:] = np.linspace(34, 52, height, dtype=np.float32)[:, None, None] * np.array((0.95, 1.0, 1.12), np.float32)
    rows = int(BOARDS_TOP / ROW_HEIGHT) + 1
    seats = int(view.size.width / (SEAT_WIDTH * view.unit)) + 2
    for row in range(rows):
        light = 0.5 + 0.42 * row / rows
        for seat in range(seats):
            left = (seat - 0.5 + 0.5 * (row % 2) + looks.uniform(-0.15, 0.15)) * SEAT_WIDTH * view.unit
            top = (row * ROW_HEIGHT - 4 + looks.uniform(-1.5, 1.5)) * view.down
            shirt = _SHIRTS[looks.choice(len(_SHIRTS), p=_SHIRT_ODDS)]
            skin = _SKINS[looks.integers(len(_SKINS))]
            taken = looks.random() < 0.93
            leap, arms = _move(moves, pose)
            if taken:
                _draw_person(band, (left, top - leap * view.down), view.unit, (shirt, skin, light), arms=arms)
    return band


def _move(moves: np.random.Generator, pose: int) -> tuple[float, bool]:
    stirs = moves.random()
    if pose < QUIET_POSES:
        return (moves.uniform(0.6, 1.6) if stirs < 0.12 else 0.0), False
    return (moves.uniform(1.0, 6.5) if stirs < 0.8 else 0.0), stirs < 0.55


Look = tuple[tuple[int, int, int], tuple[int, int, int], float]


def _draw_person(band: Values, place: tuple[float, float], unit: float, look: Look, *, arms: bool) -> None:
    """A head, shoulders and perhaps raised arms, with soft edges."""
    left, top = place
    shirt, skin, light = look
    first_row, first_column = max(0, int(top - 6 * unit)), max(0, int(left))
    part = band[first_row : max(0, int(top + 20 * unit)), first_column : max(0, int(left + 13 * unit))]
    if not part.size:
        return
    x = (np.arange(part.shape[1])[None, :] + first_column + 0.5 - left) / unit - 6
    y = (np.arange(part.shape[0])[:, None] + first_row + 0.5 - top) / unit
    body = np.maximum(np.abs(x) - 4.4, np.hypot(x, np.minimum(y - 12.5, 0)) - 4.9)
    body = np.where(y > 19, 9.0, body)
    shapes = [(body, shirt), (np.hypot(x, y - 4) - 2.9, skin)]
    if arms:
        raised = np.hypot(np.abs(x) - 4.6, np.maximum(np.maximum(-2 - y, y - 8), 0)) - 1.1
        shapes.insert(0, (raised, skin))
    for distance, colour in shapes:
        cover = np.clip(0.5 - distance * unit, 0, 1).astype(np.float32)[..., None]
        part += (np.array(colour, np.float32) * light - part) * cover


def draw_boards(picture: Values, view: View) -> None:
    """The boards between the stands and the grass."""
    top, bottom = round(BOARDS_TOP * view.down), round((GRASS_TOP - 6) * view.down)
    dot = max(1, round(2.6 * view.unit))
    edges = [round(index * view.size.width / len(BOARDS)) for index in range(len(BOARDS) + 1)]
    for (text, ground, ink), left, right in zip(BOARDS, edges, edges[1:], strict=False):
        board = picture[top:bottom, left:right]
        shine = np.linspace(1.1, 0.86, bottom - top, dtype=np.float32)[:, None, None]
        board[:] = np.array(ground, np.float32) * shine
        width = (len(text) * (GLYPH_WIDTH + 1) - 1) * dot
        write_text(board, text, ((right - left - width) // 2, (bottom - top - GLYPH_HEIGHT * dot) // 2), dot, ink)
        board[:, -1:] *= 0.5
    picture[top : top + max(1, round(2 * view.down))] = 205
    picture[bottom : view.first_row] = np.array((44, 84, 36), np.float32)


def draw_scoreboard(view: View, clock: str, score: tuple[int, int]) -> Values:
    """The board that lies over the picture's corner."""
    dot = max(1, round(3 * view.unit))
    height = GLYPH_HEIGHT * dot + 6 * dot
    parts = ((" FOXES ", (206, 74, 24), (255, 250, 242)), (f" {score[0]}-{score[1]} ", (244, 244, 240), (22, 24, 30)),
             (" OWLS ", (34, 66, 150), (244, 246, 255)), (f" {clock} ", (22, 24, 30), (244, 214, 90)))  # fmt: skip
    panels = [_panel(text, ground, ink, dot, height) for text, ground, ink in parts]
    return np.concatenate(panels, axis=1)


def _panel(text: str, ground: tuple[int, int, int], ink: tuple[int, int, int], dot: int, height: int) -> Values:
    panel = np.empty((height, len(text) * (GLYPH_WIDTH + 1) * dot, 3), np.float32)
    panel[:] = np.array(ground, np.float32) * np.linspace(1.08, 0.84, height, dtype=np.float32)[:, None, None]
    write_text(panel, text, (dot // 2, 3 * dot), dot, ink)
    return panel
