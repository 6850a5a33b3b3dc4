"""Prefect's server in one process; its tables are made at once, since its hundred migrations take as long as its start."""

import asyncio
import sys

import uvicorn
from prefect.server.api.server import create_app
from prefect.server.database import provide_database_interface
from sqlalchemy import Connection, Enum
from sqlalchemy.schema import CreateIndex, CreateTable


def make_tables(connection: Connection) -> None:
    for table in provide_database_interface().Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Enum):
                column.type.create(connection, checkfirst=True)
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            # Those for searches by a part of a name need more than is declared, and one is declared twice.
            if index.dialect_options["postgresql"]["using"] != "gin" or connection.dialect.name == "sqlite":
                connection.execute(CreateIndex(index, if_not_exists=True))


async def serve(port: int, *, services: bool) -> None:
    """Answer on a port; only with its services does the server act by itself, as automations do."""
    engine = await provide_database_interface().engine()
    async with engine.begin() as connection:
        await connection.run_sync(make_tables)
    app = create_app(webserver_only=not services)
    await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), services="--services" in sys.argv))
