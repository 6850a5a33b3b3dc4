from fractions import Fraction

import pytest

from clipmill.errors import ContractError, InvalidParameterError
from clipmill.function.caption_shapes import (
    CaptionOcrBatchRequest,
    CaptionOcrBatchResult,
    CaptionOcrItem,
    CaptionOcrRequest,
    CaptionOcrResult,
    CropInferRequest,
    CropInferResult,
    ExtractFramesRequest,
    Failure,
    PublishCaptionsRequest,
)

VIDEO = {"video_key": "team/raw/a.mp4", "tenant_id": "team", "video_id": "match"}
REGION = {"crop_left": 0.1, "crop_top": 0.8, "crop_right": 0.9, "crop_bottom": 0.95}
CHUNKS = {"chunks_prefix": "team/client/videos/match/cropped_frames_v3"}
READ = CaptionOcrResult(ocr_text="Hi", confidence=0.5, frame_count=3)


def test_rates_are_exact():
    assert ExtractFramesRequest.parse(VIDEO).frame_rate == Fraction(1, 10)
    assert ExtractFramesRequest.parse(VIDEO | {"frame_rate": "1/3"}).frame_rate == Fraction(1, 3)
    cropped = CropInferRequest.parse(VIDEO | {"crop_region": REGION, "frame_rate": "30000/1001"})
    assert cropped.frame_rate == Fraction(30000, 1001)
    assert CropInferRequest.parse(cropped.model_dump(mode="json")) == cropped


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frame_rate", 0.5),
        ("frame_rate", 61),
        ("frame_rate", float("nan")),
        ("inference_batch_size", 0),
        ("inference_batch_size", 4097),
        ("encoder_workers", 65),
        ("crf", 64),
        ("crf", -1),
        ("min_caption_frames", 601),
        ("min_caption_frames", True),
        ("crop_region", REGION | {"crop_right": 1.1}),
        ("crop_region", REGION | {"crop_bottom": 0.8}),
        ("crop_region", REGION | {"crop_top": float("nan")}),
        ("tenant_id", "a..b"),
        ("video_id", ""),
        ("hwaccel", "gpu"),
    ],
)
def test_a_parameter_out_of_bounds_is_told_by_its_name(field, value):
    with pytest.raises(InvalidParameterError) as told:
        CropInferRequest.parse(VIDEO | {"crop_region": REGION, field: value})
    assert isinstance(told.value, ValueError)
    assert told.value.details["field"].startswith(field)


@pytest.mark.parametrize(
    "key", ["/raw/a.mp4", "team/../other/a.mp4", "team\\a.mp4", "team/\n.mp4", "", "team/" + "a" * 1020]
)
def test_what_is_no_key_is_refused_by_its_form(key):
    with pytest.raises(InvalidParameterError, match="video_key"):
        ExtractFramesRequest.parse(VIDEO | {"video_key": key})


def test_whether_a_key_may_be_read_is_not_for_a_request_to_say():
    assert ExtractFramesRequest.parse(VIDEO | {"video_key": "test/a.mp4"}).video_key == "test/a.mp4"


@pytest.mark.parametrize("bounds", [15, 4097])
def test_max_frames_is_bounded(bounds):
    with pytest.raises(InvalidParameterError, match="max_frames"):
        CaptionOcrRequest.parse(CHUNKS | {"start_frame": 0, "end_frame": 1, "max_frames": bounds})


def test_more_captions_than_a_batch_holds_are_refused():
    captions = [{"caption_id": str(at), "start_frame": 0, "end_frame": 1} for at in range(1001)]
    assert len(CaptionOcrBatchRequest.parse(CHUNKS | {"captions": captions[:1000]}).captions) == 1000
    with pytest.raises(InvalidParameterError, match="captions"):
        CaptionOcrBatchRequest.parse(CHUNKS | {"captions": captions})


def test_the_tenant_of_chunks_is_the_one_of_their_prefix():
    assert CaptionOcrRequest.parse(CHUNKS | {"start_frame": 0, "end_frame": 1}).tenant_id == "team"


def test_a_version_counts_from_one():
    with pytest.raises(InvalidParameterError, match="version"):
        PublishCaptionsRequest.parse({"tenant_id": "t", "video_id": "v", "version": 0, "lock_token": "x"})


@pytest.mark.parametrize(
    "result",
    [
        READ,
        CropInferResult(
            version=2, caption_frame_extents_db_key="k", cropped_frames_prefix="p", label_counts={"same": 3}
        ),
        CaptionOcrBatchResult(
            items=[
                CaptionOcrItem(caption_id="a", start_frame=0, end_frame=1, result=READ),
                CaptionOcrItem(caption_id="b", start_frame=4, end_frame=1, error=Failure(code="x", message="y")),
            ]
        ),
    ],
)
def test_a_result_comes_back_equal_from_its_dict(result):
    assert type(result).from_dict(result.to_dict()) == result


@pytest.mark.parametrize(
    "change", [{"confidence": "0.5"}, {"frame_count": 1.5}, {"surprise": 1}, {"result_version": "1"}, {"lines": None}]
)
def test_a_dict_with_wrong_or_unknown_fields_breaks_the_contract(change):
    with pytest.raises(ContractError, match=next(iter(change))):
        CaptionOcrResult.from_dict(READ.to_dict() | change)


@pytest.mark.parametrize("field", ["ocr_text", "level", "result_version"])
def test_a_dict_without_a_field_breaks_the_contract(field):
    told = READ.to_dict()
    del told[field]
    with pytest.raises(ContractError, match=field):
        CaptionOcrResult.from_dict(told)


def test_fields_of_a_newer_version_are_left_out():
    assert CaptionOcrResult.from_dict(READ.to_dict() | {"surprise": 1, "result_version": 2}).ocr_text == "Hi"
