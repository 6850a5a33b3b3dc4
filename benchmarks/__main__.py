"""``python -m benchmarks [framing|reel|smart] [--rounds N] [--folder PATH]``: print Markdown tables for docs/numbers.md."""

import argparse
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import framing, reel, smart

ALL = {"framing": framing.tables, "reel": reel.tables, "smart": smart.tables}


def main() -> None:
    """Run the chosen benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*ALL, []], help="all unless named")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("bench-output"))
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}\n")
    for name in chosen.which or ALL:
        print(ALL[name](folder, chosen.rounds), flush=True)


if __name__ == "__main__":
    main()
