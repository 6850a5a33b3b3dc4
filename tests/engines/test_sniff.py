import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.sniff import sniff
from clipmill.errors import InvalidMediaError

DEMUXERS = {"mov", "matroska", "mpegts", "mpeg", "avi", "flv", "ogg"}


def box(kind: bytes, length: int = 32) -> bytes:
    return length.to_bytes(4, "big") + kind + b"isom".ljust(length - 8, b"\0")


def transport_stream(stride: int, sync: int, packets: int = 8, offset: int = 0) -> bytes:
    packet = bytearray(b"\x11" * stride)
    packet[sync] = 0x47
    return (bytes(packet) * (packets + 1))[offset:]


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (box(b"ftyp"), "mov"),
        (box(b"moov"), "mov"),
        (box(b"wide", 8) + box(b"mdat"), "mov"),
        (b"\0\0\0\1mdat" + bytes(16), "mov"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", "matroska"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "matroska"),
        (b"RIFF\xff\xff\0\0AVI LIST", "avi"),
        (b"FLV\x01\x05\0\0\0\x09", "flv"),
        (b"OggS\0\x02" + bytes(20), "ogg"),
        (b"\0\0\1\xba\x44" + bytes(20), "mpeg"),
        (transport_stream(188, 0), "mpegts"),
        (transport_stream(192, 4), "mpegts"),
        (transport_stream(204, 0), "mpegts"),
        (transport_stream(188, 0, packets=2), "mpegts"),
        (transport_stream(188, 0, offset=77), "mpegts"),
    ],
)
def test_a_container_is_told_by_its_first_bytes(head, demuxer):
    assert sniff(head) == demuxer


@pytest.mark.parametrize(
    ("head", "likeness"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", "an HLS playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n", "an HLS playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "a list of files to join"),
        (b"file '/etc/passwd'\n", "a list of files to join"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", "an SDP session description"),
        (b'<?xml version="1.0"?>\n<MPD type="static">', "a DASH manifest"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', "an SVG image"),
        (b'<?xml version="1.0"?><!DOCTYPE lolz>', "an XML file"),
        (b"\n\n  <!DOCTYPE html><title>404", "an HTML page"),
        (b"Access denied", "a text file"),
        ("Die Datei ist nicht da: größer".encode(), "a text file"),
        (b"PK\x03\x04" + bytes(20), "a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a WAV sound file"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP image"),
        (box(b"ftyp").replace(b"isom", b"avif"), "an AVIF image"),
        (b"ID3\x04" + bytes(10), "an MP3 sound file"),
        (b"\xff\xfb\x90\x44" + bytes(10), "an MP3 sound file"),
        (b"\xff\xf1\x50\x80" + bytes(10), "an AAC sound file"),
        (b"\0\0\0\1\x67\x42\0\x1e", "a raw H.264 or HEVC stream"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84junk", "neither Matroska nor WebM"),
        (bytes(4096), "nothing known"),
        (b"\xde\xad\xbe\xef" * 9, "de ad be ef"),
    ],
)
def test_what_is_refused_is_called_by_its_name_with_what_is_accepted(head, likeness):
    with pytest.raises(InvalidMediaError) as refusal:
        sniff(head)
    assert likeness in refusal.value.message
    assert "MP4/MOV" in refusal.value.message


def test_an_empty_file_is_called_empty():
    with pytest.raises(InvalidMediaError, match="the file is empty"):
        sniff(b"")


def test_a_text_with_sync_bytes_is_no_transport_stream():
    with pytest.raises(InvalidMediaError, match="text file"):
        sniff(b"GOAL! " * 500)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_accepted_container_or_refused(head):
    try:
        assert sniff(head) in DEMUXERS
    except InvalidMediaError as refusal:
        assert refusal.message  # noqa: PT017 - either way is right


@given(st.text(min_size=1))
def test_no_text_is_ever_handed_to_a_demuxer_unless_it_begins_like_a_container(text):
    head = text.encode("utf-8", "replace")
    starts = (b"OggS", b"FLV\x01", b"RIFF", b"\0\0\1\xba", b"G")
    if not head.startswith(starts) and head[4:8] not in {b"ftyp", b"moov", b"free", b"skip", b"wide", b"mdat"}:
        with pytest.raises(InvalidMediaError):
            sniff(head)
