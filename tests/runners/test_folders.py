"""The folder of a platform may be missing: only its own tests fail then."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.media_factory import Recipe, make_video

import clipmill

SOURCES = Path(clipmill.__file__).parent
TESTS = Path(__file__).parents[1]
PLATFORMS = ("modal", "runpod", "prefect")
PROGRAM = """
import sys
from pathlib import Path
import clipmill
from clipmill.cli.main import run
assert Path(clipmill.__file__).is_relative_to(sys.argv[1]), clipmill.__file__
codes = [int(run(words.split())) for words in sys.argv[2:]]
print(codes, file=sys.stderr)
"""
JOB = "run preview_frame --set input_key=in.mp4 --set output_key=still.png --store ."


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, elsewhere."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(SOURCES, folder / "clipmill", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("platform", PLATFORMS)
def test_without_the_folder_of_a_platform_all_else_works(copied: Path, tmp_path: Path, platform: str):
    folder, kept = copied / "clipmill/runners" / platform, tmp_path / platform
    folder.rename(kept)
    make_video(tmp_path / "in.mp4", Recipe(size=(64, 48), frames=10))
    asked = ["--help", "functions", JOB, f"{JOB} --runner {platform}", f"deploy {platform} --check"]
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        said = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(copied), *asked],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        kept.rename(folder)
    assert said.stderr.splitlines()[-1] == "[0, 0, 0, 3, 3]"
    assert said.stderr.count(f"this installation has no clipmill.runners.{platform}") == 2
    assert (tmp_path / "still.png").exists()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_nothing_but_its_own_tests_knows_the_folder_of_a_platform(platform: str):
    knows = re.compile(rf"\b(?:import|from)\s+(?:clipmill|tests)\.runners\.{platform}\b")
    homes = {TESTS / "runners" / platform, SOURCES / "runners" / platform}
    files = [path for root in (TESTS, SOURCES) for path in root.rglob("*.py") if not homes & set(path.parents)]
    assert [path for path in files if knows.search(path.read_text())] == []
