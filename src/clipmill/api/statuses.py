"""What the code of every error means in HTTP."""

from collections.abc import Mapping

from clipmill.errors import ClipmillError

STATUSES: Mapping[str, int] = {
    "invalid_request": 422,
    "unknown_job_type": 422,
    "invalid_rate": 422,
    "invalid_keyframe": 422,
    "invalid_segments": 422,
    "empty_range": 422,
    "invalid_size": 422,
    "unknown_effect": 422,
    "invalid_region": 422,
    "invalid_layer": 422,
    "unknown_transition": 422,
    "transition_too_long": 422,
    "no_clips": 422,
    "invalid_annotation": 422,
    "unknown_sequence": 422,
    "invalid_key": 422,
    "invalid_media": 422,
    "unsupported_codec": 422,
    "corrupt_media": 422,
    "model_missing": 422,
    "model_digest_mismatch": 422,
    "encoder_unavailable": 422,
    "limit_exceeded": 413,
    "body_too_large": 413,
    "too_many_jobs": 429,
    "too_many_watchers": 429,
    "unauthorized": 401,
    "access_denied": 403,
    "source_missing": 404,
    "source_expired": 410,
    "conflict": 409,
    "cancelled": 409,
    "incomplete_body": 400,
    "request_timeout": 408,
    "precondition_failed": 412,
    "range_not_satisfiable": 416,
    "timeout": 504,
    "stalled": 504,
    "storage_unavailable": 503,
    "storage_timeout": 504,
    "rate_limited": 429,
    "untrusted_certificate": 502,
    "storage_write_failed": 503,
    "worker_lost": 503,
    "gpu_out_of_memory": 507,
    "out_of_memory": 507,
    "disk_full": 507,
    "encoder_failed": 500,
    "decoder_failed": 500,
    "internal": 500,
    "invalid_parameter": 422,
    "forbidden": 403,
    "credentials_missing": 422,
    "ocr_unavailable": 422,
    "schema_mismatch": 409,
    "unsupported_media": 422,
    "decode_failed": 422,
    "encode_failed": 500,
    "ocr_failed": 500,
    "model_output_invalid": 500,
    "storage_failed": 503,
    "not_found": 404,
    "corrupt_artifact": 500,
    "not_committed": 409,
    "version_conflict": 409,
    "contract_error": 500,
    "lock_held": 409,
    "lock_lost": 503,
}


def status_of(error: ClipmillError) -> int:
    """The HTTP status of an error.

    >>> from clipmill.errors import ConflictError
    >>> status_of(ConflictError("job_1 had another request"))
    409
    """
    return STATUSES[error.code]
