import hashlib

import numpy as np
import pytest
from tests.engines.pair_models.bands import CONTEXT, bands
from tests.engines.pair_models.onnx_bytes import network

from clipmill.engines.pair_models import pair_model
from clipmill.errors import InvalidParameterError, ModelMissingError, ModelOutputInvalidError

SURE = [0.9, 0.025, 0.025, 0.025, 0.025]


def stored(tmp_path, data):
    path = tmp_path / "pairs.onnx"
    path.write_bytes(data)
    return f"onnx:{path}", hashlib.sha256(data).hexdigest()


def test_a_network_of_a_file_reads_pairs(tmp_path):
    name, digest = stored(tmp_path, network(SURE))
    model = pair_model(name, 1, sha256=digest.upper())
    frames = bands("a", "b", "c", width=64, height=16)
    assert (model.name, model.sha256) == (name, digest)
    np.testing.assert_allclose(model.predict(frames[:-1], frames[1:], CONTEXT), [SURE, SURE], atol=1e-6)


def test_the_file_of_a_key_is_read_where_it_was_put(tmp_path):
    name, digest = stored(tmp_path, network(SURE))
    model = pair_model("onnx:t/models/pairs.onnx", 1, sha256=digest, file=tmp_path / "pairs.onnx")
    assert model.name == "onnx:t/models/pairs.onnx" != name


def test_another_digest_is_refused(tmp_path):
    name, digest = stored(tmp_path, network(SURE))
    other = digest.translate(str.maketrans("01", "10"))
    with pytest.raises(ModelMissingError, match=digest):
        pair_model(name, 1, sha256=other)


@pytest.mark.parametrize("digest", [None, "", "abc", "g" * 64])
def test_a_file_without_its_digest_is_refused(tmp_path, digest):
    name, _ = stored(tmp_path, network(SURE))
    with pytest.raises(InvalidParameterError, match="SHA-256"):
        pair_model(name, 1, sha256=digest)


def test_a_network_with_other_inputs_is_refused(tmp_path):
    name, digest = stored(tmp_path, network(SURE, inputs=("left", "right")))
    with pytest.raises(InvalidParameterError, match="first and second"):
        pair_model(name, 1, sha256=digest)


@pytest.mark.parametrize("row", [[float("nan")] * 5, [float("inf"), 0, 0, 0, 0], [0.5] * 5])
def test_nan_and_wrong_sums_are_model_output_invalid(tmp_path, row):
    name, digest = stored(tmp_path, network(row))
    frames = bands("a", "b", width=64, height=16)
    with pytest.raises(ModelOutputInvalidError, match="pair 0"):
        pair_model(name, 1, sha256=digest).predict(frames[:1], frames[1:], CONTEXT)


def test_a_float32_probability_just_above_1_becomes_1(tmp_path):
    name, digest = stored(tmp_path, network([1.0000002, 0, 0, 0, 0]))
    frames = bands("a", "b", width=64, height=16)
    rows = pair_model(name, 1, sha256=digest).predict(frames[:1], frames[1:], CONTEXT)
    assert rows[0, 0] == 1


def test_pairs_of_two_sizes_are_refused(tmp_path):
    name, digest = stored(tmp_path, network(SURE))
    with pytest.raises(InvalidParameterError, match="one shape"):
        pair_model(name, 1, sha256=digest).predict(bands("a", width=64), bands("a", width=72), CONTEXT)


def test_an_unknown_model_is_told_the_names():
    with pytest.raises(InvalidParameterError, match="textchange, strokes or onnx:"):
        pair_model("guess", 1)
