import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import ForbiddenError, InvalidParameterError
from clipmill.media.captions.keys import (
    ChunkKey,
    CroppedFrames,
    Export,
    VideoKeys,
    check_identifier,
    check_video_key,
    chunk_key,
    next_version,
    parse_chunk_key,
    parse_chunk_name,
    parse_chunks_prefix,
    parse_frame_key,
    versions_among,
    without_tenant,
)
from clipmill.media.captions.levels import LEVELS

identifiers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda text: ".." not in text)
counts = st.integers(0, 99) | st.integers(9_990, 10_010) | st.integers(999_990, 10_000_000)
MATCH = VideoKeys("team-7", "match_2026.a")


@LAW
@given(identifiers, identifiers, st.integers(1, 10**6), st.sampled_from(LEVELS), counts)
def test_a_chunk_key_parses_back_to_the_same_five_values(tenant, video, version, level, number):
    frames = CroppedFrames(VideoKeys(tenant, video), version)
    assert parse_chunk_key(chunk_key(frames, level, number)) == ChunkKey(frames, level, number)
    assert parse_chunks_prefix(frames.prefix) == parse_chunks_prefix(frames.prefix.rstrip("/")) == frames


@LAW
@given(counts)
def test_a_frame_key_parses_back_to_its_index(frame):
    assert parse_frame_key(MATCH.full_frame(frame)) == parse_frame_key(MATCH.thumbnail(frame)) == frame


def test_keys_are_those_of_the_table():
    frames = MATCH.cropped_frames(12)
    assert [
        MATCH.full_frame(70), MATCH.thumbnail(1_234_567), MATCH.raw_ocr, MATCH.layout, frames.chunk(4, 3), frames.manifest,
        MATCH.newest_extents, MATCH.extents(12), MATCH.captions, MATCH.captions_compressed, MATCH.export(Export.VTT),
        frames.claim("c1"),
    ] == [
        "team-7/client/videos/match_2026.a/full_frames/frame_000070.jpg",
        "team-7/client/videos/match_2026.a/full_frames_thumbnails/frame_1234567.jpg",
        "team-7/server/videos/match_2026.a/raw-ocr.db.gz",
        "team-7/client/videos/match_2026.a/layout.db.gz",
        "team-7/client/videos/match_2026.a/cropped_frames_v12/modulo_4/chunk_0003.webm",
        "team-7/client/videos/match_2026.a/cropped_frames_v12/manifest.json",
        "team-7/server/videos/match_2026.a/caption_frame_extents.db",
        "team-7/server/videos/match_2026.a/caption_frame_extents/v12.db",
        "team-7/client/videos/match_2026.a/captions.db",
        "team-7/client/videos/match_2026.a/captions.db.gz",
        "team-7/client/videos/match_2026.a/captions.vtt",
        "team-7/client/videos/match_2026.a/cropped_frames_v12/.claims/c1",
    ]  # fmt: skip


def test_prefixes_end_with_a_slash_and_hold_every_key():
    frames = MATCH.cropped_frames(3)
    prefixes = [MATCH.client, MATCH.server, MATCH.full_frames, MATCH.thumbnails, frames.prefix, frames.claims]
    keys = [MATCH.raw_ocr, MATCH.layout, MATCH.newest_extents, MATCH.extents(3), MATCH.captions, frames.chunk(1, 0)]
    assert all(prefix.endswith("/") for prefix in prefixes)
    assert all(MATCH.owns(key) for key in prefixes + keys)
    assert not any(map(MATCH.owns, ("team-7/client/videos/match_2026.ab/x", "team/server/videos/match_2026.a/x")))


@pytest.mark.parametrize("key", [
    "t/client/videos/v/cropped_frames_v01/modulo_4/chunk_0000.webm",
    "t/client/videos/v/cropped_frames_v0/modulo_4/chunk_0000.webm",
    "t/client/videos/v/cropped_frames_v1/modulo_8/chunk_0000.webm",
    "t/client/videos/v/cropped_frames_v1/modulo_4/chunk_000.webm",
    "t/client/videos/v/cropped_frames_v1/modulo_4/chunk_01000.webm",
    "t/client/videos/v/cropped_frames_v1/modulo_4/chunk_0000.webm\n",
    "t/server/videos/v/cropped_frames_v1/modulo_4/chunk_0000.webm",
    "t/client/videos/v/cropped_frames_v\u0661/modulo_4/chunk_0000.webm",
    "t/client/videos/../cropped_frames_v1/modulo_4/chunk_0000.webm",
    "/t/client/videos/v/cropped_frames_v1/modulo_4/chunk_0000.webm",
    "",
])  # fmt: skip
def test_a_key_that_nobody_built_is_no_chunk(key):
    with pytest.raises(InvalidParameterError):
        parse_chunk_key(key)


def test_a_prefix_of_chunks_ends_behind_its_version():
    for prefix in (
        "t/client/videos/v/cropped_frames_v1/modulo_1/",
        "t/client/videos/v/",
        "t/client/videos/v/cropped_frames_v1//",
    ):
        with pytest.raises(InvalidParameterError):
            parse_chunks_prefix(prefix)


def test_a_chunk_name_is_relative_to_its_version():
    assert parse_chunk_name("modulo_16/chunk_12345.webm") == (16, 12345)


@pytest.mark.parametrize("identifier", ["", ".a", "_a", "a..b", "a/b", "a b", "ä", "a" * 129, "a\n", 7, None])
def test_an_identifier_outside_of_the_alphabet_is_refused_with_its_field(identifier):
    with pytest.raises(InvalidParameterError, match="video_id"):
        check_identifier(identifier, "video_id")


def test_identifiers_of_one_and_of_128_characters_are_fine():
    assert [check_identifier(name, "tenant_id") for name in ("7", "a" * 128, "A.b_c-d")] == ["7", "a" * 128, "A.b_c-d"]


@pytest.mark.parametrize(
    "key", ["", "/team/a.mp4", "team/../b", "team/a\\b", "team/a\x1f", "team/a\x7f", "team/" + "é" * 510, "team/\ud800"]
)
def test_a_malformed_video_key_is_the_callers_mistake(key):
    with pytest.raises(InvalidParameterError):
        check_video_key(key, "team")


def test_a_key_of_1024_bytes_is_the_longest():
    longest = "team/" + "é" * 509 + "a"
    assert check_video_key(longest, "team") == longest


def test_a_key_of_another_tenant_is_forbidden():
    for key in ("other/a.mp4", "team2/a.mp4", "test/a.mp4"):
        with pytest.raises(ForbiddenError, match=re.escape(key)):
            check_video_key(key, "team")
        with pytest.raises(ForbiddenError):
            without_tenant(key, "team")


def test_a_shared_prefix_may_be_read_by_every_tenant():
    assert (
        check_video_key("test/a.mp4", "team", ["test/"])
        == check_video_key("test/a.mp4", "other", ["test"])
        == "test/a.mp4"
    )
    with pytest.raises(ForbiddenError):
        check_video_key("testing/a.mp4", "team", ["test"])


def test_a_tenants_own_store_names_a_key_without_the_tenant():
    assert without_tenant(MATCH.captions, "team-7") == "client/videos/match_2026.a/captions.db"


def test_the_next_version_counts_every_trace_of_an_earlier_one():
    keys = [
        MATCH.cropped_frames(9).claim("x"),
        MATCH.cropped_frames(30).chunk(1, 5),
        VideoKeys("team-7", "b").cropped_frames(77).manifest,
    ]
    listed = versions_among(MATCH, [*keys, f"{MATCH.client}cropped_frames_v042/", f"{MATCH.client}cropped_frames_v31"])
    assert listed == {9, 30}
    assert next_version({*listed, 31, 4}) == 32
    assert next_version(()) == 1


@pytest.mark.parametrize("version", [0, -1, True, 1.0, "1"])
def test_a_version_counts_from_one(version):
    with pytest.raises(InvalidParameterError, match="version"):
        MATCH.cropped_frames(version)
