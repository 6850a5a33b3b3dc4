"""Logs as JSON lines, one object each, without secrets."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from clipmill.jobs.ledger.moments import iso
from clipmill.storage.redact import redact

LOG = logging.getLogger("clipmill.api")

_KEY = re.compile(r"(cm_[0-9a-f]{12})[0-9a-f]+")


class JsonLines(logging.Formatter):
    """A record as one line; what a caller put under ``extra={"fields": ...}`` stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            told["fault"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(without_keys(told), default=str)


def without_keys(value: Any) -> Any:
    """Plain JSON without credentials, our own keys among them; a key is still told by the part that names it.

    >>> without_keys({"detail": "no key cm_" + "0" * 60})
    {'detail': 'no key cm_000000000000[redacted]'}
    """
    match value:
        case str():
            return _KEY.sub(r"\1[redacted]", redact(value))
        case dict():
            return {name: without_keys(part) for name, part in value.items()}
        case list() | tuple():
            return [without_keys(part) for part in value]
        case _:
            return value


def write_json_lines(level: int = logging.INFO) -> None:
    """Let this process log JSON lines to stderr, the web server's own words included."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It tells of every start how many migrations there were to run.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It writes down addresses with their query; every call is logged without it as it ends.
    logging.getLogger("uvicorn.access").disabled = True
