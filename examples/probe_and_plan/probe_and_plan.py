"""Look before rendering: what a source is, and what a crop and a slow part would make of it."""

import json
import sys
from pathlib import Path

from clipmill.engines.probe import probe, require_video
from clipmill.engines.sample_match import draw_match
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.perform import plan
from clipmill.settings import Settings
from clipmill.storage.open import open_store

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output/examples")
folder.mkdir(parents=True, exist_ok=True)
draw_match(folder / "small-match.mp4", seconds=4, size=(640, 360))
video = require_video(probe(folder / "small-match.mp4"))
print(f"{video.codec}, {video.displayed.width}x{video.displayed.height}, {video.rate} frames per second")

request = {
    "input_key": "small-match.mp4",
    "output_key": "never-written.mp4",
    "fps": "source",
    "segments_data": {"trim_start": 1, "segments": [{"start": 2, "end": 3, "speed": 0.5}]},
    "crop_keyframes": [{"time": 0, "x": 600, "y": 0, "width": 202.5, "height": 360}],
}
settings = Settings.from_environment()
machine = settings.machine(open_store(str(folder), settings.environment), CATALOG)
print(json.dumps(plan(Job(new_job_id(), "process_framing", request), machine).value(), indent=2))
