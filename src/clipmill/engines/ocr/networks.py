"""The two networks that lie inside the package rapidocr: one finds text, one reads a line of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.errors import ModelMissingError, OcrUnavailableError

PACKAGE = "rapidocr"
_ADVICE = "Install the package again: pip install --force-reinstall 'rapidocr>=3.10,<3.11'."


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A file of the package and the digest of its only known content."""

    name: str
    sha256: str


DETECTION = NetworkFile("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f")
RECOGNITION = NetworkFile("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884")


class Network:
    """A network with one input and one output; it runs on the thread that calls it, and several may call it at once."""

    def __init__(self, path: Path) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        # Threads of its own wait for each other in circles: two of them take twice the time of the processor.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Room is kept from one run to the next, for fresh pages cost a fifth of the time of a run; planned by the size of
        # each picture it would be half as much again.
        options.enable_mem_pattern = False
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        providers = [name for name in wanted if name in ort.get_available_providers()]
        self._session: Any = ort.InferenceSession(str(path), options, providers=providers)
        self._input: str = self._session.get_inputs()[0].name

    @property
    def metadata(self) -> Mapping[str, str]:
        return self._session.get_modelmeta().custom_metadata_map

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._session.run(None, {self._input: np.ascontiguousarray(values)})[0]


def package_version() -> str:
    """The installed version of the package that holds the networks."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError as fault:
        raise OcrUnavailableError(f"the package {PACKAGE} is not installed. {_ADVICE}") from fault


def network_path(file: NetworkFile, folder: Path | None = None) -> Path:
    """Where a network lies, once its bytes are found to be the known ones; nothing is ever fetched."""
    path = (folder or _package_folder()) / file.name
    try:
        digest = _digest(path, path.stat().st_mtime_ns)
    except OSError as fault:
        raise ModelMissingError(f"{path}: the network cannot be read ({fault.strerror}). {_ADVICE}") from fault
    if digest != file.sha256:
        raise ModelMissingError(f"{path}: expected SHA-256 {file.sha256}, got {digest}. {_ADVICE}")
    return path


@cache
def _digest(path: Path, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _package_folder() -> Path:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise OcrUnavailableError(f"the package {PACKAGE} is not installed. {_ADVICE}")
    return Path(found.origin).parent / "models"
