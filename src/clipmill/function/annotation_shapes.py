"""The request shapes of annotated clips: the moments, and what is to be made of them."""

import re
from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from clipmill.errors import (
    InvalidAnnotationError,
    InvalidRateError,
    InvalidRequestError,
    InvalidSizeError,
    LimitExceededError,
    NoClipsError,
)
from clipmill.function.shapes import EDITOR_FIELDS, MOST_CLIPS, TransitionShape, even_side, readable_rate
from clipmill.function.wire import Count, Flag, Number, Seconds, Text, WireModel, at_least, between
from clipmill.media.annotations import (
    Annotation,
    Rating,
    name_complaint,
    notes_complaint,
    range_complaint,
    tag_complaint,
)
from clipmill.media.choices import EncoderChoice, Quality
from clipmill.media.geometry import Fit

_SEQUENCE = re.compile(r"[1-9]\d{0,14}", re.ASCII)


class Deliverable(StrEnum):
    """What is made of annotated clips: a file of each, or one video of all."""

    CLIPS = "clips"
    COMPILATION = "compilation"


class OnError(StrEnum):
    """What a clip that cannot be made means for the others."""

    FAIL = "fail"
    SKIP = "skip"


def _without(complaint_about: Callable[[str], str | None]) -> AfterValidator:
    def check(value: str) -> str:
        if complaint := complaint_about(value):
            raise ValueError(complaint)
        return value

    return AfterValidator(check)


class AnnotationShape(WireModel):
    """A marked moment: a range of its source in seconds, a rating, and words."""

    ignored = EDITOR_FIELDS | {"duration"}
    aliases: ClassVar = {"name": ("clip_name",)}
    faults: ClassVar = dict.fromkeys(
        ("start_time", "end_time", "name", "notes", "rating", "tags", "video_sequence"), InvalidAnnotationError
    )

    start_time: Annotated[Seconds, at_least(0)]
    end_time: Seconds
    name: Annotated[Text, _without(name_complaint)] = ""
    notes: Annotated[Text, _without(notes_complaint)] = ""
    rating: Annotated[Count, between(1, 5)] = Rating.INTERESTING.value
    tags: tuple[Annotated[Text, AfterValidator(str.strip), _without(tag_complaint)], ...] = ()
    video_sequence: Annotated[Count, at_least(1)] | None = None

    @field_validator("end_time")
    @classmethod
    def _after_its_start(cls, end: Fraction, told: ValidationInfo) -> Fraction:
        start = told.data.get("start_time")
        if start is not None and (complaint := range_complaint(start, end)):
            raise ValueError(complaint)
        return end

    def annotation(self) -> Annotation:
        """The same moment as a value of the field."""
        return Annotation(
            start=self.start_time,
            end=self.end_time,
            name=self.name,
            notes=self.notes,
            rating=Rating(self.rating),
            tags=self.tags,
            video_sequence=self.video_sequence,
        )


class AnnotateShape(WireModel):
    """Marked moments of one or several sources, and what is to be made of them."""

    ignored = EDITOR_FIELDS
    aliases: ClassVar = {"output_width": ("target_width",), "output_height": ("target_height",), "fps": ("target_fps",)}
    faults: ClassVar = {
        **AnnotationShape.faults,
        "output_width": InvalidSizeError,
        "output_height": InvalidSizeError,
        "fps": InvalidRateError,
    }

    clips: tuple[AnnotationShape, ...]
    input_keys: dict[str, Text] | None = None
    outputs: tuple[Deliverable, ...] = (Deliverable.COMPILATION,)
    output_prefix: Text | None = None
    banner: Flag = True
    chapters: Flag = True
    transition: TransitionShape = Field(default_factory=TransitionShape)
    fit: Fit = Fit.CONTAIN
    output_width: Annotated[Count, even_side] | None = None
    output_height: Annotated[Count, even_side] | None = None
    fps: Annotated[Count | Number | Text, readable_rate] | None = None
    quality: Quality = Quality.STANDARD
    encoder: EncoderChoice = EncoderChoice.AUTO
    include_audio: Flag = True
    on_error: OnError = OnError.FAIL

    @field_validator("clips", mode="before")
    @classmethod
    def _a_few_clips(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            if not value:
                raise NoClipsError("clips: expected at least one clip, got none; add a clip")
            if len(value) > MOST_CLIPS:
                raise LimitExceededError(f"clips: expected at most {MOST_CLIPS}, got {len(value)}; split the job")
        return value

    @field_validator("input_keys")
    @classmethod
    def _numbered(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for name in value or ():
            if not _SEQUENCE.fullmatch(name):
                raise ValueError(f"expected the number of a video, from 1, as key, got {name!r:.60}")
        return value

    @field_validator("outputs")
    @classmethod
    def _some(cls, value: tuple[Deliverable, ...]) -> tuple[Deliverable, ...]:
        if not value:
            raise ValueError(f"expected {' or '.join(Deliverable)}, or both, got none")
        return value

    @model_validator(mode="after")
    def _files_have_a_place(self) -> Self:
        if Deliverable.CLIPS in self.outputs and not self.output_prefix:
            raise InvalidRequestError(
                "output_prefix: expected a key under which the clips go, got none; send one such as out/clips",
                details={"field": "output_prefix"},
            )
        return self

    def annotations(self) -> tuple[Annotation, ...]:
        return tuple(clip.annotation() for clip in self.clips)

    def sequences(self, input_key: str | None = None) -> dict[int, str]:
        """The key of every source by its number; where ``input_key`` is the only one, it is number 1."""
        if self.input_keys:
            if input_key and input_key not in self.input_keys.values():
                raise InvalidRequestError(
                    f"input_key {input_key!r:.200} is none of input_keys; send one of the two fields",
                    details={"field": "input_key"},
                )
            return {int(number): key for number, key in self.input_keys.items()}
        if not input_key:
            raise InvalidRequestError(
                "input_key: expected the source, or input_keys with several, got neither; send one of them",
                details={"field": "input_key"},
            )
        return {1: input_key}
