"""Which device draws."""

import subprocess
import sys
from pathlib import Path

import pytest

from clipmill.engines.device import choice
from clipmill.engines.device.choice import DeviceName, card_fault, device_name, drawing_card
from clipmill.errors import InvalidParameterError
from clipmill.jobs.environment import child_environment


@pytest.fixture
def no_card(monkeypatch):
    monkeypatch.setattr(choice, "DRIVERS", ())
    card_fault.cache_clear()
    yield
    card_fault.cache_clear()


def test_without_a_setting_the_card_is_taken_where_there_is_one(no_card):
    assert device_name({}) is DeviceName.AUTO
    assert drawing_card({}) is None


def test_an_unknown_device_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidParameterError, match="CLIPMILL_DEVICE: expected one of auto, cpu, cuda, got 'tpu'"):
        device_name({"CLIPMILL_DEVICE": "tpu"})


def test_a_child_process_sees_the_choice():
    assert child_environment({"CLIPMILL_DEVICE": "cpu"}) == {"CLIPMILL_DEVICE": "cpu"}


def test_a_demanded_card_that_is_not_there_is_an_error_with_the_next_step(no_card):
    with pytest.raises(InvalidParameterError, match='shows no NVIDIA card; set it to "auto" or "cpu"'):
        drawing_card({"CLIPMILL_DEVICE": "cuda"})


def test_a_card_without_pytorch_is_told_with_the_extra_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "DRIVERS", (str(tmp_path),))
    monkeypatch.setattr(choice, "find_spec", lambda _name: None)
    card_fault.cache_clear()
    try:
        assert card_fault() == "PyTorch is not installed: pip install 'clipmill[upscale]'"
    finally:
        card_fault.cache_clear()


def test_the_processor_has_less_free_memory_than_the_machine_and_more_than_none():
    torch = pytest.importorskip("torch")
    assert 0 < choice.free_memory(torch.device("cpu")) < 1 << 44


def test_the_bound_of_this_process_bounds_its_free_memory(monkeypatch):
    torch = pytest.importorskip("torch")
    free = choice.free_memory(torch.device("cpu"))
    used = choice.resource.getrlimit(choice.resource.RLIMIT_DATA)
    monkeypatch.setattr(choice.resource, "getrlimit", lambda _kind: (1 << 20, used[1]))
    assert choice.free_memory(torch.device("cpu")) == 0 < free


def test_drawing_clips_without_a_card_loads_no_pytorch(tmp_path: Path):
    program = (
        "import sys; import clipmill.engines.draw as draw; from clipmill.engines.device.opening import picture_placer;"
        "from clipmill.engines.device.choice import drawing_card; drawing_card({'CLIPMILL_DEVICE': 'cpu'});"
        "print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout == "False\n"
