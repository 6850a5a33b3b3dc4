"""``python -m clipmill.runners.prefect``: a worker machine."""

from clipmill.runners.prefect.serve import serve
from clipmill.settings import Settings

if __name__ == "__main__":
    serve(Settings.from_environment())
