"""Videos that came with a form: temporary objects, kept until the export that reads them has ended.

They lie under ``{tenant}/temp/{form id}/``, beside a note that names the job once there is one.
"""

import json
import re
import secrets
from datetime import UTC, datetime, timedelta

from clipmill.errors import NotFoundError, SourceMissingError
from clipmill.jobs.ledger import Ledger
from clipmill.storage.keys import full_key, temp_prefix
from clipmill.storage.store import Store

_ID = re.compile(r"frm_([0-9a-f]{12})[0-9a-f]{20}")
_NOTE = "job.json"
_LONGEST_FORM = timedelta(hours=24)
"""A form without a job that is older than this was broken off."""


class ExportSources:
    """The sources of all forms in a store."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def new_form(self) -> str:
        """An id for a form that begins to arrive."""
        return f"frm_{int(datetime.now(UTC).timestamp() * 1000):012x}{secrets.token_hex(10)}"

    def key(self, form_id: str, index: int) -> str:
        """The tenant's key of a video."""
        return f"temp/{form_id}/source_{index}.mp4"

    def belong_to(self, tenant: str, form_id: str, job_id: str) -> None:
        """Write down which job reads them."""
        self._store.put_bytes(temp_prefix(tenant, form_id) + _NOTE, json.dumps({"job_id": job_id}).encode())

    def delete(self, tenant: str, form_id: str) -> None:
        """Leave nothing of a form; the note goes last."""
        place = temp_prefix(tenant, form_id)
        for info in sorted(self._store.list(place), key=lambda each: each.key == place + _NOTE):
            self._store.delete(info.key)

    def sweep(self, tenant: str, now: datetime) -> None:
        """Delete the sources of jobs that have ended, and of forms that never became a job."""
        place = full_key(tenant, "temp") + "/"
        names = {info.key.removeprefix(place).partition("/")[0] for info in self._store.list(place)}
        for form_id in sorted(names):
            match = _ID.fullmatch(form_id)
            if match and self._is_over(tenant, form_id, now - timedelta(milliseconds=int(match[1], 16))):
                self.delete(tenant, form_id)

    def _is_over(self, tenant: str, form_id: str, age_from_start: datetime) -> bool:
        try:
            note = json.loads(self._store.get_bytes(temp_prefix(tenant, form_id) + _NOTE))
            return self._ledger.get(tenant, str(note["job_id"])).state.terminal
        except (SourceMissingError, NotFoundError):
            # Neither a job nor a form that may still be on its way.
            return age_from_start - datetime.fromtimestamp(0, UTC) > _LONGEST_FORM
