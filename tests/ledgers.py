"""Empty ledgers and caption books for tests: to run the migrations for each takes longer than what is tested."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from clipmill.jobs.caption_book.tables import metadata
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.database import open_engine, writing


def new_ledger(path: Path) -> str:
    """The URL of an empty ledger in a file of one's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), path)
    return f"sqlite:///{path}"


def kept_engine(url: str) -> Engine:
    """An engine that tests use one after another, each after `emptied`: a new one would compile every statement anew."""
    Ledger.open(url).close()
    return open_engine(url)


def emptied(engine: Engine) -> Engine:
    """The engine, once nothing is in its ledger any more."""
    with writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return engine


@cache
def _template() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="clipmill-ledger-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "template.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path
