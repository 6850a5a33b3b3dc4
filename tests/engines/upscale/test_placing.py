from fractions import Fraction

import numpy as np
import pytest
from tests.engines.drawing import clip_plan, copied, draw, picture_of
from tests.engines.upscale.nets import compact, cubic_enlarger, saved, torch

from clipmill.engines.decode import PictureReader
from clipmill.engines.device.resample import resample
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.upscale.enlarging import Enlarger
from clipmill.engines.upscale.placing import EnlargedPlacer, resampled_in_bands
from clipmill.engines.upscale.weights import Weights
from clipmill.media.choices import Motion, UpscaleModel
from clipmill.media.geometry import Box, Fit
from clipmill.media.timeline import SegmentEdits, canonical_timeline

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
    for picture in PictureReader(videos("cfr_25"), video, 1).pictures(Fraction(0), Fraction(1, 5)):
        placer.placed(picture.frame, plan.placement_at(picture.time))
    assert set(network.seen) == {(97, 176)}


def test_a_picture_that_is_shown_again_is_not_drawn_again(videos):
    video = picture_of(videos("cfr_25"))
    slow = canonical_timeline(SegmentEdits(segments=((Fraction(0), Fraction(1, 5), Fraction(1, 4)),)), Fraction(1, 5))
    plan = clip_plan(video, (64, 64), timeline=slow, motion=Motion.BLEND)
    network = Counted()
    drawer = ClipDrawer(plan, videos("cfr_25"), video, 1)
    drawer._placer = EnlargedPlacer(plan, video, whole(network))
    assert len(list(drawer.frames())) == 20
    assert len(network.seen) <= 6


def test_a_frame_that_the_source_repeats_is_not_drawn_again(videos):
    video = picture_of(videos("cfr_25"))
    plan = clip_plan(video, (64, 64))
    network = Counted()
    placer = EnlargedPlacer(plan, video, whole(network))
    (picture,) = PictureReader(videos("cfr_25"), video, 1).pictures(Fraction(0), Fraction(1, 25))
    twin = picture.frame.reformat(format="yuv444p").reformat(format="yuv420p")
    drawn = [copied(placer.placed(frame, plan.placement_at(Fraction(0)))) for frame in (picture.frame, twin)]
    assert twin is not picture.frame
    assert len(network.seen) == 1
    assert (drawn[0][0] == drawn[1][0]).all()
