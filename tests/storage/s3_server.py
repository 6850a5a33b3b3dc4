"""A real S3 service over HTTP on this machine, for any test that needs one.

Another folder's tests get it with ``from tests.storage.s3_server import s3_server`` in their conftest.
"""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from moto.server import ThreadedMotoServer

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test-key", "AWS_SECRET_ACCESS_KEY": "test-secret"}


@dataclass
class S3Server:
    """Where the service listens, and what opens it."""

    endpoint: str
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))

    @cached_property
    def client(self) -> Any:
        """A second implementation of S3's client, to look behind ours."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def new_bucket(self) -> str:
        name = f"bucket-{uuid.uuid4().hex}"
        self.client.create_bucket(Bucket=name)
        return name

    def url(self, bucket: str, endpoint: str | None = None) -> str:
        """The store URL of a bucket, maybe through a proxy."""
        return f"s3://{bucket}?endpoint={quote(endpoint or self.endpoint, safe='')}&region=us-east-1"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server(f"http://{host}:{port}")
    server.stop()
