import os
from pathlib import Path

import pytest
from tests.jobs.machines import folder_store, remote_store

from clipmill.errors import SourceMissingError
from clipmill.jobs.source_identity import source_identity
from clipmill.storage.store import Store


@pytest.fixture(params=["folder", "remote"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return folder_store(tmp_path) if request.param == "folder" else remote_store()


def test_an_untouched_object_keeps_its_identity(store: Store):
    store.put_bytes("a.mp4", b"one")
    assert source_identity(store, "a.mp4") == source_identity(store, "a.mp4")


def test_new_bytes_are_a_new_identity(store: Store):
    store.put_bytes("a.mp4", b"one")
    before = source_identity(store, "a.mp4")
    store.put_bytes("a.mp4", b"two")
    assert source_identity(store, "a.mp4") != before


def test_two_files_of_one_size_and_time_differ(tmp_path: Path):
    store = folder_store(tmp_path)
    for key in ("a.mp4", "b.mp4"):
        store.put_bytes(key, key.encode())
        os.utime(tmp_path / "store" / key, ns=(0, 0))
    assert source_identity(store, "a.mp4") != source_identity(store, "b.mp4")


def test_a_missing_source_has_no_identity(store: Store):
    with pytest.raises(SourceMissingError):
        source_identity(store, "a.mp4")
