"""Brings a database to the tables of this version."""

import threading
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.database import one_at_a_time, reading, writing

_ONE_THREAD = threading.Lock()
"""Alembic keeps the migration that it runs in a global place."""


def upgrade(engine: Engine) -> None:
    """Run the migrations that a database lacks, all or none, whoever else is at it at the same time."""
    config = Config()
    config.set_main_option("script_location", str(files("clipmill.jobs.ledger") / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with reading(engine) as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    with _ONE_THREAD, writing(engine) as connection:
        one_at_a_time(connection, "clipmill.ledger.upgrade")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as fault:
            raise InvalidRequestError(
                f"the ledger was written by another version of clipmill: {fault}. Use that version or a newer one."
            ) from None
