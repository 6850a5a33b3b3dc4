"""``--parts``: one long call, shared out to the cores of this machine."""

from dataclasses import replace
from typing import Any

from clipmill.cli.workplace import Workplace
from clipmill.jobs.job import Job
from clipmill.settings import cores

AUTO = "auto"


def run_in_parts(place: Workplace, job: Job, parts: str) -> dict[str, Any]:
    """The result of a job that is rendered in parts; auto is one for each core, or none where one would do."""
    count = cores() if parts == AUTO else int(parts)
    request = {"function": job.function, "request": job.request, "parts": count}
    parted = replace(job, function="render_in_parts", request=request)
    if parts == AUTO and len(place.plan(parted)["parts"]) <= 1:
        return place.run(job, job.function)
    return place.run(parted, job.function, at_once=count)
