import ast
import subprocess
import sys
from pathlib import Path

import pytest

import clipmill

ROOT = Path(clipmill.__file__).parent
DATABASE = {"sqlalchemy", "alembic", "psycopg"}


def imported(path: Path) -> set[str]:
    """The top names of all that a module imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


def test_nothing_but_the_ledger_knows_the_database():
    outside = [
        path
        for path in ROOT.rglob("*.py")
        if not {ROOT / "jobs" / "ledger", ROOT / "jobs" / "caption_book"} & {*path.parents}
    ]
    assert [path for path in outside if imported(path) & DATABASE] == []


@pytest.mark.parametrize("module", ["clipmill", "clipmill.cli.main", "clipmill.jobs.perform", "clipmill.runners.local"])
def test_the_database_is_not_loaded_with_the_rest(module: str):
    code = f"import sys, {module}; print(sorted({DATABASE!r} & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
