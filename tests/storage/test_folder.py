"""What only a folder can get wrong: half files, full disks, names beside, links, permissions."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from clipmill.errors import AccessDeniedError, InvalidKeyError, StorageUnavailableError, StorageWriteFailedError
from clipmill.storage.atomic import appearing, is_unfinished, remove_abandoned
from clipmill.storage.faults import os_faults
from clipmill.storage.folder import FolderStore
from clipmill.storage.store import publish


def run_python(script: str, *arguments: object, within: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*within, sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    path = tmp_path / "scratch" / "out.mp4"
    path.parent.mkdir()
    path.write_bytes(b"rendered")
    return path


def unfinished_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if is_unfinished(path.name)]


KILLED_AMID_A_COPY = """
    import os, signal, sys
    from pathlib import Path
    from clipmill.storage.folder import FolderStore

    def die(done, total):
        if done < total:
            os.kill(os.getpid(), signal.SIGKILL)

    FolderStore(Path(sys.argv[1])).upload(Path(sys.argv[2]), "a/out.bin", on_bytes=die)
"""


class TestAKilledCopy:
    @pytest.fixture(autouse=True)
    def killed(self, store, tmp_path):
        store.put_bytes("a/out.bin", b"old")
        large = tmp_path / "large.bin"
        large.write_bytes(b"x" * 10_000_000)
        assert run_python(KILLED_AMID_A_COPY, store.root, large).returncode == -signal.SIGKILL

    def test_leaves_the_old_object(self, store):
        assert store.get_bytes("a/out.bin") == b"old"

    def test_leaves_nothing_that_a_listing_shows(self, store):
        assert unfinished_files(store.root)
        assert [info.key for info in store.list("")] == ["a/out.bin"]

    def test_leaves_a_file_that_is_removed_since_nobody_holds_it(self, store):
        assert unfinished_files(store.root)
        remove_abandoned(store.root / "a")
        assert unfinished_files(store.root) == []
        assert store.get_bytes("a/out.bin") == b"old"


def test_the_next_write_removes_abandoned_files_from_its_folder(store):
    store.put_bytes("a/one.bin", b"x")
    abandoned = store.root / "a" / ".clipmill-0123456789abcdef.part"
    abandoned.write_bytes(b"half")
    store.put_bytes("a/two.bin", b"x")
    assert not abandoned.exists()


@pytest.mark.parametrize(("age_s", "stays"), [(3599, True), (3601, False)])
def test_an_unfinished_file_that_is_held_stays_for_an_hour(age_s, stays, store, monkeypatch):
    store.put_bytes("a/one.bin", b"x")
    held = store.root / "a" / ".clipmill-0123456789abcdef.part"
    held.write_bytes(b"half")
    monkeypatch.setattr("clipmill.storage.atomic.time.time", lambda: held.stat().st_ctime + age_s)
    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_abandoned(store.root / "a")
    assert held.exists() == stays


def test_a_file_that_is_being_written_is_not_removed_by_another_write(store):
    target = store.root / "a" / "one.bin"
    with appearing(target, durable=True) as file:
        file.write(b"x")
        store.put_bytes("a/two.bin", b"x")
    assert target.read_bytes() == b"x"


def test_the_name_of_an_unfinished_file_is_no_key(store):
    with pytest.raises(InvalidKeyError, match="unfinished"):
        store.put_bytes("a/.clipmill-0123456789abcdef.part", b"x")


class TestAPublishedFile:
    def test_shares_its_bytes_with_the_scratch_file(self, store, scratch):
        publish(store, scratch, "out.mp4")
        assert (store.root / "out.mp4").samefile(scratch)

    def test_outlives_the_scratch_file(self, store, scratch):
        publish(store, scratch, "out.mp4")
        scratch.unlink()
        assert store.get_bytes("out.mp4") == b"rendered"

    def test_leaves_nothing_beside_it_when_it_is_published_twice(self, store, scratch):
        publish(store, scratch, "out.mp4")
        publish(store, scratch, "out.mp4")
        assert [path.name for path in store.root.iterdir()] == ["out.mp4"]

    def test_may_be_a_symbolic_link_to_the_bytes(self, store, scratch):
        link = scratch.with_name("link.mp4")
        link.symlink_to(scratch)
        publish(store, link, "out.mp4")
        assert not (store.root / "out.mp4").is_symlink()
        assert store.get_bytes("out.mp4") == b"rendered"

    def test_is_copied_from_another_file_system(self, store, scratch):
        elsewhere = Path("/dev/shm")
        if not elsewhere.is_dir() or elsewhere.stat().st_dev == scratch.stat().st_dev:
            pytest.skip("needs a second file system")
        other = FolderStore(elsewhere / f"clipmill-test-{os.getpid()}")
        try:
            publish(other, scratch, "out.mp4")
            assert other.get_bytes("out.mp4") == b"rendered"
            assert not (other.root / "out.mp4").samefile(scratch)
        finally:
            other.delete("out.mp4")
            other.root.rmdir()


def test_an_uploaded_file_and_its_object_change_apart(store, scratch):
    store.upload(scratch, "out.mp4")
    scratch.write_bytes(b"edited later")
    assert store.get_bytes("out.mp4") == b"rendered"


@pytest.mark.parametrize("write", ["upload", "adopt"])
class TestAPlaceThatCannotBeWritten:
    def test_a_file_in_place_of_a_folder_is_access_denied(self, store, scratch, write):
        store.put_bytes("a", b"a file")
        with pytest.raises(AccessDeniedError, match="a/b"):
            getattr(store, write)(scratch, "a/b/out.mp4")
        assert store.get_bytes("a") == b"a file"

    def test_a_folder_in_place_of_the_object_is_access_denied(self, store, scratch, write):
        store.put_bytes("a/b", b"x")
        with pytest.raises(AccessDeniedError):
            getattr(store, write)(scratch, "a")
        assert unfinished_files(store.root) == []

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
    def test_a_file_system_that_makes_no_files_is_access_denied(self, scratch, write):
        with pytest.raises(AccessDeniedError, match="/proc"):
            getattr(FolderStore(Path("/proc/self")), write)(scratch, "a/out.mp4")


WRITE_WITHIN_A_MOUNT = """
    import subprocess, sys
    from pathlib import Path
    from clipmill.errors import ClipmillError
    from clipmill.storage.folder import FolderStore
    from clipmill.storage.pieces import fetch_in_pieces

    folder, options = Path(sys.argv[1]), sys.argv[2]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    store = FolderStore(folder)
    store.put_bytes("old.bin", b"old")
    large = folder.parent / "large.bin"
    large.write_bytes(b"x" * 3_000_000)
    if options:
        subprocess.run(["mount", "-o", options, folder], check=True)
    for write in (
        lambda: store.upload(large, "old.bin"),
        lambda: store.adopt(large, "old.bin"),
        lambda: store.put_bytes("old.bin", b"x" * 3_000_000),
        lambda: fetch_in_pieces(lambda start, length: b"x" * length, 3_000_000, folder / "old.bin", None),
    ):
        try:
            write()
            print("written")
        except ClipmillError as error:
            print(error.code)
    print(*sorted(path.name for path in folder.iterdir()), store.get_bytes("old.bin").decode())
"""


def can_mount() -> bool:
    try:
        return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount a small file system")
@pytest.mark.parametrize(("options", "code"), [("", "disk_full"), ("remount,ro", "access_denied")])
def test_a_full_or_read_only_disk_is_told_and_leaves_the_old_object(tmp_path, options, code):
    folder = tmp_path / "disk"
    folder.mkdir()
    told = run_python(WRITE_WITHIN_A_MOUNT, folder, options, within=("unshare", "-m"))
    assert told.stdout.splitlines() == [*([code] * 4), "old.bin old"], told.stderr


@pytest.mark.parametrize(
    ("number", "writing", "code"),
    [
        (errno.EACCES, False, "access_denied"),
        (errno.EPERM, True, "access_denied"),
        (errno.EDQUOT, True, "disk_full"),
        (errno.EIO, False, "storage_unavailable"),
        (errno.EIO, True, "storage_write_failed"),
        (errno.ETIMEDOUT, False, "storage_timeout"),
    ],
)
def test_an_error_of_the_system_is_told_by_its_number(number, writing, code):
    with pytest.raises(Exception) as raised, os_faults("read /a/b", writing=writing):
        raise OSError(number, os.strerror(number))
    assert (raised.value.code, str(raised.value).startswith("cannot read /a/b: ")) == (code, True)


def test_a_name_too_long_for_a_file_is_an_invalid_key(store):
    store.put_bytes("a.bin", b"x")
    for call in (lambda: store.head("x" * 300), lambda: store.put_bytes("y" * 300, b"x")):
        with pytest.raises(InvalidKeyError, match="shorter"):
            call()


def test_a_source_that_shrinks_while_it_is_copied_is_no_object(store, tmp_path):
    source = tmp_path / "in.bin"
    source.write_bytes(b"x" * 9_000_000)
    with pytest.raises(StorageUnavailableError, match="changed"):
        store.upload(source, "a.bin", on_bytes=lambda *_: os.truncate(source, 5_000_000))
    assert list(store.list("")) == []


def test_a_folder_or_a_device_is_no_object(store):
    store.put_bytes("a/b.bin", b"x")
    assert not store.exists("a")
    assert store.local_path("a") is None
    assert not FolderStore(Path("/dev")).exists("null")


def test_files_are_read_in_place(store):
    store.put_bytes("a/b.bin", b"x")
    assert store.local_path("a/b.bin") == store.root / "a" / "b.bin"
    assert store.local_path("nowhere.bin") is None


def test_a_store_whose_folder_does_not_exist_is_empty(store):
    assert list(store.list("")) == []
    assert not store.exists("a")


def test_a_name_that_is_no_key_is_not_listed(store):
    store.put_bytes("good.bin", b"x")
    (store.root / "line\nbreak.bin").write_bytes(b"x")
    os.close(os.open(os.fsencode(store.root) + b"/\xff.bin", os.O_CREAT))
    (store.root / "dangling.bin").symlink_to("nowhere")
    assert [info.key for info in store.list("")] == ["good.bin"]


def test_two_writers_at_once_leave_one_whole_object(store, tmp_path):
    sources = [tmp_path / "1.bin", tmp_path / "2.bin"]
    for number, source in enumerate(sources):
        source.write_bytes(bytes([number]) * 6_000_000)
    failed = []

    def write(source: Path) -> None:
        for _ in range(5):
            try:
                store.upload(source, "a.bin")
            except StorageWriteFailedError as error:
                failed.append(error)

    writers = [threading.Thread(target=write, args=[source]) for source in sources]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    assert store.get_bytes("a.bin") in {source.read_bytes() for source in sources}
    assert [path.name for path in store.root.iterdir()] == ["a.bin"]
