import pytest

from clipmill.errors import DiskFullError, InternalError, StorageUnavailableError
from clipmill.jobs.outcome import Outcome


def test_a_success_survives_the_way_through_json():
    outcome = Outcome(result={"status": "success", "frames": 5}, attempts=2)
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_a_failure_keeps_type_message_details_and_attempts():
    outcome = Outcome(error=DiskFullError("no space", details={"clip_index": 1}), attempts=3)
    back = Outcome.from_json(outcome.to_json())
    assert isinstance(back.error, DiskFullError)
    assert (back.error.message, back.error.details, back.attempts) == ("no space", {"clip_index": 1}, 3)


def test_the_wire_form_of_a_failure_tells_code_and_whether_to_try_again():
    wire = Outcome(error=StorageUnavailableError("503")).wire()
    assert wire == {
        "status": "error",
        "error": "StorageUnavailableError: 503",
        "code": "storage_unavailable",
        "retryable": True,
    }


def test_the_query_of_a_signed_url_never_leaves():
    error = StorageUnavailableError("GET https://b.example/a.mp4?X-Amz-Signature=0a1b failed")
    assert "0a1b" not in Outcome(error=error).wire()["error"]


def test_the_value_of_a_failure_is_its_error_raised():
    with pytest.raises(DiskFullError):
        Outcome(error=DiskFullError("no space")).value()


def test_an_outcome_is_a_result_or_an_error():
    with pytest.raises(InternalError):
        Outcome()
    with pytest.raises(InternalError):
        Outcome(result={}, error=DiskFullError("no space"))
