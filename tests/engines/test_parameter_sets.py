"""The parameter sets of H.264: what is read is what is written, and no bytes of a stranger break it."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.test_encoders import SMALL
from tests.media.laws import LAW

from clipmill.engines.encoders import Beside, parameter_sets
from clipmill.engines.parameter_sets import (
    IDR_SLICE,
    PICTURE,
    SEQUENCE,
    Configuration,
    kind,
    picture_number,
    sequence_number,
    units,
)
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

byte = st.integers(0, 255)
profiles = st.sampled_from([66, 77, 100])
payloads = st.binary(min_size=3, max_size=40)


def sets(head: int, most: int) -> st.SearchStrategy[tuple[bytes, ...]]:
    units_of_kind = payloads.map(lambda payload: bytes([head]) + payload)
    return st.lists(units_of_kind, min_size=1, max_size=most).map(tuple)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    profile = draw(profiles)
    fields = draw(st.binary(min_size=4, max_size=4)) if profile == 100 else b""
    return Configuration(profile, draw(byte), draw(byte), draw(sets(0x67, 31)), draw(sets(0x68, 255)), fields)


def our(**changes: object) -> Configuration:
    found = Configuration.parse(parameter_sets(replace(SMALL, **changes)))
    assert found is not None
    return found


@LAW
@given(configurations())
def test_a_record_reads_back_as_it_was_written(configuration: Configuration):
    assert Configuration.parse(configuration.record) == configuration


@LAW
@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_or_none(record: bytes):
    found = Configuration.parse(record)
    assert found is None or record.startswith(bytes([1, found.profile, found.compatibility, found.level]))


@LAW
@given(configurations(), st.data())
def test_a_record_that_is_cut_off_inside_its_sets_is_none(configuration: Configuration, data: st.DataObject):
    whole = len(configuration.record) - len(configuration.chroma_fields)
    assert Configuration.parse(configuration.record[: data.draw(st.integers(0, whole - 1))]) is None


@LAW
@given(configurations(), st.data())
def test_a_record_with_a_wrong_byte_breaks_nothing(configuration: Configuration, data: st.DataObject):
    record = bytearray(configuration.record)
    record[data.draw(st.integers(0, len(record) - 1))] = data.draw(byte)
    found = Configuration.parse(bytes(record))
    assert found is None or len(found.sequences) <= 31


@LAW
@given(configurations())
def test_sets_can_be_added_wherever_a_number_is_free(configuration: Configuration):
    number = configuration.free_number()
    if number is not None:
        assert number not in configuration.numbers
        merged = configuration.beside(our(beside=Beside(number, "high", 2)))
        assert Configuration.parse(merged.record) == merged


@pytest.mark.parametrize("more", [{"sequences": 31}, {"pictures": 255}])
def test_a_record_that_is_full_has_no_number_left(more: dict[str, int]):
    own = our()
    full = replace(own, **{name: getattr(own, name) * count for name, count in more.items()})
    assert full.free_number() is None


@pytest.mark.parametrize("length", [0, 1, 2])
def test_units_with_shorter_lengths_are_not_read(length: int):
    record = bytearray(our().record)
    record[4] = 0xFC | length
    assert Configuration.parse(bytes(record)) is None


@pytest.mark.parametrize("quality", list(Quality))
@pytest.mark.parametrize("number", [1, 7, 31])
def test_the_sets_of_our_encoder_go_by_the_number_that_it_is_given(quality: Quality, number: int):
    own = our(quality=quality, beside=Beside(number, "high", 2))
    assert own.numbers == {number}
    assert [sequence_number(one) for one in own.sequences] == [number]
    assert [picture_number(one) for one in own.pictures] == [number]


def test_two_encoders_sets_stand_side_by_side():
    theirs = our()
    number = theirs.free_number()
    ours = our(size=Size(96, 160), beside=Beside(number or 0, "main", 2))
    both = theirs.beside(ours)
    assert both.sequences == (*theirs.sequences, *ours.sequences)
    assert both.pictures == (*theirs.pictures, *ours.pictures)
    assert len(both.numbers) == 2
    assert (both.profile, both.level) == (100, max(theirs.level, ours.level))


def test_the_same_sets_are_listed_once():
    assert our().beside(our()) == our()


def test_the_more_demanding_level_is_promised():
    small, large = our(), our(size=Size(1920, 1080), fps=Fraction(60))
    assert small.level < large.level
    assert small.beside(large).level == large.beside(small).level == large.level


@LAW
@given(st.lists(st.binary(min_size=1, max_size=30), max_size=6))
def test_the_units_of_a_sample_are_found(payloads: list[bytes]):
    sample = b"".join(len(payload).to_bytes(4) + payload for payload in payloads)
    assert [bytes(unit) for unit in units(sample)] == payloads


@LAW
@given(st.binary(max_size=60))
def test_the_units_of_any_bytes_lie_inside_them(sample: bytes):
    found = list(units(sample))
    assert sum(4 + len(unit) for unit in found) <= len(sample)
    assert all(0 <= kind(unit) < 32 for unit in found)


@LAW
@given(st.binary(max_size=12))
def test_any_set_has_a_number_or_none(unit: bytes):
    assert sequence_number(unit) >= 0
    assert picture_number(unit) >= 0


def test_a_unit_tells_what_it_is():
    own = our()
    assert [kind(own.sequences[0]), kind(own.pictures[0]), kind(b"\x65rest")] == [SEQUENCE, PICTURE, IDR_SLICE]
