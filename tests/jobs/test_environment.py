import sys
from pathlib import Path

import pytest

from clipmill.jobs.environment import asked_for, child_environment, started_in


@pytest.mark.parametrize("name", ["PATH", "TZ", "LC_ALL", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"])
def test_harmless_names_pass(name: str):
    assert child_environment({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name", ["HOME", "AWS_ACCESS_KEY_ID", "R2_ENDPOINT", "CLIPMILL_STORE", "PYTHONSTARTUP", "LD_PRELOAD", "path"]
)
def test_all_other_names_stay(name: str):
    assert child_environment({name: "x"}) == {}


def test_a_child_imports_from_where_its_parent_does_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "/somewhere"])
    assert started_in(Path("/scratch"), {}, threads=3)["PYTHONPATH"] == f"{tmp_path}:/somewhere"


def test_a_child_is_told_how_many_threads_it_may_use():
    assert started_in(Path("/scratch"), {}, threads=3)["OMP_NUM_THREADS"] == "3"


def test_a_child_is_told_where_models_lie_though_its_home_is_another():
    told = started_in(Path("/scratch"), {"HOME": "/home/me"}, threads=1)
    assert (told["HOME"], told["CLIPMILL_MODELS"]) == ("/scratch", "/home/me/.cache/clipmill/models")
    assert started_in(Path("/scratch"), {"CLIPMILL_MODELS": "/models"}, threads=1)["CLIPMILL_MODELS"] == "/models"


GOOGLE = {"GOOGLE_APPLICATION_CREDENTIALS_JSON": "{}"}


@pytest.mark.parametrize(
    ("function", "request_", "setting", "seen"),
    [
        ("generate_caption_ocr", {"ocr_engine": "google-vision"}, {}, True),
        ("generate_caption_ocr", {}, {"CLIPMILL_OCR_ENGINE": "google-vision"}, True),
        ("generate_caption_ocr", {"ocr_engine": "rapidocr"}, {"CLIPMILL_OCR_ENGINE": "google-vision"}, False),
        ("generate_caption_ocr", {}, {}, False),
        ("process_framing", {"ocr_engine": "google-vision"}, {"CLIPMILL_OCR_ENGINE": "google-vision"}, False),
    ],
)
def test_only_a_call_that_reads_with_an_engine_sees_its_secret(function, request_, setting, seen):
    assert asked_for(GOOGLE | setting, function, request_) == (GOOGLE if seen else {})
