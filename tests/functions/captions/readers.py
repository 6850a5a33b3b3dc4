"""Models and videos for runs of the caption functions: a caption is where the picture is bright."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from tests.contexts import FolderContext
from tests.media_factory import Recipe, make_video

from clipmill.engines.pair_models import PairContext
from clipmill.engines.pair_models.model import Frames, Rows
from clipmill.engines.pair_models.strokes import product_rule

TENANT, VIDEO = "team", "match"
CLIENT, SERVER = f"client/videos/{VIDEO}/", f"server/videos/{VIDEO}/"
BRIGHT = range(5, 12)
RECIPE = Recipe(size=(160, 90), rate=Fraction(10), frames=20, gop=1, sound=None, flashes=tuple(BRIGHT))
BAND = {"crop_left": 0.1, "crop_top": 0.0, "crop_right": 0.9, "crop_bottom": 0.2}


class Brightness:
    """A caption is there when the band is bright; all captions are the same."""

    name, version, sha256 = "brightness", "7", "a" * 64

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        return np.array(
            [product_rule(_shown(one), _shown(other), 0.96) for one, other in zip(first, second, strict=True)]
        )


class Nonsense(Brightness):
    """Gives up in the middle of the video."""

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        rows = super().predict(first, second, context)
        return rows * np.nan if any(_shown(one) > 0.5 for one in second) else rows


def _shown(picture: np.ndarray) -> float:
    return 0.98 if picture.mean() > 180 else 0.02


def video(world: FolderContext, **changes: object) -> str:
    """A video in the world, and the key that names it in requests."""
    make_video(world.folder / "raw.mp4", replace(RECIPE, **changes))
    return f"{TENANT}/raw.mp4"


def request(video_key: str, **more: object) -> dict[str, object]:
    return {
        "video_key": video_key,
        "tenant_id": TENANT,
        "video_id": VIDEO,
        "crop_region": BAND,
        "hwaccel": "none",
    } | more


def objects(world: FolderContext) -> set[str]:
    """What is stored, but for the marks of reservations and the source."""
    found = {path.relative_to(world.folder).as_posix() for path in Path(world.folder).rglob("*") if path.is_file()}
    return {name for name in found if ".scratch" not in name and ".claims" not in name and name != "raw.mp4"}
