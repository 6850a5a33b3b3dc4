"""What a function returns: values measured on the written file, as plain JSON."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Warn(BaseModel):
    """Something the caller should know although the job succeeded."""

    model_config = ConfigDict(extra="allow", frozen=True)

    code: str
    message: str


class ChapterEntry(BaseModel):
    """A chapter of the output; times in seconds."""

    index: int
    title: str
    start: float
    end: float


class Timings(BaseModel):
    """Where the time went, in seconds; ``gpu_s`` is measured inside the worker."""

    queue_s: float = 0
    download_s: float = 0
    prepare_s: float = 0
    process_s: float = 0
    encode_s: float = 0
    upload_s: float = 0
    publish_s: float = 0
    total_s: float = 0
    gpu_s: float = 0


class UpscaleUse(BaseModel):
    """Which upscaler was asked for and which one drew the pixels."""

    requested: str = "never"
    used: str = "none"
    scale: float = 1


class CacheUse(BaseModel):
    """How many steps came from the cache and how many were rendered."""

    hits: int = 0
    misses: int = 0


class AnyResult(BaseModel):
    """What every call returns at least."""

    status: str = "success"

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class PlanResult(AnyResult):
    """The outcome of a call that works things out and writes nothing."""

    plan: dict[str, Any]


class FrameResult(AnyResult):
    """A single picture; times in seconds, sizes in pixels."""

    output_key: str
    frame: int
    time: float
    source_time: float
    width: int
    height: int


class Result(AnyResult):
    """The outcome of one call; duration in seconds, sizes in pixels, all measured on the written file."""

    output_key: str
    duration: float
    frames: int
    width: int
    height: int
    fps: str = Field(description="frames per second as an exact fraction, e.g. 30000/1001")
    audio: str = Field(description="encoded, copied, silence or none")
    encoder: str
    warnings: list[Warn] = []
    timings: Timings = Timings()
    copied_ranges: list[tuple[float, float]] = Field(default=[], description="output seconds whose packets were copied")
    chapters: list[ChapterEntry] = []
    upscale: UpscaleUse = UpscaleUse()
    cache: CacheUse = CacheUse()


class ClipEntry(BaseModel):
    """One extracted clip, measured on its file; ``start`` and ``end`` in seconds of its source."""

    index: int = Field(description="position in the request")
    output_key: str
    name: str
    start: float
    end: float
    duration: float
    frames: int
    width: int
    height: int
    fps: str
    audio: str
    encoder: str
    copied_ranges: list[tuple[float, float]] = []


class ExtractResult(Result):
    """The outcome of an extraction: the compilation's where there is one, else what its files are together."""

    output_key: str | None = None  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues] - files have keys of their own
    clips: list[ClipEntry] = []
