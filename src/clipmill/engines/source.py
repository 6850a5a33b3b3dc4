"""The one door to other people's media: libav reads the bytes it is given and opens nothing else.

The demuxer is the one our own sniffing found, and the only one allowed. A local file is handed over as a file descriptor
and no protocol but the descriptor's is allowed, so no name inside a file can make libav open a path or an address.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import av.error
from av.container import InputContainer

from clipmill.engines.shared_file import SharedFile
from clipmill.engines.sniff import SNIFFED_BYTES, sniff
from clipmill.errors import (
    AccessDeniedError,
    BadMedia,
    CorruptMediaError,
    LimitExceeded,
    SourceMissingError,
    UnsupportedCodecError,
)

Media = Path | BinaryIO
"""A local file, or a seekable reader of byte ranges."""

MOST_PIXELS = 8192 * 4320
"""The largest picture that a decoder may make room for: 8K."""

LEAST_LOOK = {"probesize": "32"}

_ENCRYPTION_MARKS = (b"encv", b"pssh")


@contextmanager
def open_container(media: Media, *, familiar: bool = False) -> Generator[InputContainer]:
    """Open media for reading; a file is closed at the end, a reader stays open for its owner.

    ``familiar`` spares libav's own look into the packets: for files that we wrote, whose headers say everything.
    """
    if isinstance(media, Path):
        with _opened_file(media) as file, _opened(file, media, familiar=familiar) as container:
            yield container
    else:
        with _opened(cast("BinaryIO", SharedFile(media)), media, familiar=familiar) as container:
            yield container


@contextmanager
def reading(media: Media) -> Generator[None]:
    """Turn what goes wrong while media is read into our errors, with the media's name in front."""
    name = media.name if isinstance(media, Path) else getattr(media, "name", "the source")
    try:
        yield
    except av.error.FFmpegError as fault:
        message = f"{name}: cannot be read ({fault.strerror or fault})."
        if isinstance(fault, (av.error.LookupError, av.error.PatchWelcomeError)):
            raise UnsupportedCodecError(f"{message} Convert it to H.264 in MP4.") from fault
        raise CorruptMediaError(f"{message} It may be damaged or cut off; upload it again.") from fault
    except (BadMedia, LimitExceeded) as fault:
        raise type(fault)(f"{name}: {fault.message}", details=fault.details) from fault


def _opened_file(path: Path) -> BinaryIO:
    try:
        if path.exists() and not path.is_file():
            raise SourceMissingError(
                f"{path} is no file that can be read from any place. Save the video to a file first."
            )
        # Unbuffered: libav starts where the descriptor stands.
        return cast("BinaryIO", path.open("rb", buffering=0))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as fault:
        raise SourceMissingError(f"there is no file {path}. Check the path.") from fault
    except PermissionError as fault:
        raise AccessDeniedError(f"the file {path} may not be read. Check its permissions.") from fault


@contextmanager
def _opened(file: BinaryIO, media: Media, *, familiar: bool) -> Generator[InputContainer]:
    with reading(media):
        head = _head(file)
        options = _limits(sniff(head), str(file.fileno()) if isinstance(media, Path) else None)
        options["options"] |= LEAST_LOOK if familiar else {}
        try:
            container = av.open("fd:" if isinstance(media, Path) else file, **options)
        except av.error.InvalidDataError as fault:
            if any(mark in head for mark in _ENCRYPTION_MARKS):
                raise UnsupportedCodecError("the file is encrypted. Send a copy without copy protection.") from fault
            raise
    with container:
        _limit_pictures(container)
        yield container


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = b""
    while len(head) < SNIFFED_BYTES:
        block = file.read(SNIFFED_BYTES - len(head))
        if not block:
            break
        head += block
    file.seek(0)
    return head


def _limits(demuxer: str, descriptor: str | None) -> dict[str, Any]:
    # Reading through a descriptor spares a call into Python for every block.
    access = {"protocol_whitelist": "fd", "fd": descriptor} if descriptor else {"protocol_whitelist": ""}
    inside = {"enable_drefs": "0", "use_absolute_path": "0"} if demuxer == "mov" else {}
    limits = {"format_whitelist": demuxer, "max_pixels": str(MOST_PIXELS)}
    return {"mode": "r", "format": demuxer, "options": access | inside | limits, "metadata_errors": "replace"}


def _limit_pictures(container: InputContainer) -> None:
    for stream in container.streams.video:
        # The stubs do not know that a stream without a decoder has no context.
        context = cast("Any", stream.codec_context)
        if context is not None:
            context.options = {"max_pixels": str(MOST_PIXELS)}
