import threading
from typing import Any

from tests.jobs.machines import wait_until
from tests.runners.prefect.asked import Asked

from clipmill.errors import StorageUnavailableError
from clipmill.runners.prefect.pulse import Pulse
from clipmill.runners.prefect.telling import Telling
from clipmill.runners.prefect.watches import BEAT


def beats(api: Asked) -> list[Any]:
    return [event for path, body in api.asked if path == "/events" for event in body]


def test_a_run_says_again_and_again_that_it_lives_until_it_stops():
    api = Asked()
    pulse = Pulse(api, "run-1", beat_s=0.01)
    pulse.start()
    wait_until(lambda: len(beats(api)) >= 3)
    pulse.stop()
    told = beats(api)
    assert {(each["event"], each["resource"]["prefect.resource.id"]) for each in told} == {
        (BEAT, "prefect.flow-run.run-1")
    }
    assert len({each["id"] for each in told}) == len(told)


def test_a_server_that_does_not_answer_does_not_end_the_pulse():
    def fail(_path: str, _body: Any) -> Any:
        raise StorageUnavailableError("busy")

    api = Asked(fail)
    pulse = Pulse(api, "run-1", beat_s=0.01)
    pulse.start()
    wait_until(lambda: len(api.asked) >= 2)
    pulse.stop()


def test_a_run_that_cannot_write_its_progress_lives_all_the_same():
    free = threading.Event()

    def answer(path: str, _body: Any) -> Any:
        if path != "/events":
            free.wait(60)
        return None

    api = Asked(answer)
    telling = Telling(api, "run-1", threading.Event(), threading.Event(), beat_s=0.01)
    starting = threading.Thread(target=telling.start)
    starting.start()
    wait_until(lambda: len(beats(api)) >= 3)
    free.set()
    starting.join()
    telling.finish(None)
