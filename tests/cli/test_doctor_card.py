"""What `clipmill doctor` says of graphics cards."""

import pytest

from clipmill.cli.examination import card
from clipmill.cli.examination.card import card_checks
from clipmill.cli.examination.checks import State, examine
from clipmill.engines.device import choice, decoding
from clipmill.settings import Settings


@pytest.fixture(autouse=True)
def no_card(monkeypatch):
    monkeypatch.setattr(choice, "card_fault", lambda: "this machine shows no NVIDIA card")
    monkeypatch.setattr(decoding, "decoding_fault", lambda: "a trial frame could not be decoded on the card: none")


def findings(**environment: str):
    return {each.name: each for each in map(examine, card_checks(Settings.from_environment(environment)))}


def test_a_machine_without_a_card_can_do_without_it():
    found = findings()
    assert [found[name].state for name in ("card", "drawing", "nvdec")] == [State.MISSING, State.OK, State.MISSING]
    assert found["drawing"].detail == "by the processor, CLIPMILL_DEVICE is auto"


def test_a_demanded_card_that_is_missing_is_a_failure():
    found = findings(CLIPMILL_DEVICE="cuda")["drawing"]
    assert found.failed
    assert "no NVIDIA card" in found.detail


def test_a_missing_pytorch_is_told_with_what_installs_it(monkeypatch):
    def missing(name: str) -> str:
        raise card.PackageNotFoundError(name)

    monkeypatch.setattr(card, "version", missing)
    found = findings()["torch"]
    assert found.state is State.MISSING
    assert "pip install 'clipmill[upscale]'" in found.detail
