"""How Alembic runs the migrations: in the transaction that the caller holds open."""  # noqa: INP001 - run by path

from alembic import context

from clipmill.jobs.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite undoes tables too, as long as the driver does not commit behind our back.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
