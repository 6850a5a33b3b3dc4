import os
import shutil
import subprocess
import sys

import pytest
from tests.docs.pages import ROOT, blocks

DIFFS = blocks((ROOT / "CONTRIBUTING.md").read_text(), "diff")
NEW = "measure_source"


@pytest.fixture
def tree(tmp_path):
    """A copy of the project."""
    without = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for folder in ("src", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=without)
    for file in (*ROOT.glob("*.md"), ROOT / "pyproject.toml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def applied(tree, diffs):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    told = subprocess.run(
        ["git", "apply", "-"], check=False, cwd=tree, input="".join(diffs), text=True, stderr=subprocess.PIPE
    )
    assert told.returncode == 0, told.stderr


def outcome_of(tree, *tests):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # No plugin has a part in what is shown, and to load them all takes longer than the tests.
    environment = plain | {"PYTHONPATH": str(tree / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, check=False, cwd=tree, env=environment, text=True, capture_output=True)


def test_a_function_is_added_in_five_steps_and_without_its_page_the_tests_are_red(tree):
    pages = [diff for diff in DIFFS if "docs/guide" in diff]
    applied(tree, [diff for diff in DIFFS if diff not in pages])
    assert "failed" in outcome_of(tree, "tests/docs/test_functions_pages.py", "-k", NEW).stdout
    applied(tree, pages)
    told = outcome_of(tree, f"tests/functions/test_{NEW}.py", "tests/docs/test_functions_pages.py", "-k", NEW)
    assert told.returncode == 0, told.stdout
    assert "passed" in told.stdout
