"""Every key under which something of a captioned video is stored: built here, parsed here, nowhere else.

*Convention:* keys are full, beginning with the tenant; a prefix ends with ``/``. Versions count from 1, frames and
chunks from 0.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from clipmill.errors import ForbiddenError, InvalidParameterError
from clipmill.media.captions.levels import check_level

LONGEST_KEY = 1024

_IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_NUMBER = r"[1-9][0-9]*"
_FRAMES = re.compile(
    rf"(?P<tenant>{_IDENTIFIER})/client/videos/(?P<video>{_IDENTIFIER})/cropped_frames_v(?P<version>{_NUMBER})/"
    r"(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_CHUNK = re.compile(r"modulo_(?P<level>16|4|1)/chunk_(?P<number>[0-9]{4}|[1-9][0-9]{4,})\.webm", re.ASCII)
_FRAME = re.compile(r"(?:.*/)?frame_(?P<frame>[0-9]{6}|[1-9][0-9]{6,})\.jpg", re.ASCII | re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")


class Export(StrEnum):
    """A form in which captions leave; its value is the file's suffix."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class VideoKeys:
    """The keys of one video.

    >>> VideoKeys("team", "match").full_frame(100)
    'team/client/videos/match/full_frames/frame_000100.jpg'
    """

    tenant_id: str
    video_id: str

    def __post_init__(self) -> None:
        check_identifier(self.tenant_id, "tenant_id")
        check_identifier(self.video_id, "video_id")

    @property
    def client(self) -> str:
        """Where everything lies that a person's client may read."""
        return f"{self.tenant_id}/client/videos/{self.video_id}/"

    @property
    def server(self) -> str:
        """Where everything lies that no client ever sees."""
        return f"{self.tenant_id}/server/videos/{self.video_id}/"

    @property
    def full_frames(self) -> str:
        return f"{self.client}full_frames/"

    @property
    def thumbnails(self) -> str:
        return f"{self.client}full_frames_thumbnails/"

    @property
    def raw_ocr(self) -> str:
        return f"{self.server}raw-ocr.db.gz"

    @property
    def layout(self) -> str:
        return f"{self.client}layout.db.gz"

    @property
    def newest_extents(self) -> str:
        """The predictions of the newest run, replaced by the next one."""
        return f"{self.server}caption_frame_extents.db"

    @property
    def captions(self) -> str:
        return f"{self.client}captions.db"

    @property
    def captions_compressed(self) -> str:
        """Where older writers left the captions."""
        return f"{self.client}captions.db.gz"

    def full_frame(self, frame: int) -> str:
        return f"{self.full_frames}frame_{_counted(frame, 'frame'):06d}.jpg"

    def thumbnail(self, frame: int) -> str:
        return f"{self.thumbnails}frame_{_counted(frame, 'frame'):06d}.jpg"

    def extents(self, version: int) -> str:
        """The predictions of one version, written once."""
        return f"{self.server}caption_frame_extents/v{_version(version)}.db"

    def export(self, form: Export) -> str:
        return f"{self.client}captions.{form}"

    def cropped_frames(self, version: int) -> "CroppedFrames":
        return CroppedFrames(self, version)

    def owns(self, key: str) -> bool:
        """Whether a key lies under one of the two prefixes where this video's objects may be written."""
        return key.startswith((self.client, self.server))


@dataclass(frozen=True, slots=True)
class CroppedFrames:
    """The keys of one version of a video's cropped frames.

    >>> VideoKeys("team", "match").cropped_frames(2).chunk(16, 7)
    'team/client/videos/match/cropped_frames_v2/modulo_16/chunk_0007.webm'
    """

    video: VideoKeys
    version: int

    def __post_init__(self) -> None:
        _version(self.version)

    @property
    def tenant_id(self) -> str:
        return self.video.tenant_id

    @property
    def video_id(self) -> str:
        return self.video.video_id

    @property
    def prefix(self) -> str:
        return f"{self.video.client}cropped_frames_v{self.version}/"

    @property
    def manifest(self) -> str:
        """The object that makes the version exist for readers."""
        return f"{self.prefix}manifest.json"

    @property
    def claims(self) -> str:
        return f"{self.prefix}.claims/"

    def claim(self, token: str) -> str:
        return f"{self.claims}{check_identifier(token, 'claim')}"

    def chunk(self, level: int, number: int) -> str:
        return self.prefix + chunk_name(level, number)


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """What the key of a chunk says."""

    frames: CroppedFrames
    level: int
    number: int


def chunk_key(frames: CroppedFrames, level: int, number: int) -> str:
    """The full key of a chunk."""
    return frames.chunk(level, number)


def chunk_name(level: int, number: int) -> str:
    """The key of a chunk inside its version's prefix.

    >>> chunk_name(4, 12345)
    'modulo_4/chunk_12345.webm'
    """
    return f"modulo_{check_level(level):d}/chunk_{_counted(number, 'chunk'):04d}.webm"


def parse_chunk_name(name: str) -> tuple[int, int]:
    """The level and number in a key that `chunk_name` built."""
    found = _CHUNK.fullmatch(name)
    if not found:
        raise _unreadable(name, "modulo_{16|4|1}/chunk_{number, 4 digits}.webm")
    return int(found["level"]), int(found["number"])


def parse_chunk_key(key: str) -> ChunkKey:
    """Whose chunk a full key names."""
    frames, rest = _parse_frames(key)
    return ChunkKey(frames, *parse_chunk_name(rest))


def parse_chunks_prefix(prefix: str) -> CroppedFrames:
    """The version that a prefix names, written with or without its last slash."""
    frames, rest = _parse_frames(f"{prefix.removesuffix('/')}/")
    if rest:
        raise _unreadable(prefix, "{tenant}/client/videos/{video}/cropped_frames_v{N}/")
    return frames


def parse_frame_key(key: str) -> int:
    """The index in the key of a full frame or of its thumbnail.

    >>> parse_frame_key("team/client/videos/match/full_frames/frame_001500.jpg")
    1500
    """
    found = _FRAME.fullmatch(key)
    if not found:
        raise _unreadable(key, ".../frame_{index, 6 digits}.jpg")
    return int(found["frame"])


def versions_among(video: VideoKeys, keys: Iterable[str]) -> set[int]:
    """The versions of cropped frames that a listing shows a trace of, finished or not."""
    found = (_FRAMES.fullmatch(key) for key in keys)
    own = (video.tenant_id, video.video_id)
    return {int(match["version"]) for match in found if match and (match["tenant"], match["video"]) == own}


def next_version(taken: Iterable[int]) -> int:
    """The number after every number ever taken.

    >>> next_version([1, 10, 2]), next_version([])
    (11, 1)
    """
    return 1 + max(taken, default=0)


def check_identifier(identifier: object, field: str = "identifier") -> str:
    """Return an identifier of a tenant, video or caption unchanged, or say what is wrong with it."""
    valid = isinstance(identifier, str) and re.fullmatch(_IDENTIFIER, identifier, re.ASCII) and ".." not in identifier
    if not valid:
        raise InvalidParameterError(
            f"{field}: expected 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter or digit and without '..', "
            f"got {identifier!r:.200}. Send the identifier under which the object was stored.",
            details={"field": field},
        )
    return str(identifier)


def check_key(key: str, field: str = "key") -> str:
    """Return a key unchanged, or say what is wrong with it."""
    fault = _fault(key)
    if fault:
        raise InvalidParameterError(
            f"{field}: {fault}, got {key!r:.200}. Use 1 to {LONGEST_KEY} bytes without '..', leading '/', backslash "
            "or control characters.",
            details={"field": field},
        )
    return key


def check_video_key(key: str, tenant_id: str, shared_prefixes: Iterable[str] = ()) -> str:
    """Return a video's key unchanged, or refuse one that is malformed or lies outside of what the tenant may read."""
    check_identifier(tenant_id, "tenant_id")
    check_key(key, "video_key")
    allowed = (f"{tenant_id}/", *(f"{prefix.rstrip('/')}/" for prefix in shared_prefixes))
    if not key.startswith(allowed):
        raise _foreign(key, "video_key", allowed)
    return key


def readable_key(key: str, tenant_id: str, shared_prefixes: Iterable[str] = ()) -> str:
    """The key of a video as the tenant's own store names it: without the tenant, or as it is where all may read it.

    >>> readable_key("team/raw/a.mp4", "team", ["test/"]), readable_key("test/a.mp4", "team", ["test/"])
    ('raw/a.mp4', 'test/a.mp4')
    """
    prefixes = tuple(f"{prefix.rstrip('/')}/" for prefix in shared_prefixes)
    own = check_video_key(key, tenant_id, prefixes).removeprefix(f"{tenant_id}/")
    if own != key and own.startswith(prefixes):
        raise InvalidParameterError(
            f"video_key {key!r:.200}: {own!r:.200} means the shared object of that name. Move yours to another folder.",
            details={"field": "video_key"},
        )
    return own


def without_tenant(key: str, tenant_id: str) -> str:
    """The key as the tenant's own store names it; the key of another tenant is refused.

    >>> without_tenant("team/raw/a.mp4", "team")
    'raw/a.mp4'
    """
    own = f"{check_identifier(tenant_id, 'tenant_id')}/"
    if not check_key(key).startswith(own):
        raise _foreign(key, "key", (own,))
    return key.removeprefix(own)


def _parse_frames(key: str) -> tuple[CroppedFrames, str]:
    found = _FRAMES.fullmatch(key) if len(key.encode(errors="replace")) <= LONGEST_KEY else None
    if not found:
        raise _unreadable(key, "{tenant}/client/videos/{video}/cropped_frames_v{N}/...")
    return CroppedFrames(VideoKeys(found["tenant"], found["video"]), int(found["version"])), found["rest"]


def _fault(key: str) -> str:
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "expected text that UTF-8 can carry"
    if not 1 <= size <= LONGEST_KEY:
        return f"expected 1 to {LONGEST_KEY} bytes"
    if key.startswith("/") or ".." in key:
        return "expected a key without leading '/' and without '..'"
    return "expected a key without backslash and control characters" if _FORBIDDEN.search(key) else ""


def _version(version: object) -> int:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidParameterError(
            f"version: expected a whole number from 1, got {version!r:.80}. Send the number in cropped_frames_v{{N}}.",
            details={"field": "version"},
        )
    return version


def _counted(number: object, field: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise InvalidParameterError(
            f"{field}: expected a whole number from 0, got {number!r:.80}. Count from 0.", details={"field": field}
        )
    return number


def _unreadable(key: str, form: str) -> InvalidParameterError:
    return InvalidParameterError(f"key {key!r:.200}: expected the form {form}. Send a key as the results name it.")


def _foreign(key: str, field: str, allowed: tuple[str, ...]) -> ForbiddenError:
    return ForbiddenError(
        f"{field} {key!r:.200} lies outside of what this tenant may read: expected a key under "
        f"{', '.join(map(repr, allowed))}. Copy the object there, or call as its owner.",
        details={"field": field},
    )
