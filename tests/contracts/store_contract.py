"""What every store promises, whatever it is made of: inherit `StoreContract` and give it a `store` fixture."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from clipmill.errors import (
    ConflictError,
    InvalidKeyError,
    NotFoundError,
    PreconditionFailedError,
    SourceMissingError,
    StorageUnavailableError,
)
from clipmill.storage.incoming import CopiesInside, SignsPuts, join_objects, put_blocks, write_over
from clipmill.storage.reader import open_object
from clipmill.storage.store import SignsUrls, Store, publish
from clipmill.storage.uploads import MIB, Upload, Uploads

SEVERAL_PIECES = bytes(range(251)) * 80_000
"""20 MB: more than one range of a download and more than one part of an upload."""

INVALID_KEYS = ["", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "a\nb", "a\x7f", "x" * 1025]


class Stopped(Exception):  # noqa: N818 - what a progress report raises to stop a transfer
    """Someone asked to stop."""


def stop_halfway(done: int, total: int) -> None:
    if done * 2 > total:
        raise Stopped


class StoreContract:
    """The tests; ``folder`` is the part of the store they write to."""

    folder = "contract"

    def key(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def keys_below(self, store: Store, name: str) -> set[str]:
        return {info.key.removeprefix(f"{self.folder}/") for info in store.list(self.key(name))}

    def test_what_was_put_is_got(self, store: Store):
        store.put_bytes(self.key("a/b.bin"), b"hello")
        assert store.get_bytes(self.key("a/b.bin")) == b"hello"

    def test_a_head_tells_key_and_size(self, store: Store):
        store.put_bytes(self.key("a.bin"), b"hello")
        info = store.head(self.key("a.bin"))
        assert (info.key, info.size) == (self.key("a.bin"), 5)
        assert info.modified.tzinfo is not None

    def test_a_write_returns_what_a_head_tells(self, store: Store, tmp_path: Path):
        source = tmp_path / "in.bin"
        source.write_bytes(b"hello")
        assert store.put_bytes(self.key("a.bin"), b"hello") == store.head(self.key("a.bin"))
        assert store.upload(source, self.key("b.bin")) == store.head(self.key("b.bin"))

    def test_other_bytes_have_another_etag(self, store: Store):
        before = store.put_bytes(self.key("a.bin"), b"hello").etag
        after = store.put_bytes(self.key("a.bin"), b"other").etag
        assert before is not None
        assert before != after

    @pytest.mark.parametrize("verb", ["head", "get_bytes", "read_range", "download"])
    def test_a_missing_object_is_source_missing(self, store: Store, tmp_path: Path, verb: str):
        arguments = {"read_range": (0, 1), "download": (tmp_path / "out.bin",)}.get(verb, ())
        with pytest.raises(SourceMissingError, match=r"nowhere\.mp4"):
            getattr(store, verb)(self.key("nowhere.mp4"), *arguments)
        assert list(tmp_path.iterdir()) == []

    def test_only_what_is_there_exists(self, store: Store):
        store.put_bytes(self.key("folder/a.bin"), b"x")
        assert store.exists(self.key("folder/a.bin"))
        assert not store.exists(self.key("folder"))
        assert not store.exists(self.key("folder/a.bin/b"))

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [(0, 3, b"012"), (4, 2, b"45"), (7, 9, b"789"), (10, 1, b""), (99, 5, b""), (3, 0, b"")],
    )
    def test_a_range_gives_the_bytes_that_exist(self, store: Store, start: int, length: int, expected: bytes):
        store.put_bytes(self.key("a.bin"), b"0123456789")
        assert store.read_range(self.key("a.bin"), start, length) == expected

    def test_a_range_of_the_named_version_is_given(self, store: Store):
        info = store.put_bytes(self.key("a.bin"), b"hello")
        assert store.read_range(self.key("a.bin"), 1, 2, info.etag) == b"el"

    def test_a_range_of_a_replaced_version_is_refused(self, store: Store):
        info = store.put_bytes(self.key("a.bin"), b"hello")
        store.put_bytes(self.key("a.bin"), b"other bytes")
        with pytest.raises(StorageUnavailableError, match="replaced"):
            store.read_range(self.key("a.bin"), 1, 2, info.etag)

    @pytest.mark.parametrize("data", [b"", b"small", SEVERAL_PIECES], ids=["empty", "small", "large"])
    def test_an_upload_and_a_download_keep_every_byte(self, store: Store, tmp_path: Path, data: bytes):
        source, target = tmp_path / "in.bin", tmp_path / "out.bin"
        source.write_bytes(data)
        assert store.upload(source, self.key("a.bin"), "video/mp4").size == len(data)
        assert store.download(self.key("a.bin"), target).size == len(data)
        assert target.read_bytes() == data
        assert source.read_bytes() == data

    @pytest.mark.parametrize("data", [b"", b"small", SEVERAL_PIECES], ids=["empty", "small", "large"])
    def test_progress_rises_to_the_whole(self, store: Store, tmp_path: Path, data: bytes):
        source = tmp_path / "in.bin"
        source.write_bytes(data)
        up: list[tuple[int, int]] = []
        down: list[tuple[int, int]] = []
        store.upload(source, self.key("a.bin"), on_bytes=lambda *told: up.append(told))
        store.download(self.key("a.bin"), tmp_path / "out.bin", lambda *told: down.append(told))
        for told in (up, down):
            assert told == sorted(told)
            assert told[-1] == (len(data), len(data))
            assert len(data) < 10_000_000 or len(told) > 1

    def test_a_large_transfer_tells_its_progress_to_the_calling_thread(self, store: Store, tmp_path: Path):
        source = tmp_path / "in.bin"
        source.write_bytes(SEVERAL_PIECES)
        told: set[int] = set()
        store.upload(source, self.key("a.bin"), on_bytes=lambda *_: told.add(threading.get_ident()))
        store.download(self.key("a.bin"), tmp_path / "out.bin", lambda *_: told.add(threading.get_ident()))
        assert told == {threading.get_ident()}

    def test_a_stopped_download_leaves_the_old_file(self, store: Store, tmp_path: Path):
        store.put_bytes(self.key("a.bin"), SEVERAL_PIECES)
        target = tmp_path / "out.bin"
        target.write_bytes(b"old")
        with pytest.raises(Stopped):
            store.download(self.key("a.bin"), target, stop_halfway)
        assert target.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [target]

    def test_a_stopped_upload_leaves_the_old_object(self, store: Store, tmp_path: Path):
        store.put_bytes(self.key("a.bin"), b"old")
        source = tmp_path / "in.bin"
        source.write_bytes(SEVERAL_PIECES)
        with pytest.raises(Stopped):
            store.upload(source, self.key("a.bin"), on_bytes=stop_halfway)
        assert store.get_bytes(self.key("a.bin")) == b"old"
        assert self.keys_below(store, "") == {"a.bin"}

    def test_an_upload_replaces_the_old_object(self, store: Store, tmp_path: Path):
        store.put_bytes(self.key("a.bin"), b"a longer old object")
        source = tmp_path / "in.bin"
        source.write_bytes(b"new")
        store.upload(source, self.key("a.bin"))
        assert store.get_bytes(self.key("a.bin")) == b"new"

    def test_an_upload_of_no_file_changes_nothing(self, store: Store, tmp_path: Path):
        store.put_bytes(self.key("a.bin"), b"old")
        with pytest.raises(SourceMissingError, match=r"missing\.bin"):
            store.upload(tmp_path / "missing.bin", self.key("a.bin"))
        assert store.get_bytes(self.key("a.bin")) == b"old"

    def test_a_published_file_is_the_object(self, store: Store, tmp_path: Path):
        scratch = tmp_path / "scratch.mp4"
        scratch.write_bytes(b"rendered")
        told: list[tuple[int, int]] = []
        info = publish(store, scratch, self.key("out.mp4"), "video/mp4", lambda *progress: told.append(progress))
        assert (info.key, info.size) == (self.key("out.mp4"), 8)
        assert store.get_bytes(self.key("out.mp4")) == b"rendered"
        assert told[-1] == (8, 8)

    def test_a_file_may_be_published_under_two_keys_and_again(self, store: Store, tmp_path: Path):
        scratch = tmp_path / "scratch.mp4"
        scratch.write_bytes(b"rendered")
        for name in ("one.mp4", "two.mp4", "one.mp4"):
            publish(store, scratch, self.key(name))
        assert store.get_bytes(self.key("one.mp4")) == store.get_bytes(self.key("two.mp4")) == b"rendered"
        assert self.keys_below(store, "") == {"one.mp4", "two.mp4"}

    def test_readers_see_the_old_or_the_new_object_and_nothing_between(self, store: Store):
        versions = {b"1" * 50_000, b"2" * 70_000}
        store.put_bytes(self.key("a.bin"), b"1" * 50_000)
        finished = threading.Event()

        def write() -> None:
            for _ in range(8):
                for version in versions:
                    store.put_bytes(self.key("a.bin"), version)
            finished.set()

        writer = threading.Thread(target=write)
        writer.start()
        seen = {store.read_range(self.key("a.bin"), 0, 100_000)}
        while not finished.is_set():
            seen.add(store.read_range(self.key("a.bin"), 0, 100_000))
        writer.join()
        assert seen <= versions

    def test_a_deleted_object_is_gone_and_may_be_deleted_again(self, store: Store):
        store.put_bytes(self.key("a.bin"), b"x")
        store.delete(self.key("a.bin"))
        assert not store.exists(self.key("a.bin"))
        store.delete(self.key("a.bin"))
        store.delete(self.key("never/was.bin"))

    def test_a_listing_shows_a_folder_with_all_below_it(self, store: Store):
        for name in ("a/1.bin", "a/b/2.bin", "ab/3.bin", "c.bin"):
            store.put_bytes(self.key(name), name.encode())
        assert self.keys_below(store, "a") == {"a/1.bin", "a/b/2.bin"}
        assert self.keys_below(store, "a/") == {"a/1.bin", "a/b/2.bin"}
        assert self.keys_below(store, "") == {"a/1.bin", "a/b/2.bin", "ab/3.bin", "c.bin"}

    def test_a_listing_tells_what_a_head_tells(self, store: Store):
        store.put_bytes(self.key("a/1.bin"), b"hello")
        (listed,) = store.list(self.key("a"))
        head = store.head(self.key("a/1.bin"))
        assert (listed.key, listed.size, listed.etag) == (head.key, head.size, head.etag)

    def test_a_listing_of_nothing_is_empty(self, store: Store):
        store.put_bytes(self.key("a.bin"), b"x")
        assert self.keys_below(store, "nowhere") == set()
        assert self.keys_below(store, "a.bin") == set()

    @pytest.mark.parametrize(
        "name",
        ["with space.mp4", "ü/日本語/🎥.mp4", "100%25 a+b&c=d?e#f;g.mp4", "~*'()[]{}|^`\"<>:@$!,.mp4", "..a/.b", "#1"],
    )
    def test_unusual_names_are_kept(self, store: Store, name: str):
        store.put_bytes(self.key(name), b"x")
        assert store.get_bytes(self.key(name)) == b"x"
        assert self.keys_below(store, "") == {name}
        store.delete(self.key(name))
        assert not store.exists(self.key(name))

    @pytest.mark.parametrize("key", INVALID_KEYS)
    def test_an_invalid_key_is_refused_by_every_verb(self, store: Store, tmp_path: Path, key: str):
        source = tmp_path / "in.bin"
        source.write_bytes(b"x")
        for call in (
            lambda: store.head(key),
            lambda: store.read_range(key, 0, 1),
            lambda: store.get_bytes(key),
            lambda: store.download(key, tmp_path / "out.bin"),
            lambda: store.upload(source, key),
            lambda: publish(store, source, key),
            lambda: store.put_bytes(key, b"x"),
            lambda: store.delete(key),
        ):
            with pytest.raises(InvalidKeyError):
                call()

    def test_a_large_upload_under_an_invalid_key_is_refused(self, store: Store, tmp_path: Path):
        source = tmp_path / "in.bin"
        source.write_bytes(SEVERAL_PIECES)
        with pytest.raises(InvalidKeyError):
            store.upload(source, "../a")

    def test_an_object_reads_like_a_file(self, store: Store):
        store.put_bytes(self.key("a.bin"), SEVERAL_PIECES)
        with open_object(store, self.key("a.bin")) as file:
            assert file.seek(-3, 2) == len(SEVERAL_PIECES) - 3
            assert file.read() == SEVERAL_PIECES[-3:]
            file.seek(9_999_999)
            assert file.read(100) == SEVERAL_PIECES[9_999_999:10_000_099]
            assert file.tell() == 10_000_099

    def test_a_link_is_made_or_said_not_to_be(self, store: Store):
        store.put_bytes(self.key("a.bin"), b"x")
        if isinstance(store, SignsUrls):
            link = store.sign_get(self.key("a.bin"), 60)
            assert link is None or link.startswith("http")

    @pytest.mark.parametrize("data", [b"", b"small", SEVERAL_PIECES], ids=["empty", "small", "large"])
    def test_blocks_become_an_object_as_they_come(self, store: Store, data: bytes):
        blocks = (data[start : start + 700_000] for start in range(0, len(data), 700_000))
        info = put_blocks(store, self.key("a.mp4"), blocks, "video/mp4")
        assert info == store.head(self.key("a.mp4"))
        assert info.size == len(data)
        assert store.get_bytes(self.key("a.mp4")) == data

    @pytest.mark.parametrize("length", [1_000_000, len(SEVERAL_PIECES)])
    def test_blocks_that_end_with_a_fault_leave_the_old_object(self, store: Store, length: int):
        store.put_bytes(self.key("a.bin"), b"old")

        def broken() -> Iterator[bytes]:
            yield SEVERAL_PIECES[:length]
            raise Stopped

        with pytest.raises(Stopped):
            put_blocks(store, self.key("a.bin"), broken())
        assert store.get_bytes(self.key("a.bin")) == b"old"
        assert self.keys_below(store, "") == {"a.bin"}

    @pytest.mark.parametrize("names", [["1"], ["1", "2", "3"]])
    def test_objects_are_joined_in_their_order(self, store: Store, names: list[str]):
        parts = [store.put_bytes(self.key(f"parts/{name}"), name.encode() * 5_000_000) for name in names]
        info = join_objects(store, parts, self.key("whole.mp4"), "video/mp4")
        assert info.size == 5_000_000 * len(names)
        assert store.get_bytes(self.key("whole.mp4")) == b"".join(name.encode() * 5_000_000 for name in names)
        assert self.keys_below(store, "parts") == {f"parts/{name}" for name in names}

    def test_a_joined_object_outlives_its_parts(self, store: Store):
        part = store.put_bytes(self.key("part"), b"bytes")
        join_objects(store, [part], self.key("whole"), "video/mp4")
        store.delete(self.key("part"))
        assert store.get_bytes(self.key("whole")) == b"bytes"

    def test_a_write_over_what_was_seen_fails_once_that_is_another(self, store: Store):
        key = self.key("a.bin")
        first = write_over(store, key, None, [b"first"])
        with pytest.raises(PreconditionFailedError):
            write_over(store, key, None, [b"created again"])
        second = write_over(store, key, first, [b"the ", b"second"])
        with pytest.raises(PreconditionFailedError):
            write_over(store, key, first, [b"late"])
        assert (store.head(key), store.get_bytes(key)) == (second, b"the second")
        store.delete(key)
        with pytest.raises(PreconditionFailedError):
            write_over(store, key, second, [b"of nothing"])
        assert not store.exists(key)

    def test_an_object_is_copied_where_the_store_can(self, store: Store):
        store.put_bytes(self.key("a.bin"), b"bytes")
        if isinstance(store, CopiesInside):
            assert store.copy(self.key("a.bin"), self.key("b.bin")) == store.head(self.key("b.bin"))
            assert store.get_bytes(self.key("b.bin")) == b"bytes"
            with pytest.raises(SourceMissingError):
                store.copy(self.key("nowhere"), self.key("c.bin"))

    def test_whoever_holds_a_link_writes_the_object(self, store: Store):
        signed = store.sign_put(self.key("a.mp4"), "video/mp4", 60) if isinstance(store, SignsPuts) else None
        if signed is not None:
            assert httpx.put(signed.url, content=b"sent", headers=dict(signed.headers)).is_success
            assert store.get_bytes(self.key("a.mp4")) == b"sent"
            assert signed.url not in repr(signed)

    def test_an_upload_in_parts_is_one_object_and_nothing_else(self, store: Store):
        uploads, upload = self.begun(store, size=12 * MIB)
        for number, size in ((3, 2), (1, 5), (2, 5)):
            store.put_bytes(uploads.part_key(self.folder, upload, number), bytes([number]) * (size * MIB))
        info = uploads.complete(self.folder, upload, self.key("whole.mp4"))
        assert info.size == 12 * MIB
        assert store.read_range(self.key("whole.mp4"), 5 * MIB - 1, 2) == b"\1\2"
        assert store.read_range(self.key("whole.mp4"), 10 * MIB - 1, 2) == b"\2\3"
        assert self.keys_below(store, "") == {"whole.mp4"}

    def test_an_upload_tells_which_parts_are_there(self, store: Store):
        uploads, upload = self.begun(store, size=12 * MIB)
        store.put_bytes(uploads.part_key(self.folder, upload, 2), b"x")
        assert uploads.find(self.folder, upload.id) == upload
        assert {number: info.size for number, info in uploads.received(self.folder, upload).items()} == {2: 1}

    def test_an_upload_with_a_missing_or_a_wrong_part_is_not_completed(self, store: Store):
        uploads, upload = self.begun(store, size=6 * MIB)
        store.put_bytes(uploads.part_key(self.folder, upload, 1), bytes(5 * MIB))
        with pytest.raises(ConflictError, match="missing: 2"):
            uploads.complete(self.folder, upload, self.key("whole.mp4"))
        store.put_bytes(uploads.part_key(self.folder, upload, 2), b"short")
        with pytest.raises(ConflictError, match="wrong size: 2"):
            uploads.complete(self.folder, upload, self.key("whole.mp4"))
        assert not store.exists(self.key("whole.mp4"))

    def test_an_aborted_upload_leaves_nothing(self, store: Store):
        uploads, upload = self.begun(store, size=6 * MIB)
        store.put_bytes(uploads.part_key(self.folder, upload, 1), b"x")
        uploads.abort(self.folder, upload.id)
        assert self.keys_below(store, "") == set()
        with pytest.raises(NotFoundError, match="no upload"):
            uploads.find(self.folder, upload.id)

    def test_only_uploads_whose_time_is_over_are_swept(self, store: Store):
        uploads, upload = self.begun(store, size=6 * MIB)
        store.put_bytes(self.key("temp/job_1/source.mp4"), b"x")
        assert uploads.sweep(self.folder, upload.expires_at) == 0
        assert uploads.sweep(self.folder, upload.expires_at + timedelta(seconds=1)) == 1
        assert self.keys_below(store, "") == {"temp/job_1/source.mp4"}

    def begun(self, store: Store, size: int) -> tuple[Uploads, Upload]:
        uploads = Uploads(store)
        announced = {"key": "whole.mp4", "size": size, "content_type": "video/mp4", "part_bytes": 5 * MIB}
        return uploads, uploads.begin(self.folder, announced)
