import random
from dataclasses import replace

from benchmarks.machines import Costs, enough, simulated, typical
from hypothesis import given
from hypothesis import strategies as st

STEADY = replace(Costs(), spread=0.0, look_s=0.0)
MACHINES = st.integers(1, 200)


def test_one_machine_does_one_part_after_the_other():
    ran = simulated(STEADY, 600, 60, 1, random.Random(1))
    parts = STEADY.start_s + 10 * STEADY.part_s(60)
    assert abs(ran.wall_s - (STEADY.open_cpu_s + parts + STEADY.join_s(600))) < 1e-6
    assert abs(ran.paid_s - (parts + STEADY.join_s(600))) < 1e-6


@given(MACHINES, MACHINES)
def test_more_machines_are_never_slower_and_never_cheaper(one: int, other: int):
    few, many = (simulated(STEADY, 1200, 60, count, random.Random(1)) for count in sorted((one, other)))
    assert many.wall_s <= few.wall_s + 1e-6
    assert many.paid_s >= few.paid_s - 1e-6


@given(MACHINES)
def test_nothing_is_faster_than_a_start_a_part_and_the_join(count: int):
    ran = simulated(STEADY, 1200, 60, count, random.Random(1))
    assert ran.wall_s >= STEADY.start_s + STEADY.part_s(60) + STEADY.join_s(1200)


def test_machines_beyond_the_parts_change_nothing():
    assert typical(Costs(), 1200, 60, 20) == typical(Costs(), 1200, 60, 1000)


def test_more_machines_stop_paying_sooner_where_they_take_longer_to_start():
    slow, quick = (enough(replace(Costs(), start_s=start_s), 600, 60) for start_s in (600.0, 1.0))
    assert slow < quick
