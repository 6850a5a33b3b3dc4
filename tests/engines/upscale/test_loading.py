import os
import pickle

import pytest
from tests.engines.upscale.nets import compact, dense, saved, torch

from clipmill.engines.upscale.loading import loaded
from clipmill.engines.upscale.weights import Weights
from clipmill.errors import ModelMissingError
from clipmill.media.choices import UpscaleModel

PROCESSOR = torch.device("cpu")
GENERAL, PLUS = UpscaleModel.GENERAL, UpscaleModel.PLUS


def test_weights_are_found_inside_the_wrapper_of_a_training_program(tmp_path):
    network, picture = compact(), torch.rand(1, 3, 8, 8)
    wanted = network(picture)
    for wrapper in ("params_ema", "params", None):
        path = tmp_path / f"{wrapper}.pth"
        saved(network, path, wrapper)
        assert torch.allclose(loaded(Weights(GENERAL, path, ""), PROCESSOR)(picture), wanted, atol=1e-6)


def test_safetensors_load(tmp_path):
    from safetensors.torch import save_file

    network, path = dense(), tmp_path / "weights.safetensors"
    save_file(network.state_dict(), path)
    assert loaded(Weights(PLUS, path, ""), PROCESSOR).state_dict().keys() == network.state_dict().keys()


def test_weights_are_loaded_once_in_a_process(tmp_path):
    saved(compact(), tmp_path / "w.pth")
    weights = Weights(GENERAL, tmp_path / "w.pth", "once")
    first = loaded(weights, PROCESSOR)
    (tmp_path / "w.pth").unlink()
    assert loaded(weights, PROCESSOR) is first


class Trap:
    def __reduce__(self):
        return os.mkdir, (os.environ["TRAP"],)


@pytest.mark.parametrize("stored", ["torch", "pickle"])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path, monkeypatch, stored):
    monkeypatch.setenv("TRAP", str(tmp_path / "sprung"))
    path = tmp_path / "w.pth"
    if stored == "torch":
        torch.save({"params": Trap()}, path)
    else:
        path.write_bytes(pickle.dumps({"params": Trap()}, protocol=2))
    with pytest.raises(ModelMissingError, match="Convert it to safetensors"):
        loaded(Weights(GENERAL, path, ""), PROCESSOR)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 cut off", b"\x80\x02."])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(ModelMissingError):
        loaded(Weights(GENERAL, path, ""), PROCESSOR)


@pytest.mark.parametrize(("model", "other"), [(GENERAL, dense), (PLUS, compact)])
def test_weights_of_the_other_architecture_are_refused(tmp_path, model, other):
    saved(other(), tmp_path / "w.pth")
    with pytest.raises(ModelMissingError, match=f"the architecture of {model.value}"):
        loaded(Weights(model, tmp_path / "w.pth", ""), PROCESSOR)
