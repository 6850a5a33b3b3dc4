"""Every error that clipmill raises on purpose.

::

    ClipmillError
    ├── BadRequest        the caller can fix it                 never retried
    │   └── BadMedia      the file is not what was promised     never retried
    ├── LimitExceeded     a bound of this deployment was hit    never retried
    ├── EngineError       a tool or model failed                as its code says
    │   └── OutOfSpace    memory or disk was too small          never retried on the same machine
    ├── StorageError      bytes could not be moved              as its code says
    ├── RunnerError       the platform failed, or is unsure     as its code says
    ├── Cancelled         someone asked us to stop              never retried
    └── InternalError     a bug of ours                         never retried

A leaf class is one ``code``; its name is the code in CamelCase, ending in ``Error``. Exit codes and HTTP
statuses are tables of the faces that speak them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class ClipmillError(RuntimeError):
    """An error with a code; its message says what, where, expected and got, and the next step."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})

    def to_json(self) -> dict[str, Any]:
        """The wire form of a failure."""
        failure: dict[str, Any] = {
            "status": "error",
            "error": f"{type(self).__name__}: {self.message}",
            "code": self.code,
            "retryable": self.retryable,
        }
        return failure | ({"details": self.details} if self.details else {})


class BadRequest(ClipmillError):  # noqa: N818 - a family; its leaves are named Error
    """The caller can fix it."""

    code = "invalid_request"


class BadMedia(BadRequest):
    """The file is not what was promised."""

    code = "invalid_media"


class LimitExceeded(ClipmillError):  # noqa: N818
    """A bound of this deployment was hit."""

    code = "limit_exceeded"


class EngineError(ClipmillError):
    """A tool or a model failed."""


class OutOfSpace(EngineError):  # noqa: N818
    """Memory or disk was too small."""


class StorageError(ClipmillError):
    """Bytes could not be moved."""


class RunnerError(ClipmillError):
    """The platform failed, or is unsure."""


class Cancelled(ClipmillError):  # noqa: N818
    """Someone asked us to stop."""

    code = "cancelled"


class InternalError(ClipmillError):
    """A bug of ours: anything that was not raised on purpose."""


class InvalidRequestError(BadRequest):
    code = "invalid_request"


class UnknownJobTypeError(BadRequest):
    code = "unknown_job_type"


class InvalidRateError(BadRequest):
    code = "invalid_rate"


class InvalidKeyframeError(BadRequest):
    code = "invalid_keyframe"


class InvalidSegmentsError(BadRequest):
    code = "invalid_segments"


class EmptyRangeError(BadRequest):
    code = "empty_range"


class InvalidSizeError(BadRequest):
    code = "invalid_size"


class UnknownEffectError(BadRequest):
    code = "unknown_effect"


class InvalidRegionError(BadRequest):
    code = "invalid_region"


class InvalidLayerError(BadRequest):
    code = "invalid_layer"


class UnknownTransitionError(BadRequest):
    code = "unknown_transition"


class TransitionTooLongError(BadRequest):
    code = "transition_too_long"


class NoClipsError(BadRequest):
    code = "no_clips"


class InvalidAnnotationError(BadRequest):
    code = "invalid_annotation"


class UnknownSequenceError(BadRequest):
    code = "unknown_sequence"


class InvalidKeyError(BadRequest):
    code = "invalid_key"


class ConflictError(BadRequest):
    code = "conflict"


class PreconditionFailedError(BadRequest):
    code = "precondition_failed"


class RangeNotSatisfiableError(BadRequest):
    code = "range_not_satisfiable"


class IncompleteBodyError(BadRequest):
    code = "incomplete_body"


class UnauthorizedError(BadRequest):
    code = "unauthorized"


class ModelMissingError(BadRequest):
    code = "model_missing"


class ModelDigestMismatchError(BadRequest):
    code = "model_digest_mismatch"


class EncoderUnavailableError(BadRequest):
    code = "encoder_unavailable"


class InvalidParameterError(BadRequest, ValueError):
    code = "invalid_parameter"


class ForbiddenError(BadRequest):
    code = "forbidden"


class CredentialsMissingError(BadRequest):
    code = "credentials_missing"


class OcrUnavailableError(BadRequest):
    code = "ocr_unavailable"


class SchemaMismatchError(BadRequest):
    code = "schema_mismatch"


class InvalidMediaError(BadMedia):
    code = "invalid_media"


class UnsupportedCodecError(BadMedia):
    code = "unsupported_codec"


class CorruptMediaError(BadMedia):
    code = "corrupt_media"


class UnsupportedMediaError(BadMedia):
    code = "unsupported_media"


class DecodeFailedError(BadMedia):
    code = "decode_failed"


class LimitExceededError(LimitExceeded):
    code = "limit_exceeded"


class BodyTooLargeError(LimitExceeded):
    code = "body_too_large"


class TooManyJobsError(LimitExceeded):
    code = "too_many_jobs"


class TooManyWatchersError(LimitExceeded):
    code = "too_many_watchers"


class TimeoutError(LimitExceeded):  # noqa: A001 - named by its code, like every leaf
    code = "timeout"


class StalledError(LimitExceeded):
    code = "stalled"


class EncoderFailedError(EngineError):
    code = "encoder_failed"


class DecoderFailedError(EngineError):
    code = "decoder_failed"


class EncodeFailedError(EngineError):
    code = "encode_failed"
    retryable = True


class OcrFailedError(EngineError):
    code = "ocr_failed"
    retryable = True


class ModelOutputInvalidError(EngineError):
    code = "model_output_invalid"


class OutOfMemoryError(OutOfSpace):
    code = "out_of_memory"


class GpuOutOfMemoryError(OutOfSpace):
    code = "gpu_out_of_memory"


class DiskFullError(OutOfSpace):
    code = "disk_full"


class SourceMissingError(StorageError):
    code = "source_missing"


class SourceExpiredError(StorageError):
    code = "source_expired"


class AccessDeniedError(StorageError):
    code = "access_denied"


class StorageUnavailableError(StorageError):
    code = "storage_unavailable"
    retryable = True


class StorageTimeoutError(StorageError):
    code = "storage_timeout"
    retryable = True


class RequestTimeoutError(StorageError):
    code = "request_timeout"
    retryable = True


class RateLimitedError(StorageError):
    code = "rate_limited"
    retryable = True


class UntrustedCertificateError(StorageError):
    code = "untrusted_certificate"


class StorageWriteFailedError(StorageError):
    code = "storage_write_failed"
    retryable = True


class StorageFailedError(StorageError):
    code = "storage_failed"
    retryable = True


class NotFoundError(StorageError):
    code = "not_found"


class CorruptArtifactError(StorageError):
    code = "corrupt_artifact"


class NotCommittedError(StorageError):
    code = "not_committed"
    retryable = True


class VersionConflictError(StorageError):
    code = "version_conflict"
    retryable = True


class WorkerLostError(RunnerError):
    code = "worker_lost"
    retryable = True


class ContractError(RunnerError):
    code = "contract_error"


class LockHeldError(RunnerError):
    code = "lock_held"
    retryable = True


class LockLostError(RunnerError):
    code = "lock_lost"
    retryable = True


class CancelledError(Cancelled):
    code = "cancelled"


def every_error(family: type[ClipmillError] = ClipmillError) -> Iterator[type[ClipmillError]]:
    """Yield the leaf classes of a family, each a code of its own."""
    for child in family.__subclasses__():
        leaves = child.__subclasses__()
        if leaves:
            yield from every_error(child)
        else:
            yield child


def error_from_json(failure: Mapping[str, Any]) -> ClipmillError:
    """Rebuild a typed error from its wire form; an unknown code becomes ``internal``."""
    kinds = {kind.code: kind for kind in every_error()}
    name, _, message = str(failure.get("error", "")).partition(": ")
    kind = kinds.get(str(failure.get("code")), InternalError)
    return kind(message or name or "no message", details=failure.get("details"))
