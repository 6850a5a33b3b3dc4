"""Which pair model a call gets; one that cannot start says so before anything is decoded."""

from pathlib import Path

from clipmill.engines.pair_models.model import PairModel
from clipmill.errors import InvalidParameterError

TEXTCHANGE = "textchange"
STROKES = "strokes"
FROM_FILE = "onnx:"
_DIGEST_DIGITS = 64


def pair_model(name: str, threads: int, *, sha256: str | None = None, file: Path | None = None) -> PairModel:
    """The model of a name.

    ``onnx:{path or key}`` needs the SHA-256 of the file; for a key, ``file`` is where its bytes were put.
    """
    if name == TEXTCHANGE:
        from clipmill.engines.pair_models.textchange import TextChange

        return TextChange(threads)
    if name == STROKES:
        from clipmill.engines.pair_models.strokes import Strokes

        return Strokes()
    if name.startswith(FROM_FILE) and name != FROM_FILE:
        from clipmill.engines.pair_models.onnx_file import OnnxFile

        return OnnxFile(name, file or Path(name.removeprefix(FROM_FILE)), _digest(name, sha256), threads)
    raise InvalidParameterError(
        f"model: expected {TEXTCHANGE}, {STROKES} or {FROM_FILE}PATH, got {name!r:.80}.", details={"field": "model"}
    )


def _digest(name: str, sha256: str | None) -> str:
    if sha256 is None or len(sha256) != _DIGEST_DIGITS or set(sha256.casefold()) - set("0123456789abcdef"):
        raise InvalidParameterError(
            f"model_sha256: {name} needs the SHA-256 of its file, {_DIGEST_DIGITS} hexadecimal digits, got {sha256!r:.80}.",
            details={"field": "model_sha256"},
        )
    return sha256
