"""The laws of a job's row, kept by the database whoever writes to it."""  # noqa: INP001 - run by path

from alembic import op

revision = "r0002_laws"
down_revision = "r0001_jobs"

_TERMINAL = "OLD.state IN ('succeeded', 'failed', 'cancelled', 'expired')"
_ILLEGAL_MOVE = """OLD.state <> NEW.state
    AND NEW.state NOT IN ('failed', 'cancelled', 'expired')
    AND NOT (OLD.state = 'queued' AND NEW.state = 'running')
    AND NOT (OLD.state = 'running' AND NEW.state = 'publishing')
    AND NOT (OLD.state = 'publishing' AND NEW.state = 'succeeded')"""
_GOES_BACK = """NEW.percent_tenths < OLD.percent_tenths OR NEW.attempt < OLD.attempt
    OR NEW.lease_token < OLD.lease_token OR NEW.last_seq < OLD.last_seq"""
_OTHER_JOB = """NEW.id <> OLD.id OR NEW.tenant <> OLD.tenant OR NEW.function <> OLD.function
    OR NEW.max_attempts <> OLD.max_attempts OR NEW.created_at <> OLD.created_at"""

_UPDATES = {
    "ends_once": (_TERMINAL, "a job that has ended never changes"),
    "moves": (_ILLEGAL_MOVE, "this is no legal move between the states of a job"),
    "never_goes_back": (_GOES_BACK, "percent, attempt, token and sequence of a job never go back"),
    "stays_itself": (_OTHER_JOB, "what a job was asked for never changes"),
}


def upgrade() -> None:
    laws = _postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite
    laws("begins_queued", "INSERT", "NEW.state <> 'queued'", "a job begins as queued")
    for name, (broken, message) in _UPDATES.items():
        laws(name, "UPDATE", broken, message)


def _sqlite(name: str, verb: str, broken: str, message: str) -> None:
    op.execute(
        f"CREATE TRIGGER jobs_{name} BEFORE {verb} ON jobs WHEN {broken} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql(name: str, verb: str, broken: str, message: str) -> None:
    op.execute(
        f"CREATE FUNCTION jobs_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER jobs_{name} BEFORE {verb} ON jobs FOR EACH ROW WHEN ({broken}) EXECUTE FUNCTION jobs_{name}()"
    )
