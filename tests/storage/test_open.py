import pytest

from clipmill.errors import AccessDeniedError, InvalidRequestError
from clipmill.storage.credentials import s3_access
from clipmill.storage.folder import FolderStore
from clipmill.storage.objects import ObjectStore
from clipmill.storage.open import open_store
from clipmill.storage.store import HasPaths, SignsUrls

AWS = {"AWS_ACCESS_KEY_ID": "aws-key", "AWS_SECRET_ACCESS_KEY": "aws-secret"}
R2 = {
    "R2_ENDPOINT_URL": "https://account.r2.cloudflarestorage.com",
    "R2_ACCESS_KEY_ID": "r2-key",
    "R2_SECRET_ACCESS_KEY": "r2-secret",
    "R2_BUCKET_NAME": "clips",
}
WASABI = {
    "WASABI_ACCESS_KEY": "wasabi-key",
    "WASABI_SECRET_KEY": "wasabi-secret",
    "WASABI_BUCKET": "archive",
    "WASABI_REGION": "eu-central-1",
}


def opened(bucket, environment, endpoint=None, region=None):
    access = s3_access(bucket, endpoint, region, environment)
    return access.bucket, access.endpoint, access.region, access.access_key_id


class TestFolders:
    @pytest.mark.parametrize("form", ["{}", "file://{}", "file:{}", "file://localhost{}"])
    def test_a_path_and_a_file_url_are_the_folder(self, tmp_path, form):
        store = open_store(form.format(tmp_path), {})
        assert isinstance(store, FolderStore)
        assert store.root == tmp_path

    def test_a_path_may_be_relative_and_hold_any_sign(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        open_store("./data?x#y%20z", {}).put_bytes("a", b"x")
        assert (tmp_path / "data?x#y%20z" / "a").read_bytes() == b"x"

    def test_a_file_url_is_unquoted(self, tmp_path):
        store = open_store(f"file://{tmp_path}/with%20space", {})
        assert isinstance(store, FolderStore)
        assert store.root == tmp_path / "with space"

    def test_a_file_url_of_another_machine_is_refused(self):
        with pytest.raises(InvalidRequestError, match="three slashes"):
            open_store("file://server/share", {})

    def test_only_a_folder_has_paths_and_only_a_bucket_signs(self, tmp_path):
        folder, bucket = open_store(str(tmp_path), {}), open_store("s3://b", AWS)
        assert isinstance(folder, HasPaths)
        assert not isinstance(folder, SignsUrls)
        assert isinstance(bucket, SignsUrls)
        assert not isinstance(bucket, HasPaths)


class TestWhichAccount:
    def test_amazon_by_default(self):
        assert opened("b", AWS) == ("b", "https://s3.us-east-1.amazonaws.com", "us-east-1", "aws-key")

    def test_the_region_of_the_environment(self):
        environment = AWS | {"AWS_DEFAULT_REGION": "eu-west-3"}
        assert opened("b", environment) == ("b", "https://s3.eu-west-3.amazonaws.com", "eu-west-3", "aws-key")

    def test_the_endpoint_and_region_of_the_url_win(self):
        environment = AWS | {"AWS_ENDPOINT_URL": "https://other.example", "AWS_REGION": "eu-west-3"}
        assert opened("b", environment, "http://minio:9000", "auto") == ("b", "http://minio:9000", "auto", "aws-key")

    def test_a_temporary_key_keeps_its_token(self):
        environment = AWS | {"AWS_SESSION_TOKEN": "temporary"}
        assert s3_access("b", None, None, environment).session_token == environment["AWS_SESSION_TOKEN"]

    def test_r2_by_the_name_of_its_bucket(self):
        assert opened("clips", AWS | R2) == ("clips", R2["R2_ENDPOINT_URL"], "auto", "r2-key")

    def test_r2_by_its_endpoint(self):
        assert opened("b", AWS | R2, R2["R2_ENDPOINT_URL"])[3] == "r2-key"
        assert opened("b", AWS | R2, "https://other.r2.cloudflarestorage.com")[3] == "r2-key"

    def test_r2_with_the_shorter_name_of_its_endpoint(self):
        environment = {name: value for name, value in R2.items() if name != "R2_ENDPOINT_URL"}
        assert opened("b", environment | {"R2_ENDPOINT": "https://r2.example"})[1] == "https://r2.example"

    def test_r2_at_an_endpoint_that_only_the_url_names(self):
        environment = {"R2_ACCESS_KEY_ID": "r2-key", "R2_SECRET_ACCESS_KEY": "r2-secret"}
        assert opened("b", environment, "http://127.0.0.1:9000")[3] == "r2-key"

    def test_amazon_names_open_r2_too(self):
        assert opened("b", AWS, "https://account.r2.cloudflarestorage.com")[3] == "aws-key"

    def test_wasabi_by_the_name_of_its_bucket(self):
        expected = ("archive", "https://s3.eu-central-1.wasabisys.com", "eu-central-1", "wasabi-key")
        assert opened("archive", AWS | R2 | WASABI) == expected

    def test_the_only_account_there_is(self):
        assert opened("b", R2)[3] == "r2-key"
        assert opened("b", WASABI)[3] == "wasabi-key"

    def test_a_url_without_a_bucket_takes_the_configured_one(self):
        assert opened("", R2)[0] == "clips"
        assert opened("", AWS | WASABI)[:1] == ("archive",)
        store = open_store("s3://", R2)
        assert isinstance(store, ObjectStore)
        assert store.name == "s3://clips"

    def test_keys_of_one_account_never_go_to_the_endpoint_of_another(self):
        for environment, endpoint in ((R2, "https://minio.example"), (WASABI, R2["R2_ENDPOINT_URL"])):
            with pytest.raises(AccessDeniedError):
                s3_access("b", endpoint, None, environment)


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("url", "environment", "missing"),
        [
            ("s3://b", {}, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
            ("s3://b", {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": ""}, ["AWS_SECRET_ACCESS_KEY"]),
            (
                "s3://clips",
                {"R2_BUCKET_NAME": "clips"},
                ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_ENDPOINT_URL or R2_ENDPOINT"],
            ),
            ("s3://", AWS, ["a bucket in the URL, s3://bucket"]),
            (
                "s3://b?endpoint=https%3A%2F%2Fx.r2.cloudflarestorage.com",
                {},
                ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"],
            ),
            (
                "gs://b",
                {},
                ["GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT or GOOGLE_SERVICE_ACCOUNT_KEY"],
            ),
            (
                "az://",
                {},
                [
                    "AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_ACCOUNT",
                    "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN",
                    "a container in the URL, az://container",
                ],
            ),
        ],
    )
    def test_all_of_it_is_named_at_once(self, url, environment, missing):
        with pytest.raises(AccessDeniedError) as raised:
            open_store(url, environment)
        assert raised.value.details == {"missing": missing}
        assert all(name in str(raised.value) for name in missing)

    def test_no_value_of_the_environment_is_shown(self):
        with pytest.raises(AccessDeniedError) as raised:
            open_store("s3://b", {"AWS_SECRET_ACCESS_KEY": "hidden-value"})
        assert "hidden-value" not in str(raised.value)
        assert "secret" not in repr(s3_access("b", None, None, AWS))


class TestOtherClouds:
    def test_an_azure_container_opens(self):
        environment = {"AZURE_STORAGE_ACCOUNT_NAME": "account", "AZURE_STORAGE_ACCOUNT_KEY": "a2V5"}
        link = open_store("az://box/inner", environment).sign_get("a.mp4", 60)  # type: ignore[attr-defined]
        assert link.startswith("https://account.blob.core.windows.net/box/inner/a.mp4?")

    def test_google_credentials_that_cannot_be_read_fail_when_the_store_is_opened(self, tmp_path):
        missing = str(tmp_path / "nowhere.json")
        with pytest.raises(AccessDeniedError, match=r"nowhere\.json.*Check the credentials"):
            open_store("gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": missing})


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://host/a", "s3://"),
        ("https://host/a", "s3://"),
        ("s3://b?retion=auto", "retion"),
        ("s3://b?endpoint=minio:9000", "endpoint=https://"),
        ("gs://b?endpoint=https://x", "endpoint"),
    ],
)
def test_a_url_that_names_no_store_is_refused(url, told):
    with pytest.raises(InvalidRequestError, match=told):
        open_store(url, AWS)


def test_credentials_in_a_url_are_refused_and_not_repeated():
    with pytest.raises(InvalidRequestError) as raised:
        open_store("s3://key:hidden-value@bucket", AWS)
    assert "hidden-value" not in str(raised.value)
