"""What the platform's library raises at callers, as errors of ours."""

from collections.abc import Generator
from contextlib import contextmanager

from clipmill.errors import InvalidRequestError, UnauthorizedError, WorkerLostError


@contextmanager
def told_as_ours(what: str) -> Generator[None]:
    """Raise what the platform refuses as a fault of the deployment, all else as a platform that does not answer.

    ``what`` completes "Modal ...": "did not take job 7".
    """
    from modal import exception

    try:
        yield
    except exception.NotFoundError as fault:
        raise InvalidRequestError(f"Modal {what}: {fault}. Run `clipmill deploy modal`.") from fault
    except (exception.AuthError, exception.PermissionDeniedError) as fault:
        raise UnauthorizedError(f"Modal {what}: {fault}. Run `modal token new`, or set MODAL_TOKEN_ID.") from fault
    except exception.InvalidError as fault:
        raise InvalidRequestError(f"Modal {what}: {fault}") from fault
    except exception.Error as fault:
        raise WorkerLostError(f"Modal {what}: {type(fault).__name__}: {fault}. Try again.") from fault
