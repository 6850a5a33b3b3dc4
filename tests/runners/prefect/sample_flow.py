"""The flow that the tests deploy: the sample functions on the same worker as the real ones."""

from tests.runners.prefect.waiting_functions import KNOWN

from clipmill.runners.prefect.flows import job_flow
from clipmill.runners.prefect.worker import Worker

clipmill_job = job_flow(Worker(KNOWN))
