"""Brings a database to the tables of this version."""

import threading
from importlib.resources import files

from sqlalchemy import Engine, inspect, text

from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.database import one_at_a_time, reading, writing

HEAD = "r0007_caption_book"
"""The last migration."""

_ONE_THREAD = threading.Lock()
"""Alembic keeps the migration that it runs in a global place."""


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the migrations that a database lacks, all or none, whoever else is at it at the same time."""
    if _revision(engine) == HEAD:
        return
    # A ledger that lacks nothing, as nearly every one that is opened, does not wait for this import.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(files("clipmill.jobs.ledger") / "migrations"))
    with _ONE_THREAD, writing(engine) as connection:
        one_at_a_time(connection, "clipmill.ledger.upgrade")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError as fault:
            raise InvalidRequestError(
                f"the ledger was written by another version of clipmill: {fault}. Use that version or a newer one."
            ) from None


def _revision(engine: Engine) -> str | None:
    """The last migration that was run; None where there was none yet."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
