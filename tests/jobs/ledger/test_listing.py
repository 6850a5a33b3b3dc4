import pytest
from tests.jobs.ledger.worlds import World

from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.listing import Wanted
from clipmill.jobs.ledger.states import State


def listed(there: World, wanted: Wanted | None = None, tenant: str = "team") -> list[str]:
    return [job.id for job in there.ledger.jobs(tenant, wanted).jobs]


def test_pages_tell_every_job_once_newest_first_while_new_ones_come_in(there: World):
    sent = []
    for number in range(7):
        sent.append(there.submit().id)
        there.wait(number % 2)
    found, cursor = [], None
    for _ in range(4):
        page = there.ledger.jobs("team", Wanted(limit=2, cursor=cursor))
        found += [job.id for job in page.jobs]
        there.wait(1)
        there.submit()
        cursor = page.cursor
    assert cursor is None
    assert set(found) == set(sent)
    assert len(found) == 7
    created = [there.ledger.get("team", job_id).created_at for job_id in found]
    assert created == sorted(created, reverse=True)


def test_a_page_that_holds_all_is_the_last(there: World):
    there.submit()
    there.submit()
    assert there.ledger.jobs("team", Wanted(limit=2)).cursor is None


def test_jobs_are_told_by_state_and_function(there: World):
    done, waiting = there.succeeded(), there.submit(function="other")
    assert listed(there, Wanted(state=State.SUCCEEDED)) == [done.id]
    assert listed(there, Wanted(function="other")) == [waiting.id]
    assert listed(there, Wanted(function="other", state=State.SUCCEEDED)) == []


def test_a_tenant_sees_its_own_jobs_only(there: World):
    mine, theirs = there.submit(), there.submit(tenant="other")
    assert listed(there) == [mine.id]
    assert listed(there, tenant="other") == [theirs.id]
    assert there.ledger.counts("team")[State.QUEUED] == 1


def test_a_job_is_found_by_its_label_the_newest_of_several(there: World):
    there.submit(labels={"export_id": "e1"})
    there.wait(1)
    newer = there.submit(labels={"export_id": "e1", "project": "p"})
    there.wait(1)
    for _ in range(3):
        there.submit(labels={"export_id": "e2", "project": "e1"})
    there.submit(tenant="other", labels={"export_id": "e1"})
    assert there.ledger.labelled("team", "export_id", "e1") == newer
    assert there.ledger.labelled("team", "export_id", "none") is None


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(state=State.QUEUED), Wanted(function="echo")])
def test_no_search_reads_the_jobs_of_others(there: World, wanted: Wanted):
    there.submit(labels={"a": "b"})
    assert there.scans(lambda: there.ledger.jobs("team", wanted)) == []
    assert there.scans(lambda: there.ledger.labelled("team", "a", "b")) == []
    assert there.scans(there.submit) == []


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "MTIz\n", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSBq", "ü"])
def test_a_cursor_that_is_none_of_ours_is_refused(there: World, cursor: str):
    with pytest.raises(InvalidRequestError, match="cursor"):
        there.ledger.jobs("team", Wanted(cursor=cursor))


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_of_no_size_or_too_large_is_refused(there: World, limit: int):
    with pytest.raises(InvalidRequestError, match="limit"):
        there.ledger.jobs("team", Wanted(limit=limit))
