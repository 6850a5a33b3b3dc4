"""INSERT with ON CONFLICT, which both databases know and SQLAlchemy keeps apart."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    Insert = postgresql.Insert | sqlite.Insert


def insertion(connection: Connection, table: Table) -> "Insert":
    """An INSERT into a table of this database."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
