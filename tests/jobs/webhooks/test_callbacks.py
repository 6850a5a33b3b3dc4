import json
import threading

import pytest
from tests.jobs.webhooks.receivers import Handler, Receiver, hang, plain, redirect_to

from clipmill.errors import EncoderFailedError, InvalidRequestError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.webhooks.callbacks import Callbacks
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Letter, Post

POST = Post(Policy(http=True, private=True))
GOOD = Outcome(result={"status": "success", "output_key": "out/clip.mp4"})


def frames(done):
    return Event("job", done, "", Stage.PROCESSING, 0.0, "rendering", done, 100)


def heard(receiver):
    got = [receiver.got.get_nowait() for _ in range(receiver.got.qsize())]
    return [(each.path, json.loads(each.body)) for each in got]


def test_an_address_is_told_progress_and_then_the_output():
    with Receiver() as receiver:
        with Callbacks(receiver.url, POST) as callbacks:
            callbacks.on_event(frames(40))
            first = receiver.next()
            callbacks.finish(GOOD)
        assert callbacks.wait(20)
        rest = heard(receiver)
    assert (first.path, json.loads(first.body)) == ("/in/progress", {"progress": 42, "message": "rendering"})
    assert first.headers["content-type"] == "application/json"
    assert rest == [("/in/complete", {"output_video_key": "out/clip.mp4"})]


def test_an_address_is_told_of_a_failure():
    with Receiver() as receiver:
        with Callbacks(receiver.url, POST) as callbacks:
            callbacks.finish(Outcome(error=EncoderFailedError("it died")))
        assert callbacks.wait(20)
        assert heard(receiver) == [("/in/error", {"error": "EncoderFailedError: it died", "should_retry": False})]


def test_while_an_address_hangs_the_job_goes_on_and_its_end_is_told_as_soon_as_it_answers():
    answers_again = threading.Event()

    def slow(handler: Handler) -> None:
        answers_again.wait(30)
        plain(handler, 204)

    with Receiver(slow, 204) as receiver:
        with Callbacks(receiver.url, POST) as callbacks:
            callbacks.on_event(frames(1))
            receiver.next()
            for done in range(2, 100):
                callbacks.on_event(frames(done))
            callbacks.finish(GOOD)
        assert heard(receiver) == []
        answers_again.set()
        assert callbacks.wait(20)
        assert heard(receiver) == [("/in/complete", {"output_video_key": "out/clip.mp4"})]


@pytest.mark.parametrize("outcome", [GOOD, Outcome(error=EncoderFailedError("it died"))])
def test_the_end_is_tried_three_times(outcome):
    with Receiver(500) as receiver:
        with Callbacks(receiver.url, POST, pauses_s=(0, 0)) as callbacks:
            callbacks.finish(outcome)
        assert callbacks.wait(20)
        assert receiver.connections == 3


def test_the_end_is_not_tried_again_once_it_was_taken():
    with Receiver(500, 204) as receiver:
        with Callbacks(receiver.url, POST, pauses_s=(0, 0)) as callbacks:
            callbacks.finish(GOOD)
        assert callbacks.wait(20)
        assert receiver.connections == 2


def test_progress_is_tried_once_and_its_failure_does_not_keep_the_end_away():
    with Receiver(500, 204) as receiver:
        with Callbacks(receiver.url, POST, pauses_s=(0, 0)) as callbacks:
            callbacks.on_event(frames(40))
            receiver.next()
            callbacks.finish(GOOD)
        assert callbacks.wait(20)
        assert [path for path, _ in heard(receiver)] == ["/in/complete"]


def test_a_job_that_ends_without_a_word_leaves_no_thread_behind():
    with Receiver() as receiver:
        with Callbacks(receiver.url, POST) as callbacks:
            pass
        assert callbacks.wait(20)
        assert receiver.connections == 0


def test_a_redirect_is_a_failure():
    with Receiver() as inner, Receiver(redirect_to(inner.url)) as outer:
        with Callbacks(outer.url, POST, pauses_s=(0, 0)) as callbacks:
            callbacks.finish(GOOD)
        assert callbacks.wait(20)
        assert (outer.connections, inner.connections) == (3, 0)


@pytest.mark.parametrize("url", ["http://127.0.0.1/in", "https://127.0.0.1/in", "https://u:w@a.example", "https://a?b"])
def test_an_address_that_is_not_allowed_is_refused_before_the_job_begins(url):
    with pytest.raises(InvalidRequestError, match="webhook address"):
        Callbacks(url, Post(Policy()))


def test_a_name_that_stands_for_this_machine_is_not_connected_to():
    with Receiver() as receiver:
        with Callbacks(f"http://localhost:{receiver.port}", Post(Policy(http=True)), pauses_s=(0, 0)) as callbacks:
            callbacks.finish(GOOD)
        assert callbacks.wait(20)
        assert receiver.connections == 0


class Mute(Post):
    """Takes letters and the time they are given, and sends none."""

    def __init__(self) -> None:
        super().__init__(Policy())
        self.within: list[float] = []

    async def send(self, target, letter: Letter, within_s: float) -> int:
        self.within.append(within_s)
        return 204


def test_a_callback_has_five_seconds():
    post = Mute()
    with Callbacks("https://hooks.example.com", post) as callbacks:
        callbacks.on_event(frames(40))
        callbacks.finish(GOOD)
    assert callbacks.wait(20)
    assert set(post.within) == {5.0}


def test_an_address_that_never_answers_does_not_stop_the_job_from_ending():
    with Receiver(hang) as receiver:
        with Callbacks(receiver.url, POST, pauses_s=()) as callbacks:
            callbacks.on_event(frames(1))
            receiver.next()
            callbacks.finish(GOOD)
        assert not callbacks.wait(0)
        receiver.over.set()
        assert callbacks.wait(20)
