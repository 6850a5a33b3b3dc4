import base64
import hashlib
from pathlib import Path

import pytest
from tests.client.scripts import CALM, LOST, Script, answer, problem

from clipmill.client.downloads import download
from clipmill.client.landing import Landing
from clipmill.client.views import RemoteOutput
from clipmill.errors import ConflictError, SourceMissingError, StorageUnavailableError, StorageWriteFailedError

BROKEN = StorageUnavailableError("the connection was reset")
BYTES = bytes(range(100))


def whole(*pieces, etag='"v1"', **headers):
    return answer(200, pieces=pieces, content_length="100", etag=etag, **headers)


def part(start: int, *pieces, etag='"v1"'):
    return answer(206, pieces=pieces, content_range=f"bytes {start}-99/100", content_length=str(100 - start), etag=etag)


def fetched(path: Path, *answers, source="out/a.mp4") -> Script:
    script = Script(list(answers), BROKEN)
    script.run(download(CALM, source, path, lambda _done, _total: None))
    return script


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_object_becomes_a_file(tmp_path):
    script = fetched(tmp_path / "new" / "a.mp4", whole(BYTES[:40], BYTES[40:]))
    assert (tmp_path / "new" / "a.mp4").read_bytes() == BYTES
    assert files(tmp_path / "new") == {"a.mp4"}
    assert script.calls[0].url == "/v1/objects/out/a.mp4"


def test_a_connection_that_breaks_is_taken_up_where_it_broke(tmp_path):
    script = fetched(tmp_path / "a.mp4", whole(BYTES[:40], LOST), part(40, BYTES[40:70], LOST), part(70, BYTES[70:]))
    assert (tmp_path / "a.mp4").read_bytes() == BYTES
    assert [dict(call.headers) for call in script.calls[1:]] == [
        {"Range": "bytes=40-", "If-Range": '"v1"'},
        {"Range": "bytes=70-", "If-Range": '"v1"'},
    ]


def test_an_answer_that_ends_too_early_is_no_success(tmp_path):
    fetched(tmp_path / "a.mp4", whole(BYTES[:40]), part(40, BYTES[40:]))
    assert (tmp_path / "a.mp4").read_bytes() == BYTES


def test_the_next_attempt_goes_on_where_an_earlier_one_gave_up(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"old")
    with pytest.raises(StorageUnavailableError):
        fetched(tmp_path / "a.mp4", whole(BYTES[:40], LOST), BROKEN, BROKEN)
    assert (tmp_path / "a.mp4").read_bytes() == b"old"
    script = fetched(tmp_path / "a.mp4", part(40, BYTES[40:]))
    assert script.calls[0].headers["Range"] == "bytes=40-"
    assert (tmp_path / "a.mp4").read_bytes() == BYTES
    assert files(tmp_path) == {"a.mp4"}


def test_an_object_that_changed_in_between_is_fetched_anew(tmp_path):
    new = bytes(100)
    fetched(tmp_path / "a.mp4", whole(BYTES[:40], LOST), whole(new[:90], LOST, etag='"v2"'), part(90, new[90:]))
    assert (tmp_path / "a.mp4").read_bytes() == new


def test_an_object_that_became_shorter_is_fetched_anew(tmp_path):
    short = answer(200, pieces=[b"new"], content_length="3", etag='"v2"')
    gone = answer(416, content_range="bytes */3")
    fetched(tmp_path / "a.mp4", whole(BYTES[:40], LOST), gone, short)
    assert (tmp_path / "a.mp4").read_bytes() == b"new"


def test_nothing_that_has_no_version_is_put_together_from_parts(tmp_path):
    script = fetched(tmp_path / "a.mp4", whole(BYTES[:40], LOST, etag=""), whole(BYTES, etag=""))
    assert "Range" not in script.calls[1].headers
    assert (tmp_path / "a.mp4").read_bytes() == BYTES


def test_an_interruption_in_front_of_the_last_step_only_puts_the_file_in_place(tmp_path):
    with pytest.raises(StorageUnavailableError):
        fetched(tmp_path / "a.mp4", whole(BYTES, LOST), BROKEN, BROKEN)
    fetched(tmp_path / "a.mp4", answer(416, content_range="bytes */100"))
    assert (tmp_path / "a.mp4").read_bytes() == BYTES


def test_an_object_that_is_not_there_leaves_no_file(tmp_path):
    with pytest.raises(SourceMissingError):
        fetched(tmp_path / "a.mp4", problem(404, "source_missing"))
    assert files(tmp_path) == set()


def test_a_link_of_the_store_is_followed_as_it_is(tmp_path):
    link = "https://b.example.com/a.mp4?X-Amz-Signature=canary"
    script = fetched(tmp_path / "a.mp4", whole(BYTES), source=RemoteOutput("out/a.mp4", link))
    assert script.calls[0].url == link
    assert "canary" not in repr(RemoteOutput("out/a.mp4", link))


def test_bytes_that_are_not_those_of_the_digest_are_refused_and_forgotten(tmp_path):
    digest = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    with pytest.raises(StorageWriteFailedError, match="not those of the object"):
        fetched(tmp_path / "a.mp4", whole(BYTES, repr_digest=f"sha-256=:{digest}:"))
    assert files(tmp_path) == set()


def test_bytes_of_the_right_digest_are_taken(tmp_path):
    digest = base64.b64encode(hashlib.sha256(BYTES).digest()).decode()
    fetched(tmp_path / "a.mp4", whole(BYTES, repr_digest=f"sha-256=:{digest}:"))
    assert (tmp_path / "a.mp4").read_bytes() == BYTES


def test_a_redirection_is_no_object(tmp_path):
    with pytest.raises(Exception, match="302"):
        fetched(tmp_path / "a.mp4", answer(302, location="https://b.example.com/"))
    assert files(tmp_path) == set()


def test_two_downloads_to_one_place_do_not_mix(tmp_path):
    first = Landing.at(tmp_path / "a.mp4")
    with pytest.raises(ConflictError, match="by somebody else"):
        Landing.at(tmp_path / "a.mp4")
    first.close()
    Landing.at(tmp_path / "a.mp4").close()
    assert files(tmp_path) == set()


def test_how_much_is_there_is_told(tmp_path):
    told: list[tuple[int, int]] = []
    steps = download(CALM, "a.mp4", tmp_path / "a.mp4", lambda *done: told.append(done))
    Script([whole(BYTES[:40], BYTES[40:])], BROKEN).run(steps)
    assert told[-1] == (100, 100)
