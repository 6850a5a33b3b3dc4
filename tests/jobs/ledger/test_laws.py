"""What the database refuses by itself, whoever writes to it."""

import pytest
from sqlalchemy.exc import IntegrityError
from tests.jobs.ledger.worlds import World

from clipmill.jobs.ledger.states import MOVES, State

WAYS = {
    State.QUEUED: [],
    State.RUNNING: [State.RUNNING],
    State.PUBLISHING: [State.RUNNING, State.PUBLISHING],
    State.SUCCEEDED: [State.RUNNING, State.PUBLISHING, State.SUCCEEDED],
    State.FAILED: [State.FAILED],
    State.CANCELLED: [State.CANCELLED],
    State.EXPIRED: [State.EXPIRED],
}


def move(there: World, job_id: str, state: State) -> None:
    """Set the state by raw SQL, with all that a row in that state has to hold."""
    extra = "finished_at = 1" if state.terminal else "finished_at = NULL"
    if state is State.SUCCEEDED:
        extra += ", result = '{}', percent_tenths = 1000"
    elif state.terminal:
        extra += ", failure = '{}'"
    there.assign(job_id, f"state = '{state}', {extra}")


def in_state(there: World, state: State) -> str:
    job = there.submit()
    for step in WAYS[state]:
        move(there, job.id, step)
    return job.id


@pytest.mark.parametrize("before", State)
def test_a_legal_move_is_let_through(there: World, before: State):
    for after in sorted(MOVES[before]):
        job_id = in_state(there, before)
        move(there, job_id, after)
        assert there.ledger.get("team", job_id).state is after


@pytest.mark.parametrize("before", State)
def test_any_other_move_is_refused(there: World, before: State):
    job_id = in_state(there, before)
    for after in sorted(set(State) - MOVES[before] - {before}):
        with pytest.raises(IntegrityError):
            move(there, job_id, after)
    assert there.ledger.get("team", job_id).state is before


@pytest.mark.parametrize("state", [state for state in State if state.terminal])
def test_nothing_of_a_job_that_has_ended_can_be_changed(there: World, state: State):
    job_id = in_state(there, state)
    for change in ("labels = '{}'", "gpu_ms = 7", "last_seq = last_seq + 1", "handle = 'x'", f"state = '{state}'"):
        with pytest.raises(IntegrityError, match="never changes"):
            there.assign(job_id, change)


def test_a_job_cannot_be_written_in_any_state_but_queued(there: World):
    job = there.submit()
    there.run("CREATE TABLE copied AS SELECT * FROM jobs")
    there.run("UPDATE copied SET id = 'job_2', state = 'running'")
    with pytest.raises(IntegrityError, match="begins as queued"):
        there.run("INSERT INTO jobs SELECT * FROM copied")
    there.run("UPDATE copied SET state = 'queued'")
    there.run("INSERT INTO jobs SELECT * FROM copied")
    there.run("DROP TABLE copied")
    assert {found.id for found in there.ledger.jobs("team").jobs} == {job.id, "job_2"}


@pytest.mark.parametrize(
    "change",
    [
        "percent_tenths = 499",
        "attempt = 0",
        "lease_token = 0",
        "last_seq = 1",
        "id = 'job_2'",
        "tenant = 'other'",
        "function = 'other'",
        "state = 'lost'",
        "attempt = 4",
        "percent_tenths = 1000",
        "percent_tenths = 1001",
        "lease_owner = NULL",
        "finished_at = 1",
        "result = '{}'",
        "failure = '{}'",
        "gpu = 'huge'",
        "tier = 'gold'",
    ],
)
def test_what_would_break_a_law_is_refused(there: World, change: str):
    lease = there.begun()
    there.assign(lease.job.id, "percent_tenths = 500")
    before = there.now_is(lease.job)
    with pytest.raises(IntegrityError):
        there.assign(lease.job.id, change)
    assert there.now_is(lease.job) == before


def test_a_job_has_at_most_one_message(there: World):
    job = there.succeeded()
    there.run("CREATE TABLE copied AS SELECT * FROM outbox")
    there.run("UPDATE copied SET id = 'msg_2'")
    with pytest.raises(IntegrityError):
        there.run("INSERT INTO outbox SELECT * FROM copied")
    there.run("DROP TABLE copied")
    assert there.rows("SELECT job_id FROM outbox") == [(job.id,)]
