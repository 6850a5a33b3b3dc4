import pytest
from tests.storage.s3_server import S3Server, s3_server

from clipmill.storage.open import Patience, open_store
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store

__all__ = ["s3_server"]

QUICK = RetryPolicy(pauses_s=(0.01, 0.02))
BOUNDED = Patience(connect_s=5, silence_s=10, request_s=20)


@pytest.fixture
def s3_store(s3_server: S3Server) -> Store:
    return open_store(s3_server.url(s3_server.new_bucket()), s3_server.environment, QUICK)
