import pytest

from clipmill.errors import AccessDeniedError, StorageUnavailableError
from clipmill.storage.retry import RetryPolicy


class Flaky:
    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_the_usual_policy_makes_three_attempts_with_pauses_of_three_and_six_seconds():
    pauses = []
    call = Flaky(StorageUnavailableError("1"), StorageUnavailableError("2"), StorageUnavailableError("3"))
    with pytest.raises(StorageUnavailableError, match="3"):
        RetryPolicy(sleep=pauses.append).run(call)
    assert (call.calls, pauses) == (3, [3.0, 6.0])


def test_a_success_ends_the_attempts():
    call = Flaky(StorageUnavailableError("1"), "fine")
    assert RetryPolicy(sleep=lambda _: None).run(call) == "fine"
    assert call.calls == 2


@pytest.mark.parametrize("error", [AccessDeniedError("no"), ValueError("a bug")])
def test_what_will_not_pass_is_not_tried_again(error):
    call = Flaky(error, "never")
    with pytest.raises(type(error)):
        RetryPolicy(sleep=lambda _: None).run(call)
    assert call.calls == 1
