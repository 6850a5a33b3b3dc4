"""Whether the service's database answers. Nothing is made or upgraded for that."""

from collections.abc import Iterator
from pathlib import Path

from clipmill.cli.examination.checks import Check
from clipmill.errors import SourceMissingError
from clipmill.settings import DATABASE, Settings
from clipmill.storage.redact import redact

_SQLITE = "sqlite:///"


def database_checks(settings: Settings) -> Iterator[Check]:
    """A machine that serves nobody needs none; one that was named has to be there."""
    yield Check("database", lambda: _answers(settings.database), needed=settings.database != DATABASE)


def _answers(url: str) -> str:
    from clipmill.jobs.ledger import Ledger
    from clipmill.jobs.ledger.database import open_engine

    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        raise SourceMissingError(f"there is none at {path} yet; `clipmill serve` makes it")
    ledger = Ledger(open_engine(url))
    try:
        keys = "has API keys" if ledger.keys.any() else "has no API key, so that only this machine is let in"
    finally:
        ledger.close()
    return f"{redact(url)} answers and {keys}"
