"""Exports as editors send them: named by the editor, made a job of ours, found again by their name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clipmill.api.intake import submission
from clipmill.api.shapes import JobBody
from clipmill.errors import InvalidRequestError, NotFoundError
from clipmill.function.job_types import COMPILATION, FUNCTION_NAMES, JobType
from clipmill.function.strict_json import read_object
from clipmill.jobs.job import new_job_id
from clipmill.jobs.ledger.record import JobRecord
from clipmill.storage.keys import validate_job_id

if TYPE_CHECKING:
    from clipmill.jobs.dispatch import Service

MULTI_CLIP = "export_multi_clip"
_LABELS = ("export_id", "project_id", "project_name")
_LONGEST_LABEL = 256


@dataclass(frozen=True)
class Export:
    """What an editor wants; ``labels`` has its own name for it."""

    function: str
    request: Mapping[str, Any]
    labels: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.labels["export_id"]

    def submit(self, service: "Service", tenant: str) -> JobRecord:
        """The job; sent again under the same name and unchanged, it is the same one."""
        body = JobBody(function=self.function, request=dict(self.request), labels=dict(self.labels))
        wanted = submission(service, tenant, body, f"export:{self.id}")
        job = service.ledger.submit(wanted, service.limits.queued_jobs)
        service.wake()
        return job


def from_form(fields: Mapping[str, str], source_keys: list[str]) -> Export:
    """An export of several clips, from the fields of a form."""
    labels = labels_of(fields)
    data = read_object(fields.get("multi_clip_data_json", "").encode(), "multi_clip_data_json")
    request = data | dict(_choices(fields))
    if source_keys:
        request["source_keys"] = source_keys
    return Export(MULTI_CLIP, _with_output(request, labels["export_id"]), labels)


def from_json(kind: JobType, body: Mapping[str, Any]) -> Export:
    """An export of one video, from a JSON object: its keys, and the parameters flat or under ``params``."""
    names = {"exportId": "export_id", "projectId": "project_id", "projectName": "project_name"}
    settled = {names.get(name, name): value for name, value in body.items()}
    labels = labels_of({name: settled.pop(name, None) for name in _LABELS})
    params = settled.pop("params", {})
    if not isinstance(params, Mapping):
        raise InvalidRequestError(f"params: expected an object, got {params!r:.100}.", details={"field": "params"})
    defaults = COMPILATION if kind is JobType.ANNOTATE else {}
    request = {**defaults, **params, **settled}
    return Export(FUNCTION_NAMES[kind], _with_output(request, labels["export_id"]), labels)


def labels_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The editor's names; an export without one gets one."""
    labels = {name: given[name] for name in _LABELS if given.get(name) not in {None, ""}}
    for name, value in labels.items():
        if not isinstance(value, str) or len(value) > _LONGEST_LABEL:
            raise InvalidRequestError(
                f"{name}: expected text of at most {_LONGEST_LABEL} characters, got {value!r:.100}."
            )
    return labels | {"export_id": validate_job_id(labels.get("export_id") or new_job_id())}


def find_export(service: "Service", tenant: str, export_id: str) -> JobRecord:
    """The latest job of that name."""
    job = service.ledger.labelled(tenant, "export_id", export_id)
    if job is None:
        raise NotFoundError(f"there is no export {export_id!r:.140}. Check the id, and whose key asks.")
    return job


def _choices(fields: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Fields of a form that carry a choice, as JSON has it."""
    if sound := fields.get("include_audio"):
        words = {"true": True, "1": True, "false": False, "0": False}
        if sound.lower() not in words:
            raise InvalidRequestError(f"include_audio: expected true or false, got {sound!r:.40}.")
        yield "include_audio", words[sound.lower()]
    if rate := fields.get("target_fps"):
        yield "target_fps", rate


def _with_output(request: Mapping[str, Any], export_id: str) -> dict[str, Any]:
    named = {"output_key", "outputKey"} & request.keys()
    return {**request} if named else {**request, "output_key": f"output/{export_id}/video.mp4"}
