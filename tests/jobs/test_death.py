import pytest

from clipmill.errors import OutOfMemoryError, WorkerLostError
from clipmill.jobs.death import Death

MIB = 1024**2
KILLED = -9


def test_a_child_killed_before_its_bound_was_known_is_lost_and_may_be_tried_again():
    error = Death(KILLED, peak_bytes=69 * MIB).error(0)
    assert isinstance(error, WorkerLostError)
    assert error.retryable


@pytest.mark.parametrize(("peak_mib", "kind"), [(89, WorkerLostError), (91, OutOfMemoryError)])
def test_a_child_killed_close_to_its_bound_ran_out_of_memory(peak_mib: int, kind: type[Exception]):
    assert type(Death(KILLED, peak_bytes=peak_mib * MIB).error(100 * MIB)) is kind
