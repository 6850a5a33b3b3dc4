import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contexts import FolderContext
from tests.workflows.clips import item, numbered

from clipmill.engines.encoders import Codec, VideoFormat, parameter_sets
from clipmill.engines.items import NOTE, Ends, ItemNote, body_headers, read_note
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

TRUE = {NOTE: 1, "frames": 45, "fps": "30", "head": 0, "tail": 0}

counts = st.integers(0, 10_000)
rates = st.builds(Fraction, st.integers(1, 240_000), st.integers(1, 1001))


@given(head=counts, body=st.integers(1, 10_000), tail=counts, fps=rates)
def test_a_note_reads_back_as_it_was_written(head: int, body: int, tail: int, fps: Fraction):
    note = ItemNote(head + body + tail, fps, Ends(head, tail))
    assert ItemNote.of(note.to_text()) == note


@given(head=counts, body=counts, tail=counts)
def test_the_tracks_of_a_note_hold_every_frame_once(head: int, body: int, tail: int):
    note = ItemNote(head + body + tail, Fraction(30), Ends(head, tail))
    assert [frame for first, last in note.tracks for frame in range(first, last)] == list(range(note.frames))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_a_comment_that_is_other_json_is_no_note(value: Any):
    assert ItemNote.of(json.dumps(value)) is None


@given(st.text())
def test_a_comment_of_any_text_is_no_note(text: str):
    assert ItemNote.of(text) is None


LIES = {
    "no frames": {"frames": 0},
    "a negative length": {"frames": -45},
    "a length without end": {"frames": float("inf")},
    "a length as text": {"frames": "45"},
    "a negative end": {"head": -1},
    "ends longer than the clip": {"head": 30, "tail": 30},
    "ends that make up for each other": {"head": 90, "tail": -45},
    "no rate": {"fps": "0"},
    "a rate over nothing": {"fps": "30/0"},
    "a negative rate": {"fps": "-30"},
    "a rate that takes all memory to read": {"fps": "1e999999999"},
    "a rate as a number": {"fps": 30},
    "another version": {NOTE: 2},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_note_that_no_item_could_have_is_none(lie: dict[str, Any]):
    assert ItemNote.of(json.dumps(TRUE)) is not None
    assert ItemNote.of(json.dumps(TRUE | lie)) is None


def test_a_comment_of_endless_brackets_is_no_note():
    assert ItemNote.of("[" * 1_000_000) is None


def commented(source: Path, path: Path, comment: str) -> Path:
    """A copy whose comment says what it likes."""
    with av.open(str(source)) as media, av.open(str(path), "w") as output:
        output.metadata["comment"] = comment
        copies = {stream.index: output.add_stream_from_template(stream) for stream in media.streams}
        for packet in media.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    return path


CLAIMS = {
    "more frames": {"frames": 46},
    "fewer frames": {"frames": 44},
    "frames beyond number": {"frames": 10**30},
    "another rate": {"fps": "25"},
    "an end of its own": {"head": 15},
    "both ends of their own": {"head": 15, "tail": 15},
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_file_that_claims_to_be_an_item_is_not_believed(claim: dict[str, Any], tmp_path: Path):
    source = numbered(tmp_path / "source.mp4", frames=45)
    assert read_note(commented(source, tmp_path / "true.mp4", json.dumps(TRUE))) is not None
    assert read_note(commented(source, tmp_path / "lie.mp4", json.dumps(TRUE | claim))) is None


def test_a_plain_video_is_no_item(tmp_path: Path):
    assert read_note(numbered(tmp_path / "source.mp4")) is None


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("ends", [(0, 0), (9, 0), (0, 9), (9, 9), (20, 25), (45, 0)])
def test_an_item_is_known_by_its_note_whatever_its_ends_and_quality(
    ends: tuple[int, int], quality: str, world: FolderContext
):
    numbered(world.folder / "source.mp4", frames=45)
    path = item(world, "source.mp4", "item.mp4", *ends, quality=quality, fps=29.97)
    assert read_note(path) == ItemNote(45, Fraction(30000, 1001), Ends(*ends))


def test_the_body_of_an_item_has_the_headers_of_every_stretch_of_its_quality(world: FolderContext):
    numbered(world.folder / "source.mp4", frames=45)
    path = item(world, "source.mp4", "item.mp4", 9, 9, quality="standard")
    note = read_note(path)
    assert note is not None
    wanted = VideoFormat(Size(90, 160), Fraction(30), Quality.STANDARD, Codec.X264)
    assert body_headers(path, note) == parameter_sets(wanted)


def test_an_item_that_transitions_cover_has_no_headers_to_copy(world: FolderContext):
    numbered(world.folder / "source.mp4", frames=45)
    path = item(world, "source.mp4", "item.mp4", 20, 25)
    note = read_note(path)
    assert note is not None
    assert body_headers(path, note) is None
