from collections.abc import Mapping
from typing import Any

import pytest
from tests.runners.prefect.asked import Asked

from clipmill.errors import CancelledError, StorageUnavailableError
from clipmill.runners.prefect.looks import Looks
from clipmill.runners.prefect.runs import RunState

FOR_EVER_S = 3600.0


def answering(states: Mapping[str, str]) -> Asked:
    """A server with runs in these states."""

    def answer(path: str, body: Any) -> Any:
        if path == "/artifacts/filter":
            return []
        wanted = body["flow_runs"]["id"]["any_"]
        return [{"id": name, "state": {"type": state}} for name, state in states.items() if name in wanted]

    return Asked(answer)


def test_all_who_watch_take_the_answer_to_one_question():
    api = answering({"one": "RUNNING", "two": "SCHEDULED"})
    looks = Looks(api, FOR_EVER_S)
    with looks.following("one"), looks.following("two"):
        seen = {name: looks.look(name).run for name in ("one", "two", "one")}
    assert {name: run and run.state for name, run in seen.items()} == {
        "one": RunState.RUNNING,
        "two": RunState.SCHEDULED,
    }
    assert [path for path, _ in api.asked] == ["/flow_runs/filter", "/artifacts/filter"]


def test_whoever_comes_later_is_asked_for_at_once_and_whoever_left_no_more():
    api = answering({"one": "RUNNING", "two": "RUNNING"})
    looks = Looks(api, FOR_EVER_S)
    with looks.following("one"):
        assert looks.look("one").run
    with looks.following("two"):
        assert looks.look("two").run
    assert [body["flow_runs"]["id"]["any_"] for path, body in api.asked if path == "/flow_runs/filter"] == [
        ["one"],
        ["two"],
    ]


def test_a_run_that_the_server_does_not_know_is_none():
    looks = Looks(answering({}), FOR_EVER_S)
    with looks.following("one"):
        assert looks.look("one").run is None


def test_a_fault_is_told_to_everybody_and_passes():
    def fail(_path: str, _body: Any) -> Any:
        raise StorageUnavailableError("busy")

    api = Asked(fail)
    looks = Looks(api, FOR_EVER_S)
    with looks.following("one"):
        for _ in range(2):
            with pytest.raises(StorageUnavailableError):
                looks.look("one")
        assert len(api.asked) == 1
        with looks.following("two"), pytest.raises(StorageUnavailableError):
            looks.look("two")
    assert len(api.asked) == 2


def test_nobody_asks_once_it_is_closed():
    api = answering({"one": "RUNNING"})
    looks = Looks(api, 0.0)
    with looks.following("one"):
        looks.close()
        with pytest.raises(CancelledError, match="goes on"):
            looks.look("one")
    assert api.asked == []
