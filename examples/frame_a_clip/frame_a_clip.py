"""Frame a clip from Python: a vertical video that follows the ball of a match that is drawn here."""

import sys
from fractions import Fraction
from pathlib import Path

from clipmill.engines.sample_match import draw_match
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.runners.local import LocalRunner
from clipmill.settings import Settings
from clipmill.storage.open import open_store

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output/examples")
folder.mkdir(parents=True, exist_ok=True)
match = draw_match(folder / "small-match.mp4", seconds=4, size=(640, 360))


def crop_at(time: Fraction) -> dict[str, float]:
    """A box of 9:16 around the ball; what leaves the picture is moved inside."""
    x, _ = match.ball_at(time)
    return {"time": float(time), "x": x - 202.5 / 2, "y": 0, "width": 202.5, "height": 360}


request = {
    "input_key": "small-match.mp4",
    "output_key": "framed.mp4",
    "output_width": 360,
    "output_height": 640,
    "interpolation": "smooth",
    "crop_keyframes": [crop_at(Fraction(step, 2)) for step in range(9)],
}
settings = Settings.from_environment()
machine = settings.machine(open_store(str(folder), settings.environment), CATALOG)
with LocalRunner(machine) as runner:
    outcome = runner.run(Job(new_job_id(), "process_framing", request), lambda event: print(f"{event.progress:5.1f} %"))
result = outcome.value()
print(f"{folder / result['output_key']}: {result['frames']} frames, {result['width']}x{result['height']}")
