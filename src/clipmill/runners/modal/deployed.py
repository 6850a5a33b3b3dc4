"""The app of this deployment's settings, for ``modal deploy -m clipmill.runners.modal.deployed``."""

from clipmill.functions.catalog import CATALOG
from clipmill.runners.modal.app import Bodies, build
from clipmill.runners.modal.worker import plain, stream
from clipmill.settings import Settings

app = build(Settings.from_environment(), CATALOG, Bodies(plain, stream))
