"""The same flow with a quicker pulse, for a server that takes runs for gone after half the time, and shorter terms."""

from tests.runners.prefect.waiting_functions import KNOWN

from clipmill.runners.prefect.flows import job_flow
from clipmill.runners.prefect.places import Terms
from clipmill.runners.prefect.worker import Worker

clipmill_job = job_flow(Worker(KNOWN, beat_s=2.0, terms=Terms(2.0, 12.0, 18.0)))
