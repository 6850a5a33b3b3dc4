"""From nothing to the weights of the package: ``python -m training.textchange --folder DATA --footage MEDIA/footage --into DIR``.

Stopped anywhere, it goes on where it was. ``--clips``, ``--patterned`` and ``--steps`` make a short run for trying it out.
"""

import argparse
from pathlib import Path

from training.textchange.draw import Clips, draw_all
from training.textchange.export import BIAS, export
from training.textchange.train import STEPS, train


def main() -> None:
    """Draw, train and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=Clips.plain)
    parser.add_argument("--patterned", type=int, default=Clips.patterned)
    parser.add_argument("--steps", type=int, default=STEPS)
    chosen = parser.parse_args()
    draw_all(chosen.folder, chosen.footage, Clips(chosen.clips, chosen.patterned), processes=2)
    train(chosen.folder, chosen.steps)
    print(export(chosen.folder / "best.pt", chosen.into / "textchange.onnx", BIAS))


if __name__ == "__main__":
    main()
