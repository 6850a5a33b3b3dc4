"""The requests of the caption functions, and what these functions return.

Convention: frame indices count tenths of a second, or frames of the cropped rate; ranges are half-open. Keys are
full, with the tenant in front. Results cross processes as plain dicts that both ends check.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.functional_serializers import PlainSerializer
from pydantic.functional_validators import PlainValidator
from pydantic.json_schema import WithJsonSchema

from clipmill.errors import ContractError, ForbiddenError, InvalidParameterError
from clipmill.function.results import AnyResult, Warn
from clipmill.function.wire import Count, Flag, Number, Text, WireModel, between
from clipmill.media.captions.keys import Export, check_identifier, check_key, check_video_key, parse_chunks_prefix
from clipmill.media.captions.layout import LayoutResult
from clipmill.media.captions.region import CropRegion
from clipmill.media.captions.sampling import cropped_rate, full_rate

MOST_CAPTIONS = 1000


def _identifier(value: str, info: ValidationInfo) -> str:
    return check_identifier(value, str(info.field_name))


def _rate_text(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


Identifier = Annotated[Text, AfterValidator(_identifier)]
"""The name of a tenant or a video."""

_RATE_ON_THE_WIRE = (
    PlainSerializer(_rate_text, return_type=str, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "description": 'a second; a number or "a/b"'}),
)
FullRate = Annotated[Fraction, PlainValidator(full_rate), *_RATE_ON_THE_WIRE]
"""Full frames a second, exact."""
CroppedRate = Annotated[Fraction, PlainValidator(cropped_rate), *_RATE_ON_THE_WIRE]
"""Cropped frames a second, exact."""


Fence = Annotated[Count, Field(ge=0)] | None
"""The number of the lock under which databases are written; None where no locks are kept."""


class HardwareDecoding(StrEnum):
    """Whether a graphics card decodes: where there is one, always, or never."""

    AUTO = "auto"
    CUDA = "cuda"
    NONE = "none"


class CaptionRequest(WireModel):
    """A request whose faults are all faults of a parameter."""

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        super().__pydantic_init_subclass__(**more)
        cls.faults = dict.fromkeys(cls.model_fields, InvalidParameterError)

    def check_owner(self, tenant: str, shared_prefixes: Iterable[str] = ()) -> None:
        """Refuse what belongs to another tenant; the tenant '' acts for whichever one the request names."""
        del shared_prefixes
        named: str | None = getattr(self, "tenant_id", None)
        if tenant and named != tenant:
            raise ForbiddenError(
                f"tenant_id {named!r:.140} is not the tenant of this call. Name your own, or use a key of that tenant.",
                details={"field": "tenant_id"},
            )


class VideoRequest(CaptionRequest):
    """One video of a tenant; its key is the tenant's own, or lies below a prefix that all may read.

    Which prefixes these are only a deployment knows: it asks `check_owner`, and again where the video would be opened.
    """

    video_key: Text
    tenant_id: Identifier
    video_id: Identifier

    @field_validator("video_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        return check_key(value, "video_key")

    def check_owner(self, tenant: str, shared_prefixes: Iterable[str] = ()) -> None:
        super().check_owner(tenant)
        check_video_key(self.video_key, self.tenant_id, shared_prefixes)


class ReadingOptions(CaptionRequest):
    """Which engine reads text, and in which languages, as BCP-47 tags; none means the engine's own."""

    ocr_engine: Text | None = None
    languages: tuple[Text, ...] = ()


class ExtractFramesRequest(VideoRequest, ReadingOptions):
    """Full frames of a video, ``frame_rate`` of them a second, and the text on them."""

    frame_rate: FullRate = Fraction(1, 10)
    hwaccel: HardwareDecoding = HardwareDecoding.AUTO


class CropRegionShape(CaptionRequest):
    """The part of the displayed frame that holds the captions, in fractions of it."""

    crop_left: Number
    crop_top: Number
    crop_right: Number
    crop_bottom: Number

    @model_validator(mode="after")
    def _is_a_region(self) -> Self:
        self.region()
        return self

    def region(self) -> CropRegion:
        return CropRegion(self.crop_left, self.crop_top, self.crop_right, self.crop_bottom)


class CropInferRequest(VideoRequest):
    """The caption band of a video, cut into chunks, and where its captions change."""

    crop_region: CropRegionShape
    frame_rate: CroppedRate = Fraction(10)
    model: Text = "textchange"
    inference_batch_size: Annotated[Count, between(1, 4096)] = 32
    encoder_workers: Annotated[Count, between(1, 64)] = 4
    crf: Annotated[Count, between(0, 63)] = 30
    min_caption_frames: Annotated[Count, between(1, 600)] = 1
    hwaccel: HardwareDecoding = HardwareDecoding.AUTO

    @field_validator("crop_region", mode="before")
    @classmethod
    def _value_is_a_mapping(cls, value: Any) -> Any:
        if isinstance(value, CropRegion):
            return {name: getattr(value, name) for name in CropRegionShape.model_fields}
        return value


class TranscriptOptions(ReadingOptions):
    """How captions are timed and read, and the forms in which they are written."""

    frame_rate: CroppedRate = Fraction(10)
    model: Text = CropInferRequest.model_fields["model"].default
    model_sha256: Text | None = None
    min_caption_frames: Annotated[Count, between(1, 600)] = 1
    formats: Annotated[tuple[Export, ...], Field(min_length=1)] = (Export.SRT,)
    spreadsheet_safe: Flag = False


class ChunksRequest(ReadingOptions):
    """Chunks of one version of a video; at most ``max_frames`` of them are used for a caption."""

    chunks_prefix: Text
    max_frames: Annotated[Count, between(16, 4096)] = 1024

    @field_validator("chunks_prefix")
    @classmethod
    def _is_a_prefix_of_chunks(cls, value: str) -> str:
        parse_chunks_prefix(value)
        return value

    @property
    def tenant_id(self) -> str:
        return parse_chunks_prefix(self.chunks_prefix).video.tenant_id


class CaptionOcrRequest(ChunksRequest):
    """The text of the caption that is shown from ``start_frame`` up to ``end_frame``."""

    start_frame: Count
    end_frame: Count


class CaptionRange(WireModel):
    """A caption and the frames it is shown on; whether they exist is told for each caption of its own."""

    caption_id: Text
    start_frame: Count
    end_frame: Count


class CaptionOcrBatchRequest(ChunksRequest):
    """The texts of many captions of one video; ids are unique."""

    captions: Annotated[tuple[CaptionRange, ...], Field(min_length=1, max_length=MOST_CAPTIONS)]

    @field_validator("captions")
    @classmethod
    def _ids_are_unique(cls, value: tuple[CaptionRange, ...]) -> tuple[CaptionRange, ...]:
        told = Counter(caption.caption_id for caption in value)
        if twice := [name for name, count in told.items() if count > 1]:
            raise ValueError(f"expected every caption_id once, got {twice[0]!r:.140} {told[twice[0]]} times")
        return value


class PublishCaptionsRequest(CaptionRequest):
    """Which predictions become rows of captions.db, and the token of the lock under which this happens."""

    tenant_id: Identifier
    video_id: Identifier
    version: Annotated[Count, Field(ge=1)]
    lock_token: Text


class CaptionAnswer(AnyResult):
    """A result that crosses processes as a dict with ``result_version``."""

    model_config = ConfigDict(allow_inf_nan=False)
    newest: ClassVar[int] = 1

    def to_dict(self) -> dict[str, Any]:
        return self.to_json()

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The result that another process told; fields that only a newer version knows are left out."""
        version = told.get("result_version")
        newer = isinstance(version, int) and version > cls.newest
        try:
            answer = cls.model_validate(dict(told), strict=True, extra="ignore" if newer else "forbid")
        except ValidationError as fault:
            first = fault.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or cls.__name__
            raise ContractError(
                f"{cls.__name__}: {where}: {first['msg']}, got {first['input']!r:.200}. Run both ends with one version of clipmill."
            ) from None
        if missing := sorted(cls.model_fields.keys() - answer.model_fields_set - {"status"}):
            raise ContractError(
                f"{cls.__name__}: expected all fields of version {cls.newest}, missing: {', '.join(missing)}. "
                "Run both ends with one version of clipmill."
            )
        return answer


class CropRegionEntry(BaseModel):
    """A region in fractions of the displayed frame."""

    crop_left: float
    crop_top: float
    crop_right: float
    crop_bottom: float


class LayoutEntry(BaseModel):
    """Where the captions of a video stand; sizes are fractions of the displayed frame."""

    crop_region: CropRegionEntry | None
    anchor_type: str | None
    anchor_position: float | None
    line_count: int
    box_height: float | None
    vertical_center: float | None
    score: float
    in_count: int
    out_counts: dict[str, int]
    warning: str | None

    @classmethod
    def of(cls, layout: LayoutResult) -> Self:
        return cls.model_validate(layout, from_attributes=True)


class FullFramesResult(CaptionAnswer):
    """The outcome of ``extract_frames_and_ocr``; seconds, displayed pixels, bits a second."""

    frame_count: int = Field(description="full frames, with text or without; no bound of caption frames")
    duration: float
    ocr_box_count: int
    full_frames_key: str
    ocr_db_key: str
    layout_db_key: str
    full_frames_thumbnails_key: str = ""
    frame_width: int = 0
    frame_height: int = 0
    video_codec: str = ""
    bitrate: int = 0
    frames_with_text: int = 0
    failed_ocr_count: int = 0
    ocr_engine: str = ""
    layout: LayoutEntry | None = None
    processing_duration_seconds: float = 0.0
    warnings: list[Warn] = Field(default=[])
    result_version: int = 1


class CropInferResult(CaptionAnswer):
    """The outcome of ``crop_and_infer_caption_frame_extents``; sizes in pixels of a chunk, bytes in all."""

    version: int
    caption_frame_extents_db_key: str
    cropped_frames_prefix: str
    frame_count: int = Field(default=0, description="cropped frames; the bound of every caption's frames")
    frame_rate: float = 10.0
    pair_count: int = 0
    label_counts: dict[str, int] = Field(default={})
    caption_count: int = 0
    pixel_width: int = 0
    pixel_height: int = 0
    chunk_count: int = 0
    total_bytes: int = 0
    manifest_key: str = ""
    model_version: str = ""
    run_id: str = ""
    processing_duration_seconds: float = 0.0
    warnings: list[Warn] = Field(default=[])
    result_version: int = 1


class CaptionOcrResult(CaptionAnswer):
    """The text of one caption, read on the median of ``frame_count`` frames of ``level``."""

    ocr_text: str
    confidence: float
    frame_count: int
    median_frame_index: int | None = None
    level: int = 1
    lines: list[dict[str, Any]] = Field(default=[])
    ocr_engine: str = ""
    warnings: list[Warn] = Field(default=[])
    result_version: int = 1


class Failure(BaseModel):
    """Why one of many failed."""

    code: str
    message: str


class CaptionOcrItem(BaseModel):
    """What became of one caption of a batch: a result, or an error."""

    caption_id: str
    start_frame: int
    end_frame: int
    result: CaptionOcrResult | None = None
    error: Failure | None = None


class CaptionOcrBatchResult(CaptionAnswer):
    """The captions of a batch, in the order of the request."""

    items: list[CaptionOcrItem]
    result_version: int = 1


class PublishCaptionsResult(CaptionAnswer):
    """How many rows of captions.db were written, left, removed, and never to be touched."""

    inserted: int
    kept: int
    deleted: int
    protected: int
    queued: list[CaptionRange] = Field(default=[], description="captions whose text waits to be read")
    result_version: int = 1
