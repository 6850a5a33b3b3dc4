from pathlib import Path
from typing import Any

import pytest
from tests.jobs.machines import folder_store, machine

from clipmill.errors import EncoderFailedError, InvalidRequestError
from clipmill.jobs.wire_call import call


def test_a_call_names_job_tenant_and_request_in_one_flat_list(tmp_path: Path):
    store = folder_store(tmp_path)
    store.put_bytes("team/a.mp4", b"pictures")
    result = call(
        machine(tmp_path, store), "copy", job_id="job_1", user_id="team", input_key="a.mp4", output_key="b.mp4"
    )
    assert (result["status"], result["output_key"]) == ("success", "b.mp4")
    assert store.get_bytes("team/b.mp4") == b"pictures"


@pytest.mark.parametrize(("job_id", "user_id"), [("jobId", "userId"), ("job_id", "tenant")])
def test_other_spellings_are_understood(job_id: str, user_id: str, tmp_path: Path):
    assert call(machine(tmp_path), "echo", **{job_id: "job_1", user_id: "team", "text": "hi"})["text"] == "hi"


def test_a_failure_is_the_answer(tmp_path: Path):
    answer = call(machine(tmp_path), "raise_typed", job_id="job_1", user_id="team")
    assert (answer["status"], answer["code"], answer["retryable"]) == ("error", "encoder_failed", False)
    assert answer["error"].startswith("EncoderFailedError: ")


def test_a_failure_is_raised_where_the_caller_wants_it(tmp_path: Path):
    with pytest.raises(EncoderFailedError) as raised:
        call(machine(tmp_path), "raise_typed", job_id="job_1", user_id="team", error_mode="raise")
    assert "abc123" not in str(raised.value)


@pytest.mark.parametrize(
    "parameters",
    [
        {"user_id": "team"},
        {"job_id": "job_1"},
        {"job_id": 7, "user_id": "team"},
        {"job_id": "a/b", "user_id": "team"},
        {"job_id": "job_1", "user_id": "team", "tenant": "other"},
        {"job_id": "job_1", "user_id": "team", "error_mode": "shout"},
        {"job_id": "job_1", "user_id": "team", "unheard_of": 1},
    ],
)
def test_a_faulty_call_is_answered_and_never_raised(parameters: dict[str, Any], tmp_path: Path):
    answer = call(machine(tmp_path), "echo", **parameters)
    assert answer["status"] == "error"
    assert answer["code"] in {"invalid_request", "invalid_key"}


def test_a_faulty_call_is_raised_where_the_caller_wants_it(tmp_path: Path):
    with pytest.raises(InvalidRequestError):
        call(machine(tmp_path), "echo", user_id="team", error_mode="raise")


def test_a_tenant_given_twice_may_agree(tmp_path: Path):
    assert call(machine(tmp_path), "echo", job_id="job_1", user_id="team", tenant="team")["status"] == "success"
