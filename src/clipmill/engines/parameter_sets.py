"""The parameter sets of H.264 in MP4: read them, tell them apart, put those of two encoders side by side.

Convention: a configuration is the ``avcC`` record of ISO/IEC 14496-15; parameter sets are NAL units of
ITU-T H.264 (7.3.2.1, 7.3.2.2), their numbers ue(v) codes (9.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

LENGTH_BYTES = 4
"""Bytes in front of every NAL unit of a sample."""
IDR_SLICE, SEQUENCE, PICTURE = 5, 7, 8
MOST_SETS = 32
MOST_SEQUENCES, MOST_PICTURES = 31, 255
"""Sets of a kind that a record can list."""
WITH_CHROMA_FIELDS = frozenset({100, 110, 122, 144})
"""Profiles whose record tells of chroma and bit depth behind the sets."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One ``avcC`` record."""

    profile: int
    compatibility: int
    level: int
    sequences: tuple[bytes, ...]
    pictures: tuple[bytes, ...]
    chroma_fields: bytes

    @classmethod
    def parse(cls, record: bytes) -> Self | None:
        """The record's content; None where it is none, or where units have another length field than four bytes."""
        if len(record) < 7 or record[0] != 1 or record[4] & 3 != LENGTH_BYTES - 1:
            return None
        try:
            sequences, position = _sets(record, 6, record[5] & 31)
            pictures, position = _sets(record, position + 1, record[position])
        except (IndexError, ValueError):
            return None
        if not sequences or not pictures:
            return None
        # Some encoders write the fields behind the sets in every profile.
        fields = record[position : position + 4] if record[1] in WITH_CHROMA_FIELDS else b""
        return cls(record[1], record[2], record[3], sequences, pictures, fields)

    @property
    def record(self) -> bytes:
        head = bytes((1, self.profile, self.compatibility, self.level, 0xFF, 0xE0 | len(self.sequences)))
        return (
            head + _listed(self.sequences) + bytes((len(self.pictures),)) + _listed(self.pictures) + self.chroma_fields
        )

    @property
    def numbers(self) -> set[int]:
        """Every number that a set of either kind goes by."""
        return {sequence_number(one) for one in self.sequences} | {picture_number(one) for one in self.pictures}

    def free_number(self) -> int | None:
        """The lowest number that no set goes by; None where there is none, or no room for more sets."""
        if len(self.sequences) >= MOST_SEQUENCES or len(self.pictures) >= MOST_PICTURES:
            return None
        return next((number for number in range(MOST_SETS) if number not in self.numbers), None)

    def beside(self, other: "Configuration") -> "Configuration":
        """Both encoders' sets in one record, which promises what the more demanding of the two needs."""
        return Configuration(
            max(self.profile, other.profile),
            self.compatibility & other.compatibility,
            max(self.level, other.level),
            (*self.sequences, *(one for one in other.sequences if one not in self.sequences)),
            (*self.pictures, *(one for one in other.pictures if one not in self.pictures)),
            self.chroma_fields or other.chroma_fields,
        )


def sequence_number(unit: bytes) -> int:
    """The number of a sequence parameter set."""
    return _first_code(unit[4:])


def picture_number(unit: bytes) -> int:
    """The number of a picture parameter set."""
    return _first_code(unit[1:])


def units(sample: bytes | memoryview) -> Iterator[memoryview]:
    """The NAL units of a sample with length fields; a length that leads beyond the sample ends it."""
    rest = memoryview(sample)
    while len(rest) > LENGTH_BYTES:
        length = int.from_bytes(rest[:LENGTH_BYTES])
        if not 0 < length <= len(rest) - LENGTH_BYTES:
            return
        yield rest[LENGTH_BYTES : LENGTH_BYTES + length]
        rest = rest[LENGTH_BYTES + length :]


def kind(unit: memoryview | bytes) -> int:
    """What a NAL unit is."""
    return unit[0] & 31


def _sets(record: bytes, position: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found: list[bytes] = []
    for _ in range(count):
        length = int.from_bytes(record[position : position + 2])
        unit = record[position + 2 : position + 2 + length]
        if len(unit) != length or length < 4:
            raise ValueError("a parameter set is cut off")
        found.append(unit)
        position += 2 + length
    return tuple(found), position


def _listed(sets: tuple[bytes, ...]) -> bytes:
    return b"".join(len(one).to_bytes(2) + one for one in sets)


def _first_code(payload: bytes) -> int:
    """The ue(v) code that a payload begins with."""
    bits = int.from_bytes(payload[:8].ljust(8, b"\0"))
    zeros = 64 - bits.bit_length()
    return (bits >> (63 - 2 * zeros)) - 1 if zeros < 32 else 0
