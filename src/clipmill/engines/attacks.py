"""Where a sound begins suddenly: a kick, a whistle, a clap.

Convention: positions are samples of the source.
"""

import numpy as np

from clipmill.engines.samples import Tape

STEP = 48
"""The grain of the search: 1 ms."""
BEFORE, AFTER = 20, 5
"""Steps whose power is compared."""
SUDDEN = 10.0
"""An attack is louder than what came before it by this factor of power."""
FAINT = 1e-7
"""Power that counts as silence: -70 dB."""
STRONG = 0.25
"""An attack begins with the first step that has this part of its power."""


def find_attacks(tape: Tape, first: int, last: int) -> list[int]:
    """The steps at which the sound from ``first`` to ``last`` becomes louder at once."""
    steps = (last - first) // STEP
    heard = tape.read(first - BEFORE * STEP, (BEFORE + steps + AFTER) * STEP)
    powers = (heard**2).mean(axis=0).reshape(-1, STEP).mean(axis=1, dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    now = np.arange(BEFORE, BEFORE + steps)
    before = (sums[now] - sums[now - BEFORE]) / BEFORE
    after = (sums[now + AFTER] - sums[now]) / AFTER
    sudden = (after > SUDDEN * (before + FAINT)) & (powers[now] > STRONG * after)
    return [first + int(step) * STEP for step in np.flatnonzero(sudden)]
