import shlex

import modal
import pytest
from tests.cli.test_start_up import loaded

from clipmill.errors import InvalidRequestError
from clipmill.runners.modal.deployment import deploy
from clipmill.runners.modal.image import image, pins
from clipmill.runners.modal.opening import is_set_up
from clipmill.settings import ModalSettings, Settings

TOKEN = {"MODAL_TOKEN_ID": "ak-1"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        (TOKEN, True),
        (TOKEN | {"MODAL_ENABLED": "false"}, False),
        ({"MODAL_ENABLED": "true"}, True),
        ({"MODAL_ENABLED": "True"}, True),
    ],
)
def test_modal_is_set_up_where_a_token_is_or_the_editor_says_so(given: dict[str, str], expected: bool):
    assert is_set_up(Settings.from_environment(given)) is expected


def test_everything_that_the_package_needs_is_pinned_and_nothing_else():
    found = dict(pin.split("==") for pin in pins())
    assert {"av", "numpy", "pydantic", "pydantic-core", "obstore"} <= set(found)
    assert not {"pytest", "modal", "ruff", "clipmill"} & set(found)
    assert not any("+" in version for version in found.values())


def test_an_extra_is_pinned_with_all_that_it_needs():
    found = dict(pin.split("==") for pin in pins("prefect"))
    assert {"prefect", "fastapi", "asyncpg", "av"} <= set(found)
    assert not {"runpod", "pytest"} & set(found)


def test_weights_are_fetched_by_our_own_command_behind_the_package_and_only_where_some_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
):
    said: list[str] = []
    run_commands = modal.Image.run_commands

    def noted(self: modal.Image, *commands: str) -> modal.Image:
        said.extend(commands)
        return run_commands(self, *commands)

    monkeypatch.setattr(modal.Image, "run_commands", noted)
    image()
    assert said == []
    image(["realesr-general-x4v3", "https://host/x.pth#ab"])
    asked = ["models", "fetch", "realesr-general-x4v3", "https://host/x.pth#ab"]
    assert [shlex.split(command)[3:] for command in said] == [asked]


def test_a_store_that_no_container_sees_is_not_deployed():
    with pytest.raises(InvalidRequestError, match="CLIPMILL_STORE"):
        deploy(Settings(store="./clipmill-data"), None)


def test_asking_whether_modal_is_set_up_does_not_load_its_library():
    program = (
        "from clipmill.runners.modal.opening import is_set_up; from clipmill.settings import Settings; "
        "assert is_set_up(Settings.from_environment({'MODAL_ENABLED': 'true'}))"
    )
    assert "modal" not in loaded(program)


def test_the_app_is_what_the_settings_say():
    given = {
        "CLIPMILL_MODAL_APP": "reels",
        "CLIPMILL_MODAL_ENVIRONMENT": "staging",
        "CLIPMILL_MODAL_SECRETS": "wasabi, google-vision",
        "CLIPMILL_MODAL_MODELS": "realesr-general-x4v3, https://host/x.pth#ab",
        "CLIPMILL_MODAL_MAX_CONTAINERS": "3",
        "CLIPMILL_MODAL_BUFFER_CONTAINERS": "1",
        "CLIPMILL_MODAL_SCALEDOWN_S": "20",
    }
    expected = ModalSettings(
        app="reels",
        environment="staging",
        secrets=("wasabi", "google-vision"),
        models=("realesr-general-x4v3", "https://host/x.pth#ab"),
        max_containers=3,
        buffer_containers=1,
        scaledown_s=20,
    )
    assert Settings.from_environment(given).modal == expected
