"""What a process says as it ends: the code of every error as an exit code."""

from collections.abc import Mapping
from enum import IntEnum

from clipmill.errors import ClipmillError


class ExitCode(IntEnum):
    """How a command ended. A result that could not be written whole is never OK."""

    OK = 0
    BUG = 1
    USAGE = 2
    REJECTED = 3
    NOT_FOUND = 4
    PART_FAILED = 5
    TIME = 6
    STORAGE = 7
    SPACE = 8
    CANCELLED = 9
    INTERRUPTED = 130
    NO_READER = 141


BY_CODE: Mapping[str, ExitCode] = {
    "invalid_request": ExitCode.REJECTED,
    "unknown_job_type": ExitCode.REJECTED,
    "invalid_rate": ExitCode.REJECTED,
    "invalid_keyframe": ExitCode.REJECTED,
    "invalid_segments": ExitCode.REJECTED,
    "empty_range": ExitCode.REJECTED,
    "invalid_size": ExitCode.REJECTED,
    "unknown_effect": ExitCode.REJECTED,
    "invalid_region": ExitCode.REJECTED,
    "invalid_layer": ExitCode.REJECTED,
    "unknown_transition": ExitCode.REJECTED,
    "transition_too_long": ExitCode.REJECTED,
    "no_clips": ExitCode.REJECTED,
    "invalid_annotation": ExitCode.REJECTED,
    "unknown_sequence": ExitCode.REJECTED,
    "invalid_key": ExitCode.REJECTED,
    "invalid_media": ExitCode.REJECTED,
    "unsupported_codec": ExitCode.REJECTED,
    "corrupt_media": ExitCode.REJECTED,
    "model_missing": ExitCode.REJECTED,
    "model_digest_mismatch": ExitCode.REJECTED,
    "encoder_unavailable": ExitCode.REJECTED,
    "limit_exceeded": ExitCode.REJECTED,
    "body_too_large": ExitCode.REJECTED,
    "too_many_jobs": ExitCode.TIME,
    "too_many_watchers": ExitCode.TIME,
    "source_missing": ExitCode.NOT_FOUND,
    "source_expired": ExitCode.NOT_FOUND,
    "access_denied": ExitCode.NOT_FOUND,
    "unauthorized": ExitCode.NOT_FOUND,
    "conflict": ExitCode.USAGE,
    "precondition_failed": ExitCode.USAGE,
    "range_not_satisfiable": ExitCode.REJECTED,
    "incomplete_body": ExitCode.REJECTED,
    "request_timeout": ExitCode.STORAGE,
    "timeout": ExitCode.TIME,
    "stalled": ExitCode.TIME,
    "storage_unavailable": ExitCode.STORAGE,
    "storage_timeout": ExitCode.STORAGE,
    "rate_limited": ExitCode.STORAGE,
    "untrusted_certificate": ExitCode.STORAGE,
    "storage_write_failed": ExitCode.STORAGE,
    "worker_lost": ExitCode.STORAGE,
    "gpu_out_of_memory": ExitCode.SPACE,
    "out_of_memory": ExitCode.SPACE,
    "disk_full": ExitCode.SPACE,
    "cancelled": ExitCode.CANCELLED,
    "encoder_failed": ExitCode.BUG,
    "decoder_failed": ExitCode.BUG,
    "internal": ExitCode.BUG,
    "invalid_parameter": ExitCode.REJECTED,
    "forbidden": ExitCode.NOT_FOUND,
    "credentials_missing": ExitCode.REJECTED,
    "ocr_unavailable": ExitCode.REJECTED,
    "schema_mismatch": ExitCode.REJECTED,
    "unsupported_media": ExitCode.REJECTED,
    "decode_failed": ExitCode.REJECTED,
    "encode_failed": ExitCode.BUG,
    "ocr_failed": ExitCode.BUG,
    "model_output_invalid": ExitCode.BUG,
    "storage_failed": ExitCode.STORAGE,
    "not_found": ExitCode.NOT_FOUND,
    "corrupt_artifact": ExitCode.STORAGE,
    "not_committed": ExitCode.NOT_FOUND,
    "version_conflict": ExitCode.STORAGE,
    "contract_error": ExitCode.BUG,
    "lock_held": ExitCode.TIME,
    "lock_lost": ExitCode.STORAGE,
}


def exit_code(error: ClipmillError) -> ExitCode:
    """The exit code of an error.

    >>> from clipmill.errors import SourceMissingError
    >>> exit_code(SourceMissingError("there is no file a.mp4"))
    <ExitCode.NOT_FOUND: 4>
    """
    return BY_CODE[error.code]
