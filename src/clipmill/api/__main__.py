"""``python -m clipmill.api > docs/openapi.json`` writes the OpenAPI document; no service is needed for it."""

import sys

from clipmill.api.app import routes_only
from clipmill.api.document import text

if __name__ == "__main__":
    sys.stdout.write(text(routes_only()))
