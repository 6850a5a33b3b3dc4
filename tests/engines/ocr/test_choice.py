import sys

import pytest

from clipmill.engines.ocr.choice import EngineName, chosen_engine, engine_name
from clipmill.errors import CredentialsMissingError, InvalidParameterError, OcrUnavailableError


def test_the_parameter_goes_over_the_setting_and_the_setting_over_the_default():
    assert engine_name(None, {}) is EngineName.RAPIDOCR
    assert engine_name(None, {"CLIPMILL_OCR_ENGINE": "tesseract"}) is EngineName.TESSERACT
    assert engine_name("google-vision", {"CLIPMILL_OCR_ENGINE": "tesseract"}) is EngineName.GOOGLE_VISION


@pytest.mark.parametrize(("name", "environment"), [("easyocr", {}), (None, {"CLIPMILL_OCR_ENGINE": "easyocr"})])
def test_an_unknown_name_is_refused_with_the_known_ones(name, environment):
    with pytest.raises(InvalidParameterError, match="rapidocr, tesseract, google-vision, got 'easyocr'"):
        engine_name(name, environment)


def test_a_missing_program_is_told_with_how_to_install_it(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(OcrUnavailableError, match="apt-get install tesseract-ocr"):
        chosen_engine("tesseract", (), 1, {})


def test_a_missing_extra_is_told_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.cloud", None)
    with pytest.raises(OcrUnavailableError, match=r"clipmill\[google\]"):
        chosen_engine("google-vision", (), 1, {})


@pytest.mark.parametrize("credentials", [{}, {"GOOGLE_APPLICATION_CREDENTIALS_JSON": "{}"}])
def test_missing_credentials_are_told_by_the_name_of_their_setting(credentials):
    pytest.importorskip("google.cloud.vision")
    with pytest.raises(CredentialsMissingError, match="GOOGLE_APPLICATION_CREDENTIALS_JSON"):
        chosen_engine("google-vision", (), 1, credentials)


@pytest.mark.parametrize("tag", ["english", "e", "en_US", ""])
def test_what_is_no_language_tag_is_refused(tag):
    with pytest.raises(InvalidParameterError, match="BCP-47"):
        chosen_engine("rapidocr", [tag], 1, {})
