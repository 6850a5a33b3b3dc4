"""The manifest of a version of cropped frames: what there is, how large, and by what it was made.

*Convention:* the text is UTF-8, keys sorted, without spaces, a newline at the end; equal manifests have equal bytes.
Keys of chunks are relative to the version's prefix.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

from clipmill.errors import CorruptArtifactError, InvalidParameterError, SchemaMismatchError
from clipmill.media.captions.keys import CroppedFrames, VideoKeys, chunk_name
from clipmill.media.captions.levels import FRAMES_PER_CHUNK, LEVELS, every_chunk
from clipmill.media.captions.region import CropRegion, PixelRect
from clipmill.media.captions.sampling import cropped_rate
from clipmill.media.geometry import Size

MANIFEST_VERSION = 1

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """The video that the frames came from."""

    key: str
    bytes: int
    etag: str
    duration: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """How the chunks are coded."""

    crf: int
    codec: str = "vp9"
    pix_fmt: str = "yuv420p"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The pair model of the run."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ManifestChunk:
    """One chunk: where it lies, the frames it holds, and what its bytes are."""

    level: int
    number: int
    frames: range
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its key inside the version's prefix."""
        return chunk_name(self.level, self.number)

    def to_json(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "number": self.number,
            "key": self.name,
            "first_frame": self.frames.start,
            "frames": len(self.frames),
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest of one version says."""

    place: CroppedFrames
    created_at: str
    frame_count: int
    frame_rate: Fraction
    crop_region: CropRegion
    pixel_rect: PixelRect
    frame_size: Size
    source: SourceFacts
    encoder: EncoderFacts
    model: ModelFacts
    run_id: str
    chunks: tuple[ManifestChunk, ...]
    """By level 16, 4, 1, then number."""

    def __post_init__(self) -> None:
        fault = _fault(self)
        if fault:
            raise CorruptArtifactError(
                f"{self.place.manifest}: {fault}. Infer the extents again to write a new version."
            )

    @property
    def total_bytes(self) -> int:
        return sum(chunk.bytes for chunk in self.chunks)

    def chunk(self, level: int, number: int) -> ManifestChunk:
        """One chunk by its place."""
        return next(one for one in self.chunks if (one.level, one.number) == (level, number))

    def to_text(self) -> str:
        """The bytes of the object, as text."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"

    def to_json(self) -> dict[str, Any]:
        return {
            "manifest_version": MANIFEST_VERSION,
            "tenant_id": self.place.video.tenant_id,
            "video_id": self.place.video.video_id,
            "version": self.place.version,
            "created_at": self.created_at,
            "frame_count": self.frame_count,
            "frame_rate": float(self.frame_rate),
            "frame_rate_fraction": f"{self.frame_rate.numerator}/{self.frame_rate.denominator}",
            "crop_region": self.crop_region.to_json(),
            "pixel_rect": self.pixel_rect.to_json(),
            "pixel_size": _size_to_json(self.pixel_rect.size),
            "frame_size": _size_to_json(self.frame_size),
            "source": asdict(self.source),
            "encoder": asdict(self.encoder),
            "model": asdict(self.model),
            "run_id": self.run_id,
            "levels": list(LEVELS),
            "frames_per_chunk": FRAMES_PER_CHUNK,
            "total_bytes": self.total_bytes,
            "chunks": [chunk.to_json() for chunk in self.chunks],
        }


def parse_manifest(text: str, place: CroppedFrames) -> Manifest:
    """The manifest that was stored at a place; anything that is not exactly one is refused as corrupt."""
    try:
        said = json.loads(text)
        _refuse_newer(said, place)
        manifest = _read(said)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as fault:
        raise _corrupt(place, f"is no manifest ({type(fault).__name__}: {fault!s:.200})") from fault
    if manifest.place != place:
        raise _corrupt(place, f"describes {manifest.place.prefix}")
    # Writing it again checks every field that follows from others, and that there are no more.
    if json.dumps(manifest.to_json(), sort_keys=True) != json.dumps(said, sort_keys=True):
        raise _corrupt(place, "has fields that contradict each other or that no manifest has")
    return manifest


def _read(said: Mapping[str, Any]) -> Manifest:
    return Manifest(
        place=VideoKeys(said["tenant_id"], said["video_id"]).cropped_frames(said["version"]),
        created_at=said["created_at"],
        frame_count=said["frame_count"],
        frame_rate=cropped_rate(said["frame_rate_fraction"]),
        crop_region=CropRegion.from_json(said["crop_region"]),
        pixel_rect=PixelRect(**said["pixel_rect"]),
        frame_size=Size(**said["frame_size"]),
        source=SourceFacts(**said["source"]),
        encoder=EncoderFacts(**said["encoder"]),
        model=ModelFacts(**said["model"]),
        run_id=str(said["run_id"]),
        chunks=tuple(map(_read_chunk, said["chunks"])),
    )


def _read_chunk(said: Mapping[str, Any]) -> ManifestChunk:
    level, first, count = said["level"], said["first_frame"], said["frames"]
    return ManifestChunk(
        level, said["number"], range(first, first + count * level, level), said["bytes"], said["sha256"]
    )


def _refuse_newer(said: Mapping[str, Any], place: CroppedFrames) -> None:
    version = said["manifest_version"]
    if version > MANIFEST_VERSION:
        raise SchemaMismatchError(
            f"{place.manifest}: manifest_version {version} is newer than {MANIFEST_VERSION}, the newest known here. "
            "Read it with a newer clipmill."
        )


def _fault(manifest: Manifest) -> str:
    """What is wrong with a manifest; empty where nothing is."""
    expected: dict[str, Callable[[], bool]] = {
        "frame_count of at least 1": lambda: manifest.frame_count >= 1,
        "created_at as YYYY-MM-DDTHH:MM:SS.sssZ": lambda: bool(_TIMESTAMP.fullmatch(manifest.created_at)),
        "a frame_rate of 1 to 60": lambda: cropped_rate(manifest.frame_rate) > 0,
        "an even pixel_rect inside of frame_size": lambda: _inside(manifest.pixel_rect, manifest.frame_size),
        "texts and numbers about source, encoder and model": lambda: all(map(_well_typed, _facts(manifest))),
        "a source of at least 0 bytes and seconds": lambda: min(manifest.source.bytes, manifest.source.duration) >= 0,
        "every chunk of every level in order": lambda: _complete(manifest),
        "chunks of at least 0 bytes": lambda: all(chunk.bytes >= 0 for chunk in manifest.chunks),
        "a SHA-256 of every chunk": lambda: all(_DIGEST.fullmatch(chunk.sha256) for chunk in manifest.chunks),
    }
    for what, holds in expected.items():
        try:
            held = holds()
        except (TypeError, InvalidParameterError):
            held = False
        if not held:
            return f"expected {what}"
    return ""


def _facts(manifest: Manifest) -> tuple[SourceFacts, EncoderFacts, ModelFacts]:
    return manifest.source, manifest.encoder, manifest.model


def _well_typed(facts: SourceFacts | EncoderFacts | ModelFacts) -> bool:
    kinds: dict[object, type | tuple[type, ...]] = {int: int, float: (int, float), str: str}
    return all(isinstance(getattr(facts, field.name), kinds[field.type]) for field in fields(facts))


def _inside(rect: PixelRect, frame: Size) -> bool:
    across = 0 <= rect.left < rect.left + rect.width <= frame.width
    down = 0 <= rect.top < rect.top + rect.height <= frame.height
    return across and down and rect.width % 2 == 0 and rect.height % 2 == 0


def _complete(manifest: Manifest) -> bool:
    stated = [(chunk.level, chunk.number, chunk.frames) for chunk in manifest.chunks]
    return stated == [(chunk.level, chunk.number, chunk.frames) for chunk in every_chunk(manifest.frame_count)]


def _size_to_json(size: Size) -> dict[str, int]:
    return {"width": size.width, "height": size.height}


def _corrupt(place: CroppedFrames, fault: str) -> CorruptArtifactError:
    return CorruptArtifactError(f"{place.manifest}: {fault}. Infer the extents again to write a new version.")
