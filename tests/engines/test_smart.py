"""Smart rendering: what is planned, and how sources whose packets lie end up right all the same."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from tests.engines.damage import damaged
from tests.engines.drawing import picture_of
from tests.engines.sabotage import with_picture_set, without_content
from tests.media_factory import frame_numbers

from clipmill.engines.encoders import Codec
from clipmill.engines.painted import untouched
from clipmill.engines.patch import PatchSound
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.smart import SmartPlan, SmartRender, SmartReport, plan_smart
from clipmill.media.choices import Quality
from clipmill.media.copying import Copied, Encoded, Span

Structures = Callable[[str], Path]
CHANGED = [(Fraction(1), Fraction(6, 5))]


def planned(path: Path, changed: Any = CHANGED) -> SmartPlan:
    times = PictureTimes(path, picture_of(path))
    return plan_smart(times, Span(times.first, times.end), changed)


def rendered(plan: SmartPlan, path: Path, told: list[int] | None = None) -> SmartReport:
    render = SmartRender(plan, untouched, Quality.DRAFT, Codec.X264, 1, PatchSound)
    return render.write(path, (told if told is not None else []).append)


def seconds(plan: SmartPlan, kind: type[Span]) -> list[tuple[float, float]]:
    tick, first = plan.times.tick, plan.window.start
    return [
        (float((s.start - first) * tick), float((s.end - first) * tick)) for s in plan.stretches if isinstance(s, kind)
    ]


def test_the_group_of_a_change_is_encoded_from_the_change_on(structures: Structures):
    plan = planned(structures("no_b_frames"))
    assert seconds(plan, Encoded) == [(1, 1.44)]
    assert plan.copied_ranges == seconds(plan, Copied) == [(0, 1), (1.44, 2.4)]
    assert (plan.why_not, plan.count_frames(), plan.duration) == (None, 60, Fraction(12, 5))


def test_a_change_that_meets_no_picture_leaves_everything_to_be_copied(structures: Structures):
    plan = planned(structures("no_b_frames"), [(Fraction(101, 100), Fraction(102, 100))])
    assert plan.copied_ranges == [(0, 2.4)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("open", "no closed group"),
        ("x265_closed", "hevc"),
        ("bt601", "BT.709"),
        ("wide_pixels", None),
        ("rotated_90", None),
    ],
)
def test_a_source_that_cannot_be_taken_apart_is_one_encoded_stretch(name: str, why: str | None, structures: Structures):
    plan = planned(structures(name), [(Fraction(0), Fraction(1, 10))])
    if why is None:
        assert plan.copied_ranges
        return
    assert plan.stretches == (Encoded(plan.window.start, plan.window.end),)
    assert why in (plan.why_not or "")
    assert plan.coding is None


def test_little_is_encoded_where_it_is_little_of_much_or_little_at_all(structures: Structures):
    assert planned(structures("closed")).encodes_little
    times = PictureTimes(structures("closed"), picture_of(structures("closed")))
    long = Span(0, round(100 / times.tick))

    def encoding(lasting: int) -> SmartPlan:
        cut = round(lasting / times.tick)
        return SmartPlan(times, long, (Encoded(0, cut), Copied(cut, long.end)))

    assert [encoding(lasting).encodes_little for lasting in (5, 10, 11, 100)] == [True, True, False, False]


@pytest.mark.parametrize("name", ["two_parameter_sets", "two_sample_entries"])
def test_a_source_that_changes_its_parameters_on_the_way_is_encoded_whole(
    name: str, structures: Structures, tmp_path: Path
):
    told: list[int] = []
    report = rendered(planned(structures(name)), tmp_path / "out.mp4", told)
    assert report.fault
    assert report.plan.copied_ranges == []
    assert report.plan.why_not == report.fault
    assert frame_numbers(tmp_path / "out.mp4") == list(range(60))
    assert told[-60:] == list(range(1, 61))


def test_parameters_that_change_in_the_middle_of_a_group_are_found_out(structures: Structures, tmp_path: Path):
    source = structures("no_b_frames")
    coding = planned(source).coding
    assert coding
    unit = coding.configuration.pictures[0] + b"\x80"
    report = rendered(planned(with_picture_set(source, tmp_path / "lying.mp4", 40, unit)), tmp_path / "out.mp4")
    assert "parameter sets" in (report.fault or "")
    assert frame_numbers(tmp_path / "out.mp4") == list(range(60))


@pytest.mark.parametrize(
    ("hurt", "fault", "concealed"),
    [
        (("intra_only", 24), "a frame cannot be decoded", 1),
        (("no_b_frames", 35), None, 1),
        (("no_b_frames", 59), None, 0),
    ],
)
def test_a_picture_that_no_decoder_takes_is_stood_in_for(
    hurt: tuple[str, int], fault: str | None, concealed: int, structures: Structures, tmp_path: Path
):
    """No other picture leans on it. Far from every joint it is copied as it is."""
    name, number = hurt
    source = without_content(structures(name), tmp_path / "hurt.mp4", number)
    report = rendered(planned(source), tmp_path / "out.mp4")
    assert (report.fault, report.concealed_frames) == (fault, concealed)
    if concealed:
        expected = [number - 1 if n == number else n for n in range(60)]
        assert frame_numbers(tmp_path / "out.mp4") == expected


@pytest.mark.parametrize("pictures", [[23], [22, 23]])
def test_pictures_that_are_missing_in_an_encoded_stretch_are_a_share_of_all_that_are_shown(
    pictures: list[int], structures: Structures, tmp_path: Path
):
    source = damaged(structures("no_b_frames"), tmp_path / "hurt.mp4", pictures, kept=0)
    report = rendered(planned(source, [(Fraction(3, 5), Fraction(23, 25))]), tmp_path / "out.mp4")
    assert report.concealed_frames == len(pictures)
    assert report.fault is None
    numbers = frame_numbers(tmp_path / "out.mp4")
    assert numbers == [min(pictures) - 1 if number in pictures else number for number in range(60)]


def test_a_fault_that_is_found_out_leaves_one_file_with_the_usual_coding(structures: Structures, tmp_path: Path):
    rendered(planned(structures("two_parameter_sets")), tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    with av.open(str(tmp_path / "out.mp4")) as container:
        headers = bytes(container.streams.video[0].codec_context.extradata)
    assert headers[5] & 31 == 1
