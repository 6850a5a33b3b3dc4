"""Where the real footage lies; tests that need it are skipped by name where it is missing."""

import os
from pathlib import Path

import pytest

MEDIA = Path(os.environ.get("CLIPMILL_TEST_MEDIA", Path(__file__).parents[3] / "shared/media"))

needs_footage = pytest.mark.skipif(not MEDIA.is_dir(), reason=f"real footage is not at {MEDIA}")
