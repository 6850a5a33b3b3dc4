import socket
import threading

import pytest
from tests.storage.certificates import Certificates, make_certificates
from tests.storage.conftest import BOUNDED, QUICK
from tests.storage.faulty_proxy import faulty_proxy

from clipmill.errors import SourceMissingError, StorageUnavailableError, UntrustedCertificateError
from clipmill.storage.open import open_store


@pytest.fixture
def certificates(tmp_path) -> Certificates:
    return make_certificates(tmp_path)


def test_a_certificate_of_an_unknown_authority_is_refused_at_once(s3_server, certificates):
    with faulty_proxy(s3_server.endpoint, certificates.server) as proxy:
        store = open_store(s3_server.url("bucket", proxy.endpoint), s3_server.environment, QUICK, BOUNDED)
        with pytest.raises(UntrustedCertificateError, match="AWS_CA_BUNDLE") as raised:
            store.head("a.bin")
    assert not raised.value.retryable
    assert proxy.connections == 1
    assert proxy.requests == []


def test_an_upload_to_an_untrusted_service_is_refused_by_that_name(s3_server, certificates):
    with faulty_proxy(s3_server.endpoint, certificates.server) as proxy:
        store = open_store(s3_server.url("bucket", proxy.endpoint), s3_server.environment, QUICK, BOUNDED)
        with pytest.raises(UntrustedCertificateError):
            store.put_bytes("a.bin", b"x")
    assert proxy.connections == 1


def test_an_authority_named_in_the_environment_is_trusted(s3_server, certificates):
    bucket = s3_server.new_bucket()
    environment = s3_server.environment | {"AWS_CA_BUNDLE": str(certificates.authority)}
    with faulty_proxy(s3_server.endpoint, certificates.server) as proxy:
        store = open_store(s3_server.url(bucket, proxy.endpoint), environment, QUICK, BOUNDED)
        store.put_bytes("a.bin", b"x")
        assert store.get_bytes("a.bin") == b"x"


def test_an_authority_that_is_no_file_is_told_when_the_store_is_opened(s3_server, tmp_path):
    environment = s3_server.environment | {"AWS_CA_BUNDLE": str(tmp_path / "nowhere.pem")}
    with pytest.raises(SourceMissingError, match="AWS_CA_BUNDLE"):
        open_store(s3_server.url("bucket"), environment)


def test_a_connection_that_ends_during_the_handshake_is_tried_again(s3_server):
    accepted = []

    def hang_up(listener: socket.socket) -> None:
        for _ in range(3):
            connection, _address = listener.accept()
            accepted.append(connection.recv(1))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=hang_up, args=[listener])
        serving.start()
        endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
        store = open_store(s3_server.url("bucket", endpoint), s3_server.environment, QUICK, BOUNDED)
        with pytest.raises(StorageUnavailableError):
            store.head("a.bin")
        serving.join()
    assert len(accepted) == 3
