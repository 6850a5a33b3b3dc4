from pathlib import Path

import pytest
from tests.contracts.store_contract import StoreContract
from tests.storage.conftest import QUICK
from tests.storage.s3_server import S3Server

from clipmill.storage.folder import FolderStore
from clipmill.storage.mounted import MountedStore
from clipmill.storage.open import open_store
from clipmill.storage.store import Store


class TestFolder(StoreContract):
    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> Store:
        return open_store(f"file://{tmp_path_factory.mktemp('store')}", {})


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return open_store("memory://", {})


class TestS3(StoreContract):
    @pytest.fixture
    def store(self, s3_store: Store) -> Store:
        return s3_store


class TestS3WithAPrefix(StoreContract):
    @pytest.fixture
    def store(self, s3_server: S3Server) -> Store:
        url = s3_server.url(s3_server.new_bucket()).replace("?", "/below/here?")
        return open_store(url, s3_server.environment, QUICK)


class TestTheMainStoreOfMounts(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return MountedStore(open_store("memory://", {}), {"files": FolderStore(tmp_path / "unused")})


class TestAMountedStore(StoreContract):
    folder = "files"

    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> Store:
        return MountedStore(open_store("memory://", {}), {"files": FolderStore(tmp_path_factory.mktemp("mount"))})
