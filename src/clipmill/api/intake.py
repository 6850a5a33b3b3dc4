"""From the body of a call to a submission: everything that can be said of it without a file is said here."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clipmill.api.problems import in_body, pointer
from clipmill.api.shapes import JobBody
from clipmill.errors import ClipmillError, InvalidRequestError, LimitExceededError
from clipmill.function.caption_shapes import CaptionRequest
from clipmill.function.definition import Function
from clipmill.functions.catalog import ALIASES, load_function
from clipmill.jobs.ledger.submissions import MOST_ATTEMPTS, Submission
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.policy import Policy

if TYPE_CHECKING:
    from clipmill.jobs.dispatch import Service

_CREDENTIAL = re.compile(
    r"\b[a-z][a-z0-9+.-]*://(?:[^\s/@]+@|[^\s#]*[?&](?:x-amz-signature|x-goog-signature|signature|sig|token|"
    r"access_token|api_?key|password|secret)=)|\bcm_[0-9a-f]{60}\b",
    re.IGNORECASE,
)


def function_of(service: "Service", name: str) -> Function[Any]:
    """The function of that name, for a workflow the one that reads and plans its requests."""
    names = dict(service.catalogue) | {each: service.catalogue[planner] for each, planner in service.planners.items()}
    return load_function(name, names)


def checked(service: "Service", tenant: str, body: JobBody) -> Function[Any]:
    """The function of a body whose request it understands and the tenant may make; every fault says where it lies."""
    try:
        function = function_of(service, body.function)
    except ClipmillError as fault:
        raise in_body(fault, "function") from None
    if body.runner not in {None, service.carrier.name}:
        wrong = f"runner: there is none named {body.runner}; this deployment has {service.carrier.name}, or name none."
        raise in_body(InvalidRequestError(wrong), "runner")
    _check_credentials(body)
    _check_lengths(service, body.request)
    try:
        request = function.parse(body.request)
        if isinstance(request, CaptionRequest):
            request.check_owner(tenant, service.machine.shared_prefixes)
    except ClipmillError as fault:
        raise in_body(fault, "request") from None
    return function


def check_addresses(body: JobBody, policy: Policy) -> None:
    """Refuse an address at which nothing would ever be told, before it is kept."""
    for field in ("webhook", "callback_url"):
        address: str | None = getattr(body, field)
        try:
            if address is not None:
                parse_target(address, policy)
        except InvalidRequestError as fault:
            raise in_body(InvalidRequestError(fault.message), field) from None


def submission(service: "Service", tenant: str, body: JobBody, idempotency_key: str | None) -> Submission:
    """What is to be written into the ledger."""
    function = checked(service, tenant, body)
    return Submission(
        function=ALIASES.get(body.function, body.function),
        request=body.request,
        tenant=tenant,
        runner=body.runner,
        tier=body.priority,
        webhook=body.webhook,
        callback_url=body.callback_url,
        labels=body.labels,
        idempotency_key=idempotency_key,
        function_version=function.version,
        gpu=function.needs.gpu,
        max_attempts=min(1 + function.needs.retries, MOST_ATTEMPTS),
    )


def _check_credentials(body: JobBody) -> None:
    """A job is kept and shown: it may not carry what opens something."""
    given = body.model_dump(include={"request", "labels", "webhook", "callback_url"})
    for place, text in _texts(given, ()):
        if _CREDENTIAL.search(text):
            where = pointer(place)
            wrong = f"{where}: a job carries no credentials, and this is a link or a key that opens something. Send the key of an object."
            at = {"pointer": where, "detail": "carries a credential"}
            raise InvalidRequestError(wrong, details={"errors": [at]})


def _check_lengths(service: "Service", request: Mapping[str, Any]) -> None:
    """The limits that a deployment may have set below those of the functions."""
    most = {"clips": service.limits.clips, "keyframes": service.limits.keyframes}
    for place, items in _lists(request, ("request",)):
        name = str(place[-1]).replace("_", "").lower()
        bound = most["keyframes"] if name.endswith("keyframes") else most["clips"] if name == "clips" else None
        if bound is not None and len(items) > bound:
            wrong = f"{pointer(place)}: expected at most {bound}, got {len(items)}; split the job."
            at = {"pointer": pointer(place), "detail": f"expected at most {bound}, got {len(items)}"}
            raise LimitExceededError(wrong, details={"errors": [at]})


def _texts(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield place, value
    for name, part in _parts(value):
        yield from _texts(part, (*place, name))


def _lists(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], list[Any]]]:
    if isinstance(value, list):
        yield place, value
    for name, part in _parts(value):
        yield from _lists(part, (*place, name))


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
