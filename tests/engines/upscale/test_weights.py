import hashlib
import subprocess
import sys

import pytest

from clipmill.engines.upscale.opening import opened
from clipmill.engines.upscale.published import PUBLISHED
from clipmill.engines.upscale.weights import Asked, Weights, found_weights
from clipmill.errors import InvalidRequestError, ModelDigestMismatchError, ModelMissingError
from clipmill.media.choices import UpscaleModel

GENERAL = UpscaleModel.GENERAL
BYTES = b"weights"
DIGEST = hashlib.sha256(BYTES).hexdigest()


def test_a_file_is_found_by_its_path_in_the_folder_or_anywhere(tmp_path):
    (tmp_path / "mine.pth").write_bytes(BYTES)
    for path in ("mine.pth", str(tmp_path / "mine.pth")):
        found = found_weights(Asked(GENERAL, path=path, sha256=DIGEST.upper()), tmp_path)
        assert found == Weights(GENERAL, tmp_path / "mine.pth", DIGEST)


def test_what_came_from_an_address_is_found_under_its_digest(tmp_path):
    (tmp_path / f"{DIGEST}.pth").write_bytes(BYTES)
    found = found_weights(Asked(GENERAL, url="https://example.com/w.pth", sha256=DIGEST), tmp_path)
    assert found.path.name == f"{DIGEST}.pth"


@pytest.mark.parametrize("model", UpscaleModel)
def test_missing_weights_are_named_with_the_way_to_get_them(tmp_path, model):
    with pytest.raises(ModelMissingError, match=f"clipmill models fetch {model.value}"):
        found_weights(Asked(model), tmp_path)


def test_published_weights_must_have_the_published_digest(tmp_path):
    (tmp_path / PUBLISHED[GENERAL].file_name).write_bytes(BYTES)
    with pytest.raises(ModelDigestMismatchError, match=PUBLISHED[GENERAL].sha256):
        found_weights(Asked(GENERAL), tmp_path)


def test_the_digest_of_a_file_that_is_not_the_one_meant_is_not_told(tmp_path):
    (tmp_path / "secret").write_bytes(BYTES)
    with pytest.raises(ModelDigestMismatchError) as raised:
        found_weights(Asked(GENERAL, path="secret", sha256="0" * 64), tmp_path)
    assert DIGEST not in str(raised.value)


def test_a_file_that_changed_is_looked_at_again(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(BYTES)
    asked = Asked(GENERAL, path="w.pth", sha256=DIGEST)
    found_weights(asked, tmp_path)
    path.write_bytes(BYTES + b"!")
    with pytest.raises(ModelDigestMismatchError):
        found_weights(asked, tmp_path)


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "w.pth"},
        {"url": "https://example.com/w.pth", "sha256": "abc"},
        {"path": "w.pth", "url": "https://example.com/w.pth", "sha256": DIGEST},
        {"sha256": DIGEST},
    ],
)
def test_weights_that_are_not_named_completely_are_refused(tmp_path, asked):
    with pytest.raises(InvalidRequestError, match="upscale_weights"):
        found_weights(Asked(GENERAL, **asked), tmp_path)


WITHOUT = f"""
import sys
for name in ("torch", "safetensors"):
    sys.modules[name] = None
from pathlib import Path
from clipmill.engines.upscale.opening import opened
from clipmill.engines.upscale.weights import Weights
from clipmill.functions.catalog import CATALOG, load_function
from clipmill.media.choices import UpscaleModel
for name in CATALOG:
    load_function(name)
try:
    opened(Weights(UpscaleModel.GENERAL, Path("w.pth"), "{DIGEST}"))
except Exception as fault:
    print(type(fault).__name__, fault)
"""


def test_without_pytorch_the_extra_is_named_and_every_function_loads():
    told = subprocess.run([sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True).stdout
    assert told.startswith("ModelMissingError")
    assert "clipmill[upscale]" in told


def test_weights_that_are_opened_twice_are_one_network(tmp_path):
    nets = pytest.importorskip("tests.engines.upscale.nets")
    named = nets.saved(nets.compact(), tmp_path / "w.pth")
    weights = found_weights(Asked(GENERAL, path=named["path"], sha256=named["sha256"]), tmp_path)
    assert opened(weights) is opened(weights)
