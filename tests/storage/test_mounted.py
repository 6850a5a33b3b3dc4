from pathlib import Path

import pytest

from clipmill.errors import InvalidKeyError, SourceMissingError
from clipmill.storage.folder import FolderStore
from clipmill.storage.mounted import MountedStore
from clipmill.storage.open import open_store


def machine_and_memory():
    return MountedStore(open_store("memory://", {}), {"files": FolderStore(Path("/"))})


def test_an_ordinary_file_of_the_machine_is_an_object(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"video")
    store = machine_and_memory()
    assert store.get_bytes(f"files{tmp_path}/a.mp4") == b"video"
    assert store.local_path(f"files{tmp_path}/a.mp4") == tmp_path / "a.mp4"


def test_an_object_can_become_an_ordinary_file(tmp_path):
    machine_and_memory().put_bytes(f"files{tmp_path}/new/out.mp4", b"video")
    assert (tmp_path / "new" / "out.mp4").read_bytes() == b"video"


def test_a_key_without_the_mount_goes_to_the_main_store(tmp_path):
    main = open_store("memory://", {})
    store = MountedStore(main, {"files": FolderStore(tmp_path)})
    store.put_bytes("filesystem/a.bin", b"x")
    store.put_bytes("files", b"y")
    assert {info.key for info in main.list("")} == {"filesystem/a.bin", "files"}
    assert list(tmp_path.iterdir()) == []


def test_a_listing_of_a_mount_shows_full_keys(tmp_path):
    store = MountedStore(open_store("memory://", {}), {"files": FolderStore(tmp_path)})
    store.put_bytes("files/a/1.bin", b"x")
    store.put_bytes("b.bin", b"x")
    assert [info.key for info in store.list("files")] == ["files/a/1.bin"]
    assert [info.key for info in store.list("files/a")] == ["files/a/1.bin"]
    assert [info.key for info in store.list("")] == ["b.bin"]


def test_a_missing_file_is_named_by_its_path(tmp_path):
    with pytest.raises(SourceMissingError, match=str(tmp_path / "nowhere.mp4")):
        machine_and_memory().head(f"files{tmp_path}/nowhere.mp4")


def test_only_a_folder_has_paths_and_only_a_bucket_has_links(s3_store, tmp_path):
    store = MountedStore(s3_store, {"files": FolderStore(tmp_path)})
    for key in ("files/a.bin", "a.bin"):
        store.put_bytes(key, b"x")
    assert store.local_path("a.bin") is None
    assert store.local_path("files/a.bin") == tmp_path / "a.bin"
    assert store.sign_get("files/a.bin", 60) is None
    assert (store.sign_get("a.bin", 60) or "").startswith("http")


def test_a_mount_may_have_several_parts_and_is_taken_for_nothing_longer(tmp_path):
    store = MountedStore(open_store("memory://", {}), {"team/files": FolderStore(tmp_path)})
    store.put_bytes("team/files/a.bin", b"x")
    store.put_bytes("team/filesystem/b.bin", b"y")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert [info.key for info in store.list("team/files/")] == ["team/files/a.bin"]
    assert store.get_bytes("team/filesystem/b.bin") == b"y"
    with pytest.raises(InvalidKeyError, match="mount"):
        MountedStore(open_store("memory://", {}), {"a//b": FolderStore(tmp_path)})
