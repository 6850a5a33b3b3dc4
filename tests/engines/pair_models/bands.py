"""Caption bands for the tests, with lettering that changes as it is told."""

import cv2
import numpy as np

from clipmill.engines.pair_models import PairContext
from clipmill.media.captions.region import CropRegion
from clipmill.media.geometry import Size

CONTEXT = PairContext(CropRegion(0.1, 0.8, 0.9, 0.95), Size(1280, 720))


def band(text="", *, width=640, height=80, left=120, seed=0, scale=1.1):
    """A band over a soft background that differs from seed to seed."""
    noise = np.random.default_rng(seed).integers(40, 130, (5, 20, 3)).astype(np.uint8)
    picture = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return lettered(picture, text, left=left, scale=scale)


def lettered(picture, text, *, left=120, scale=1.1):
    """The picture with white lettering that has a dark edge."""
    for colour, thick in (((0, 0, 0), 7), ((255, 255, 255), 2)):
        place = (left, picture.shape[0] // 2 + 12)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
    return picture


def bands(*texts, **given):
    return np.stack([band(text, **given) for text in texts])
