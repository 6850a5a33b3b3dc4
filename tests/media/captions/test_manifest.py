import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from clipmill.errors import CorruptArtifactError, SchemaMismatchError
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.levels import every_chunk
from clipmill.media.captions.manifest import (
    EncoderFacts,
    Manifest,
    ManifestChunk,
    ModelFacts,
    SourceFacts,
    parse_manifest,
)
from clipmill.media.captions.region import CropRegion, PixelRect
from clipmill.media.geometry import Size

PLACE = VideoKeys("team", "match").cropped_frames(3)
DIGEST = "0123456789abcdef" * 4


def a_manifest(frame_count: int = 40, rate: Fraction = Fraction(10)) -> Manifest:
    chunks = tuple(
        ManifestChunk(one.level, one.number, one.frames, 1000 + one.number, DIGEST) for one in every_chunk(frame_count)
    )
    return Manifest(
        place=PLACE, created_at="2026-03-04T05:06:07.089Z", frame_count=frame_count, frame_rate=rate,
        crop_region=CropRegion(0.1, 0.8, 0.9, 0.95), pixel_rect=PixelRect(192, 864, 1536, 162), frame_size=Size(1920, 1080),
        source=SourceFacts("team/raw/ä.mp4", 5, "e", 4.0), encoder=EncoderFacts(30), model=ModelFacts("textchange", "1", DIGEST),
        run_id="run", chunks=chunks,
    )  # fmt: skip


def changed(**fields: Any) -> str:
    return json.dumps(a_manifest().to_json() | fields)


def test_a_manifest_reads_back_as_it_was_written():
    for manifest in (a_manifest(), a_manifest(1), a_manifest(600, Fraction(30000, 1001))):
        assert parse_manifest(manifest.to_text(), PLACE) == manifest


def test_the_text_is_sorted_compact_and_ends_with_a_line_break():
    text = a_manifest(1).to_text()
    assert text.startswith(
        '{"chunks":[{"bytes":1000,"first_frame":0,"frames":1,"key":"modulo_16/chunk_0000.webm","level":16,'
    )
    assert text.endswith('"version":3,"video_id":"match"}\n')
    assert '"key":"team/raw/ä.mp4"' in text
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def test_it_has_exactly_the_fields_of_the_format():
    said = a_manifest(600, Fraction(25, 2)).to_json()
    assert sorted(said) == sorted([
        "manifest_version", "tenant_id", "video_id", "version", "created_at", "frame_count", "frame_rate", "frame_rate_fraction",
        "crop_region", "pixel_rect", "pixel_size", "frame_size", "source", "encoder", "model", "run_id", "levels", "frames_per_chunk",
        "total_bytes", "chunks",
    ])  # fmt: skip
    assert (said["frame_rate"], said["frame_rate_fraction"], said["levels"]) == (12.5, "25/2", [16, 4, 1])
    assert said["total_bytes"] == sum(chunk["bytes"] for chunk in said["chunks"])
    assert [chunk["key"] for chunk in said["chunks"][:3]] == [
        "modulo_16/chunk_0000.webm", "modulo_16/chunk_0001.webm", "modulo_4/chunk_0000.webm",
    ]  # fmt: skip
    assert said["pixel_size"] == {"width": 1536, "height": 162}


def test_one_chunk_is_found_by_its_place():
    assert a_manifest(600).chunk(4, 2).frames == range(256, 384, 4)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '{"manifest_version":"1"}', "[" * 100_000])
def test_what_is_no_manifest_is_corrupt(text):
    with pytest.raises(CorruptArtifactError, match=r"cropped_frames_v3/manifest\.json"):
        parse_manifest(text, PLACE)


@pytest.mark.parametrize("fields", [
    {"total_bytes": 1}, {"frame_count": 33}, {"frame_count": 0}, {"chunks": []}, {"frame_rate": 25.0}, {"frame_rate_fraction": "61/1"},
    {"extra": 1}, {"pixel_size": {"width": 2, "height": 2}}, {"pixel_rect": {"left": 192, "top": 864, "width": 1536, "height": 300}},
    {"pixel_rect": {"left": 1, "top": 1, "width": 15, "height": 16}}, {"created_at": "2026-03-04 05:06:07"}, {"levels": [16, 4]},
    {"crop_region": {"crop_left": 0.9, "crop_top": 0, "crop_right": 0.1, "crop_bottom": 1}}, {"run_id": 7}, {"version": 4},
    {"tenant_id": "other"}, {"encoder": {"codec": "vp9", "crf": "30", "pix_fmt": "yuv420p"}}, {"source": {"key": "k"}},
])  # fmt: skip
def test_a_field_that_contradicts_the_others_is_corrupt(fields):
    with pytest.raises(CorruptArtifactError):
        parse_manifest(changed(**fields), PLACE)


def test_a_chunk_that_is_missing_doubled_or_in_another_order_is_corrupt():
    chunks = a_manifest(600).to_json()["chunks"]
    for wrong in (chunks[:-1], [*chunks, chunks[-1]], [chunks[1], chunks[0], *chunks[2:]]):
        with pytest.raises(CorruptArtifactError):
            parse_manifest(json.dumps(a_manifest(600).to_json() | {"chunks": wrong}), PLACE)


def test_a_manifest_that_lacks_a_field_is_corrupt():
    for field in a_manifest().to_json():
        said = a_manifest().to_json()
        del said[field]
        with pytest.raises(CorruptArtifactError):
            parse_manifest(json.dumps(said), PLACE)


def test_a_newer_manifest_says_so():
    with pytest.raises(SchemaMismatchError, match="newer"):
        parse_manifest(changed(manifest_version=2), PLACE)


def test_a_wrong_manifest_is_not_even_made():
    with pytest.raises(CorruptArtifactError, match="SHA-256"):
        replace(a_manifest(1), chunks=tuple(replace(one, sha256="short") for one in a_manifest(1).chunks))
