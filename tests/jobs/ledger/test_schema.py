import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from tests.jobs.ledger.racers import FRESH
from tests.jobs.ledger.worlds import World, submission
from tests.ledgers import new_ledger

from clipmill.errors import InvalidRequestError, StorageUnavailableError
from clipmill.jobs.ledger import Ledger, labels
from clipmill.jobs.ledger.database import open_engine
from clipmill.jobs.ledger.retention import Retention
from clipmill.jobs.ledger.schema import HEAD, upgrade
from clipmill.jobs.ledger.tables import metadata
from clipmill.jobs.ledger.usage import Usage

EngineOf = Callable[[str], Engine]


def test_an_empty_database_becomes_a_ledger_and_stays_one(empty_url: str):
    first = Ledger.open(empty_url)
    job = first.submit(submission())
    first.close()
    again = Ledger.open(empty_url)
    assert again.get("team", job.id) == job
    again.close()


def test_the_last_migration_is_known_by_name():
    assert ScriptDirectory(str(files("clipmill.jobs.ledger") / "migrations")).get_current_head() == HEAD


def test_a_ledger_that_lacks_nothing_is_opened_without_the_library_of_migrations(tmp_path: Path):
    url = new_ledger(tmp_path / "ledger.db")
    code = "import sys; from clipmill.jobs.ledger import Ledger; Ledger.open(sys.argv[1]).close(); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code, url], check=True, capture_output=True, text=True)
    assert "alembic" not in told.stdout


def test_the_migrations_make_exactly_the_tables_of_this_version(ledger_url: str, engine_of: EngineOf):
    with engine_of(ledger_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def checks(engine: Engine) -> set[tuple[str, str]]:
    """The tables of a database with the names of their CHECKs."""
    query = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
    with engine.connect() as connection:
        return {(table, name) for table, name in connection.execute(text(query))}


def test_the_migrations_make_exactly_the_checks_of_this_version(
    postgres_database: Callable[[], str], engine_of: EngineOf
):
    drawn, migrated = engine_of(postgres_database()), engine_of(postgres_database())
    metadata.create_all(drawn)
    upgrade(migrated)
    assert checks(drawn) == checks(migrated) != set()


def open_and_close(url: str) -> None:
    Ledger.open(url).close()


def test_many_processes_may_open_a_new_ledger_at_once(empty_url: str):
    openers = [FRESH.Process(target=open_and_close, args=(empty_url,)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert [opener.exitcode for opener in openers] == [0, 0, 0]
    ledger = Ledger.open(empty_url)
    assert ledger.jobs("team").jobs == []
    ledger.close()


def test_what_an_older_version_wrote_is_found_and_kept_by_this_one(empty_url: str, engine_of: EngineOf):
    engine = engine_of(empty_url)
    upgrade(engine, "r0005_callbacks")
    there = World(engine)
    with pytest.MonkeyPatch.context() as older:
        older.setattr(labels, "note", lambda *_: None)
        done = there.succeeded(Usage(gpu_ms=7), labels={"export_id": "e1"})
    upgrade(engine)
    assert there.ledger.labelled("team", "export_id", "e1") == done
    there.wait(90 * 86400)
    while there.ledger.forget(Retention()):
        pass
    assert there.ledger.usage("team", done.created_at, there.now).gpu_ms == 7


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_url: str, engine_of: EngineOf):
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE usage (something INTEGER)"))
    with pytest.raises(Exception, match="usage"):
        upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE usage"))
    upgrade(engine)
    assert Ledger(engine).jobs("team").jobs == []


def test_a_ledger_of_a_newer_version_is_left_alone(empty_url: str, engine_of: EngineOf):
    engine = engine_of(empty_url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(InvalidRequestError, match="another version"):
        upgrade(engine)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://me:hidden@there/ledger", "ledger.db"])
def test_a_place_where_no_ledger_can_be_kept_is_refused_without_its_secrets(url: str):
    with pytest.raises(InvalidRequestError, match="sqlite:///path") as refused:
        open_engine(url)
    assert "hidden" not in refused.value.message


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path):
    with pytest.raises(StorageUnavailableError) as told:
        Ledger.open(f"postgresql://me:hidden@/ledger?host={tmp_path}")
    assert "hidden" not in told.value.message


def test_the_file_of_a_ledger_is_for_its_owner_only(tmp_path: Path):
    Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}").close()
    assert (tmp_path / "ledger.db").stat().st_mode & 0o077 == 0
