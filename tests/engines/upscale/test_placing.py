import gc
from fractions import Fraction

import numpy as np
import pytest
from tests.engines.drawing import clip_plan, copied, draw, picture_of
from tests.engines.upscale.nets import compact, cubic_enlarger, saved, torch

from clipmill.engines.decode import PictureReader
from clipmill.engines.device.resample import resample
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.look import Look
from clipmill.engines.upscale.enlarging import Enlarger
from clipmill.engines.upscale.placing import EnlargedPlacer, resampled_in_bands
from clipmill.engines.upscale.weights import Weights
from clipmill.media.choices import Motion, UpscaleModel
from clipmill.media.geometry import Box, Fit
from clipmill.media.timeline import SegmentEdits, canonical_timeline

SMALL = (0, (100, 50, 40, 40))
PAN = [(0, (10.3, 20.7, 180, 240)), (1, (330.9, 60.1, 240, 240))]


def enlarged(path, output, *keys, tmp_path, network=cubic_enlarger, frames=(), **more):
    """Frames of a clip that a network draws."""
    video = picture_of(path)
    named = saved(network(), tmp_path / "w.pth")
    weights = Weights(UpscaleModel.GENERAL, tmp_path / "w.pth", named["sha256"])
    drawer = ClipDrawer(clip_plan(video, output, *keys, **more), path, video, 1, weights=weights)
    return [copied(frame) for frame in drawer.frames(*frames)]


def psnr(left, right) -> float:
    error = np.mean((left.astype(float) - right) ** 2)
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)


@pytest.mark.parametrize(
    "case",
    [
        ("cfr_25", (200, 240), PAN, {}),
        ("cfr_25", (96, 120), PAN, {}),
        ("cfr_25", (160, 240), PAN, {"rotation": 7.5}),
        ("cfr_25", (90, 160), [], {"rotation": -31.0}),
        ("cfr_25", (120, 200), PAN, {"fit": Fit.CONTAIN, "pad_color": "#C04020"}),
        ("rotated_90", (180, 120), [(0, (20.5, 40.25, 300, 200))], {}),
        ("wide_pixels", (160, 160), [], {}),
        ("odd_444", (100, 80), [], {}),
        ("h264_10_bit", (100, 160), [], {}),
        ("full_range", (100, 160), [], {}),
    ],
)
def test_a_network_that_enlarges_as_a_cubic_kernel_changes_next_to_nothing(videos, tmp_path, case):
    name, output, keys, more = case
    source = videos(name)
    for number in (0, 10):
        (mine,) = enlarged(source, output, *keys, tmp_path=tmp_path, frames=(number, number + 1), **more)
        ((plain),) = draw(source, output, *keys, frames=(number, number + 1), **more).frames
        assert psnr(mine[0], plain[0]) > 34
        # Misplaced by a quarter of a pixel, most pictures would differ by more than a level.
        assert abs(mine[0].astype(float).mean() - plain[0].mean()) < 0.5
        for plane in (1, 2):
            assert np.abs(mine[plane].astype(float) - plain[plane]).mean() < 1


def whole(network) -> Enlarger:
    """Draws every picture in one tile."""
    made = Enlarger(network)
    made._side = 4096
    return made


@pytest.mark.parametrize(("top", "height"), [(0.0, 700.0), (-3.25, 300.5), (100.7, 1000.0), (-20.0, 3000.0)])
def test_a_picture_that_is_sampled_some_rows_at_a_time_is_sampled_as_a_whole(top, height):
    torch.manual_seed(0)
    picture, box = torch.rand(3, 900, 40).half(), Box(3.5, top, 30.25, height)
    whole = resample(picture.float(), box, (24, 600))
    assert torch.allclose(resampled_in_bands(picture, box, (24, 600)), whole, atol=1e-5)


class Counted(torch.nn.Module):
    """Counts what a network is given to see."""

    reach, values_per_sample = 1, 1

    def __init__(self) -> None:
        super().__init__()
        self.network, self.seen = compact(), list[tuple[int, int]]()

    def forward(self, picture):
        self.seen.append((picture.shape[-1], picture.shape[-2]))
        return self.network(picture)


def test_a_network_sees_the_box_its_margin_and_nothing_else(videos):
    video = picture_of(videos("cfr_25"))
    plan = clip_plan(video, (100, 200), (0, (100.5, 50, 80, 160)), (1, (200, 60, 60, 120)))
    network = Counted()
    placer = EnlargedPlacer(plan, video, whole(network))
    pictures = PictureReader(videos("cfr_25"), video, 1).pictures(Fraction(0), Fraction(1, 5))
    looks = (Look(plan.placement_at(picture.time), picture.frame) for picture in pictures)
    assert len(list(placer.drawn(looks))) == 5
    assert set(network.seen) == {(97, 176)}


def test_a_picture_that_is_shown_again_is_not_drawn_again(videos):
    video = picture_of(videos("cfr_25"))
    slow = canonical_timeline(SegmentEdits(segments=((Fraction(0), Fraction(1, 5), Fraction(1, 4)),)), Fraction(1, 5))
    plan = clip_plan(video, (64, 64), SMALL, timeline=slow, motion=Motion.BLEND)
    network = Counted()
    drawer = ClipDrawer(plan, videos("cfr_25"), video, 1)
    drawer._placer = EnlargedPlacer(plan, video, whole(network))
    assert len(list(drawer.frames())) == 20
    assert len(network.seen) <= 6


class Batches(Enlarger):
    """Draws so many pictures at once, as a card does, and counts what it draws."""

    def __init__(self, network, pictures: int) -> None:
        super().__init__(network)
        self._side, self.pictures, self.drawn = 4096, pictures, list[int]()

    def at_once(self, size):
        return self.pictures

    def enlarged(self, pictures):
        self.drawn.append(len(pictures))
        return super().enlarged(pictures)


SLOW = SegmentEdits(segments=((Fraction(0), Fraction(2, 5), Fraction(1, 2)),))


@pytest.mark.parametrize(("edits", "batches"), [(None, [4, 4, 2]), (SLOW, [3, 2, 2, 2, 2])])
def test_pictures_that_are_drawn_at_once_are_those_that_are_drawn_alone(videos, edits, batches):
    video, network = picture_of(videos("cfr_25")), compact()
    timeline = canonical_timeline(edits, Fraction(2, 5))
    plan = clip_plan(video, (64, 64), SMALL, timeline=timeline, motion=Motion.BLEND)
    shown: dict[int, list] = {}
    for at_once in (1, 4):
        drawer = ClipDrawer(plan, videos("cfr_25"), video, 1)
        made = Batches(network, at_once)
        drawer._placer = EnlargedPlacer(plan, video, made)
        shown[at_once] = [copied(frame) for frame in drawer.frames()]
        assert sum(made.drawn) == sum(batches)
    assert made.drawn == batches
    assert len(shown[1]) == len(shown[4])
    for alone, together in zip(shown[1], shown[4], strict=True):
        assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(alone, together, strict=True))


def is_half(found: object) -> bool:
    """Large pictures are the only numbers of half precision here."""
    return type(found) is torch.Tensor and found.dtype is torch.float16


def test_no_more_large_pictures_are_held_than_a_frame_needs(videos):
    video = picture_of(videos("cfr_25"))
    timeline = canonical_timeline(SLOW, Fraction(2, 5))
    plan = clip_plan(video, (64, 64), SMALL, timeline=timeline, motion=Motion.BLEND)
    drawer, held = ClipDrawer(plan, videos("cfr_25"), video, 1), list[int]()
    drawer._placer = EnlargedPlacer(plan, video, whole(compact()))
    for _ in drawer.frames():
        held.append(len({each.data_ptr() for each in gc.get_objects() if is_half(each)}))
    assert len(held) == 20
    assert max(held) == 2


def test_a_frame_that_the_source_repeats_is_not_drawn_again(videos):
    video = picture_of(videos("cfr_25"))
    plan = clip_plan(video, (64, 64))
    network = Counted()
    placer = EnlargedPlacer(plan, video, whole(network))
    (picture,) = PictureReader(videos("cfr_25"), video, 1).pictures(Fraction(0), Fraction(1, 25))
    twin = picture.frame.reformat(format="yuv444p").reformat(format="yuv420p")
    looks = [Look(plan.placement_at(Fraction(0)), frame) for frame in (picture.frame, twin)]
    drawn = [copied(frame) for frame in placer.drawn(looks)]
    assert twin is not picture.frame
    assert len(network.seen) == 1
    assert (drawn[0][0] == drawn[1][0]).all()
