"""Faults injected between the store and a real service: what is retried, what it becomes, what stays."""

import hashlib
import io
import traceback
from collections import Counter

import pytest
from tests.contracts.store_contract import SEVERAL_PIECES
from tests.storage.conftest import BOUNDED, QUICK
from tests.storage.faulty_proxy import (
    FaultyProxy,
    Response,
    answer,
    faulty_proxy,
    reset_at,
    shorten_to,
    stall_at,
    truncate_at,
)
from tests.storage.s3_server import S3Server

from clipmill.errors import (
    AccessDeniedError,
    RateLimitedError,
    SourceExpiredError,
    SourceMissingError,
    StorageTimeoutError,
    StorageUnavailableError,
    StorageWriteFailedError,
)
from clipmill.storage.open import Patience, open_store
from clipmill.storage.reader import RangedReader
from clipmill.storage.store import Store

DATA = bytes(range(256)) * 400

PASSING = {
    "500": (answer(500, "InternalError"), StorageUnavailableError),
    "502": (answer(502), StorageUnavailableError),
    "503": (answer(503, "ServiceUnavailable"), StorageUnavailableError),
    "slow down": (answer(503, "SlowDown"), RateLimitedError),
    "429": (answer(429), RateLimitedError),
    "408": (answer(408), StorageTimeoutError),
    "504": (answer(504), StorageTimeoutError),
    "reset before the answer": (reset_at(-1), StorageUnavailableError),
    "reset amid the body": (reset_at(1000), StorageUnavailableError),
    "truncated body": (truncate_at(1000), StorageUnavailableError),
    "shortened body": (shorten_to(1000), StorageUnavailableError),
    "slow first byte": (stall_at(-1), StorageTimeoutError),
    "stalled body": (stall_at(1000), StorageTimeoutError),
}
STALLS = {"slow first byte", "stalled body"}
LASTING = {
    "403": (answer(403, "AccessDenied"), AccessDeniedError),
    "401": (answer(401), AccessDeniedError),
    "400": (answer(400, "InvalidRequest"), AccessDeniedError),
    "404": (answer(404, "NoSuchKey"), SourceMissingError),
    "410": (answer(410), SourceExpiredError),
    "expired link": (answer(403, "AccessDenied", "<Expires>2020-01-01</Expires>"), SourceExpiredError),
    "expired token": (answer(400, "ExpiredToken"), SourceExpiredError),
}


@pytest.fixture
def proxy(s3_server: S3Server):
    with faulty_proxy(s3_server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def store(s3_server: S3Server, proxy: FaultyProxy, bucket: str) -> Store:
    """The store through the proxy, with ``a.bin`` in it."""
    s3_server.client.put_object(Bucket=bucket, Key="a.bin", Body=DATA)
    return open_store(s3_server.url(bucket, proxy.endpoint), s3_server.environment, QUICK, BOUNDED)


@pytest.fixture
def hasty_store(s3_server: S3Server, proxy: FaultyProxy, bucket: str, store: Store, name: str) -> Store:
    """The same bucket; silence is borne for a moment only where the fault is a silence."""
    if STALLS.isdisjoint({name}):
        return store
    return open_store(s3_server.url(bucket, proxy.endpoint), s3_server.environment, QUICK, Patience(silence_s=0.6))


@pytest.mark.parametrize("name", PASSING)
def test_a_read_outlives_two_faults_that_pass(hasty_store, proxy, name):
    proxy.inject(PASSING[name][0], times=2, method="GET")
    assert hasty_store.read_range("a.bin", 10, 5000) == DATA[10:5010]
    assert proxy.count("GET") == 3


@pytest.mark.parametrize("name", PASSING)
def test_a_read_gives_up_after_three_attempts_with_the_fault_by_name(hasty_store, proxy, name):
    fault, error = PASSING[name]
    proxy.inject(fault, times=9, method="GET")
    with pytest.raises(error, match=r"a\.bin") as raised:
        hasty_store.read_range("a.bin", 10, 5000)
    assert raised.value.retryable
    assert proxy.count("GET") == 3


@pytest.mark.parametrize("name", LASTING)
def test_what_will_not_pass_is_asked_once(store, proxy, name):
    fault, error = LASTING[name]
    proxy.inject(fault, times=9, method="GET")
    with pytest.raises(error, match=r"a\.bin") as raised:
        store.read_range("a.bin", 10, 5000)
    assert not raised.value.retryable
    assert proxy.count("GET") == 1


@pytest.mark.parametrize("verb", ["head", "list", "delete", "get_bytes"])
def test_every_verb_is_retried(store, proxy, verb):
    proxy.inject(answer(503), times=2)
    result = getattr(store, verb)("" if verb == "list" else "a.bin")
    assert verb != "list" or [info.key for info in result] == ["a.bin"]
    assert len(proxy.requests) >= 3


def test_a_forbidden_object_and_a_missing_one_differ_for_a_head_without_a_body(store, proxy):
    proxy.inject(answer(403), method="HEAD")
    with pytest.raises(AccessDeniedError):
        store.head("a.bin")
    with pytest.raises(SourceMissingError):
        store.head("b.bin")


def test_text_in_an_answer_cannot_pass_for_a_status(store, proxy):
    forged = '\n\nDebug source:\nGeneric {\n    status: 503,\n}\n"\n    status: 503,\n'
    proxy.inject(answer(400, "InvalidRequest", forged), times=3, method="GET")
    with pytest.raises(AccessDeniedError, match="400"):
        store.read_range("a.bin", 0, 10)
    assert proxy.count("GET") == 1


def test_nobody_listening_is_unavailable(s3_server):
    with faulty_proxy(s3_server.endpoint) as gone:
        pass
    store = open_store(s3_server.url("bucket", gone.endpoint), s3_server.environment, QUICK, BOUNDED)
    with pytest.raises(StorageUnavailableError, match="refused"):
        store.head("a.bin")


def test_an_unknown_host_is_unavailable(s3_server):
    store = open_store(s3_server.url("bucket", "http://nowhere.invalid"), s3_server.environment, QUICK, BOUNDED)
    with pytest.raises(StorageUnavailableError, match="connection"):
        store.head("a.bin")


class TestDownload:
    @pytest.fixture
    def large(self, s3_server, store, bucket) -> str:
        s3_server.client.put_object(Bucket=bucket, Key="large.bin", Body=SEVERAL_PIECES)
        return "large.bin"

    @pytest.mark.parametrize("fault", [reset_at(500_000), truncate_at(500_000), answer(503)])
    def test_a_fault_costs_one_range_and_not_the_whole(self, store, proxy, large, tmp_path, fault):
        proxy.inject(fault, method="GET", times=2)
        store.download(large, tmp_path / "out.bin")
        assert (tmp_path / "out.bin").read_bytes() == SEVERAL_PIECES
        asked = Counter(request.range for request in proxy.requests if request.method == "GET")
        assert len(asked) == 3
        assert asked.total() == 5

    def test_progress_does_not_fall_when_a_range_is_fetched_again(self, store, proxy, large, tmp_path):
        proxy.inject(reset_at(500_000), method="GET", times=2)
        told: list[int] = []
        store.download(large, tmp_path / "out.bin", lambda done, _: told.append(done))
        assert told == sorted(told)
        assert told[-1] == len(SEVERAL_PIECES)

    def test_a_download_that_fails_leaves_no_file(self, store, proxy, large, tmp_path):
        proxy.inject(reset_at(500_000), method="GET", times=99)
        with pytest.raises(StorageUnavailableError):
            store.download(large, tmp_path / "out.bin")
        assert list(tmp_path.iterdir()) == []

    def test_an_object_replaced_during_a_download_is_no_file(self, s3_server, store, proxy, large, tmp_path):
        def replace_and_fail(handler, response):
            s3_server.client.put_object(Bucket=handler.path.split("/")[1], Key=large, Body=SEVERAL_PIECES[::-1])
            answer(503)(handler, response)

        proxy.inject(replace_and_fail, method="GET")
        with pytest.raises(StorageUnavailableError, match="replaced"):
            store.download(large, tmp_path / "out.bin")
        assert list(tmp_path.iterdir()) == []


class TestReader:
    def test_a_reader_carries_on_after_faults(self, store, proxy):
        with RangedReader(store, "a.bin") as file:
            proxy.inject(reset_at(1000), method="GET")
            proxy.inject(answer(503), method="GET")
            assert file.read() == DATA

    def test_a_reader_of_an_object_replaced_meanwhile_fails(self, s3_server, store, bucket):
        file = RangedReader(store, "a.bin")
        s3_server.client.put_object(Bucket=bucket, Key="a.bin", Body=DATA[::-1])
        with pytest.raises(StorageUnavailableError, match="replaced"):
            file.read(10)


class TestUpload:
    @pytest.fixture
    def small(self, tmp_path):
        path = tmp_path / "small.bin"
        path.write_bytes(b"new object")
        return path

    @pytest.fixture
    def large(self, tmp_path):
        path = tmp_path / "large.bin"
        path.write_bytes(SEVERAL_PIECES)
        return path

    @pytest.mark.parametrize("fault", [answer(503), answer(429), reset_at(-1)])
    def test_a_small_upload_outlives_two_faults(self, store, proxy, small, fault):
        proxy.inject(fault, method="PUT", times=2)
        store.upload(small, "a.bin")
        assert store.get_bytes("a.bin") == b"new object"

    @pytest.mark.parametrize("fault", [answer(500), reset_at(-1)])
    def test_a_failed_upload_is_an_error_and_the_old_object_stays(self, store, proxy, small, fault):
        proxy.inject(fault, method="PUT", times=3)
        with pytest.raises(StorageWriteFailedError, match=r"a\.bin") as raised:
            store.upload(small, "a.bin")
        assert raised.value.retryable
        assert proxy.count("PUT") == 3
        assert store.get_bytes("a.bin") == DATA

    def test_an_upload_that_nobody_answers_is_an_error(self, s3_server, proxy, bucket, small):
        hasty = Patience(request_s=0.3)
        store = open_store(s3_server.url(bucket, proxy.endpoint), s3_server.environment, QUICK, hasty)
        proxy.inject(stall_at(-1), method="PUT", times=3)
        with pytest.raises(StorageWriteFailedError, match="in time"):
            store.upload(small, "a.bin")
        assert proxy.count("PUT") == 3

    def test_silence_while_bytes_go_up_is_no_stall(self, s3_server, proxy, bucket, small):
        hasty = Patience(silence_s=0.3)
        store = open_store(s3_server.url(bucket, proxy.endpoint), s3_server.environment, QUICK, hasty)

        def answer_late(handler, response):
            proxy.closing.wait(2 * hasty.silence_s)
            handler.pass_on(response)

        proxy.inject(answer_late, method="PUT", reaches=True)
        store.upload(small, "a.bin")
        assert proxy.count("PUT") == 1

    def test_a_forbidden_upload_is_asked_once(self, store, proxy, small):
        proxy.inject(answer(403, "AccessDenied"), method="PUT", times=3)
        with pytest.raises(AccessDeniedError):
            store.upload(small, "a.bin")
        assert proxy.count("PUT") == 1

    def test_a_missing_bucket_is_a_failed_write(self, s3_server, small):
        store = open_store(s3_server.url("no-such-bucket"), s3_server.environment, QUICK)
        with pytest.raises(StorageWriteFailedError, match="NoSuchBucket"):
            store.upload(small, "a.bin")

    def test_an_answer_lost_after_the_write_is_no_failure(self, store, proxy, small):
        proxy.inject(reset_at(-1), method="PUT", reaches=True)
        store.upload(small, "a.bin")
        assert store.get_bytes("a.bin") == b"new object"

    def test_only_the_part_that_was_lost_is_sent_again(self, store, proxy, large):
        proxy.inject(answer(503), method="PUT", query="partNumber=2")
        store.upload(large, "a.bin", "video/mp4")
        sent = Counter(request.path.partition("?")[2] for request in proxy.requests if request.method == "PUT")
        assert sorted(sent.values()) == [1, 1, 2]
        assert store.get_bytes("a.bin") == SEVERAL_PIECES

    @pytest.mark.parametrize("query", ["partNumber=2", "uploads", "uploadId"])
    def test_a_large_upload_that_fails_is_given_up_whole(self, s3_server, store, proxy, large, query):
        method = "PUT" if query == "partNumber=2" else "POST"
        proxy.inject(answer(503), method=method, query=query, times=3)
        with pytest.raises(StorageWriteFailedError):
            store.upload(large, "a.bin")
        assert proxy.count(method, query) == 3
        assert store.get_bytes("a.bin") == DATA
        bucket = proxy.requests[0].path.split("/")[1]
        assert "Uploads" not in s3_server.client.list_multipart_uploads(Bucket=bucket)

    def test_a_stopped_large_upload_is_given_up_whole(self, s3_server, store, bucket, large):
        def stop(done: int, total: int) -> None:
            if done * 10 > total * 9:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            store.upload(large, "a.bin", on_bytes=stop)
        assert store.get_bytes("a.bin") == DATA
        assert "Uploads" not in s3_server.client.list_multipart_uploads(Bucket=bucket)

    @pytest.mark.parametrize("fixture", ["small", "large"])
    def test_an_upload_that_left_nothing_behind_is_an_error(self, store, proxy, fixture, request):
        proxy.inject(answer(404), method="HEAD")
        with pytest.raises(StorageWriteFailedError):
            store.upload(request.getfixturevalue(fixture), "a.bin")

    @pytest.mark.parametrize("fixture", ["small", "large"])
    def test_an_upload_of_which_bytes_are_missing_is_an_error(self, store, proxy, fixture, request):
        def lie(handler, response):
            kept = [(name, "3" if name.lower() == "content-length" else value) for name, value in response.headers]
            handler.pass_on(Response(response.status, kept, b""))

        proxy.inject(lie, method="HEAD")
        with pytest.raises(StorageWriteFailedError, match="3 bytes"):
            store.upload(request.getfixturevalue(fixture), "a.bin")

    def test_an_upload_replaced_by_another_writer_is_an_error(self, s3_server, store, proxy, bucket, small):
        def race(handler, response):
            s3_server.client.put_object(Bucket=bucket, Key="a.bin", Body=b"their data")
            handler.pass_on(handler.ask(b""))

        proxy.inject(race, method="HEAD")
        with pytest.raises(StorageWriteFailedError, match="another writer"):
            store.upload(small, "a.bin")

    def test_every_request_carries_the_digest_of_its_bytes(self, store, proxy, small):
        store.upload(small, "a.bin")
        (sent,) = [request for request in proxy.requests if request.method == "PUT"]
        assert sent.headers["x-amz-content-sha256"] == hashlib.sha256(b"new object").hexdigest()

    def test_the_content_type_is_kept(self, s3_server, store, bucket, small, large):
        for path in (small, large):
            store.upload(path, "out.mp4", "video/mp4")
            assert s3_server.client.head_object(Bucket=bucket, Key="out.mp4")["ContentType"] == "video/mp4"


class TestSecrets:
    @pytest.mark.parametrize("status", [400, 403, 404, 503])
    def test_no_error_shows_a_signed_link_that_an_answer_quotes(self, s3_server, store, proxy, status):
        link = store.sign_get("a.bin", 60)
        assert link is not None
        signature = link.partition("X-Amz-Signature=")[2]
        assert signature
        proxy.inject(answer(status, "Fault", f"<Resource>{link.replace('&', '&amp;')}</Resource>"), times=3)
        with pytest.raises(Exception) as raised:
            store.read_range("a.bin", 0, 10)
        shown = io.StringIO()
        traceback.print_exception(raised.value, file=shown)
        assert signature not in shown.getvalue()
        assert s3_server.environment["AWS_SECRET_ACCESS_KEY"] not in shown.getvalue()


def test_a_signed_link_reads_the_object(store, s3_server):
    import urllib.request

    link = store.sign_get("a.bin", 60)
    assert link is not None
    with urllib.request.urlopen(link) as response:  # noqa: S310 - the link is our own
        assert response.read() == DATA
