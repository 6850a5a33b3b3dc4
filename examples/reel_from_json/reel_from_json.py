"""A reel from a JSON file: what ``clipmill reel reel.json`` does, with a match that is drawn here."""

import shutil
import sys
from pathlib import Path

from clipmill.cli.main import main
from clipmill.engines.sample_match import draw_match

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output/examples")
folder.mkdir(parents=True, exist_ok=True)
draw_match(folder / "small-match.mp4", seconds=11, size=(640, 360))
reel = shutil.copy(Path(__file__).with_name("reel.json"), folder)
main(["reel", str(reel)])
