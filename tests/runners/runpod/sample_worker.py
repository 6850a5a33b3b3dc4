"""A worker that knows the sample functions beside the real ones."""

from tests.jobs.sample_functions import CATALOGUE

from clipmill.functions.catalog import CATALOG
from clipmill.runners.runpod.serve import serve

if __name__ == "__main__":
    serve({**CATALOG, **CATALOGUE})
