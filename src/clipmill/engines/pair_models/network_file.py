"""ONNX files whose bytes are known."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from clipmill.errors import ModelMissingError


def checked_file(path: Path, sha256: str, advice: str) -> Path:
    """The path, once its bytes are found to be the known ones."""
    try:
        digest = _digest(path, path.stat().st_mtime_ns)
    except OSError as fault:
        raise ModelMissingError(f"{path}: the pair model cannot be read ({fault.strerror}). {advice}") from fault
    if digest != sha256.casefold():
        raise ModelMissingError(f"{path}: expected SHA-256 {sha256}, got {digest}. {advice}")
    return path


@cache
def _digest(path: Path, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def session(path: Path, threads: int) -> Any:
    """The network of a file, ready to run on a bounded number of threads."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Waiting threads that spin would take the time of the encoders beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    providers = [name for name in wanted if name in ort.get_available_providers()]
    return ort.InferenceSession(str(path), options, providers=providers)
