from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.media_factory import Recipe, Sound, make_video

from clipmill.engines.caption_duration import caption_duration
from clipmill.engines.probe import probe, require_video
from clipmill.media.captions.sampling import SettledDuration

SMALL = {"size": (64, 64), "rate": Fraction(10), "frames": 20, "gop": 5}


def settled(path: Path) -> SettledDuration:
    return caption_duration(path, require_video(probe(path)))


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(
    "changes",
    [
        {"sound": None},
        {"sound": Sound(end=Fraction(9, 4))},
        {"sound": Sound(end=Fraction(7))},
        {"sound": Sound(end=Fraction(1))},
        {"start": Fraction(3, 2), "sound": None},
        {"b_frames": 2, "sound": None},
    ],
    ids=["silent", "longer sound", "much longer sound", "shorter sound", "late", "reordered"],
)
def test_the_picture_lasts_as_long_as_its_frames_whatever_the_sound_does(
    container: str, changes: dict[str, object], tmp_path: Path
):
    path = make_video(tmp_path / f"a.{container}", Recipe(**SMALL | {"container": container} | changes))
    assert settled(path) == SettledDuration(Fraction(2), mismatch=False)


def test_where_headers_contradict_each_other_the_frames_decide(tmp_path: Path):
    path = make_video(tmp_path / "a.mp4", Recipe(**SMALL | {"sound": Sound(end=Fraction(7))}))
    measured = replace(require_video(probe(path)), duration=Fraction(5))
    assert caption_duration(path, measured) == SettledDuration(Fraction(5), mismatch=True)
