"""A long output on 1 to 1000 machines, simulated: ``python -m benchmarks.machines [--minutes 45] [--start 20]``.

Rendering, opening a source and joining take the CPU seconds that were measured (docs/numbers.md); links are as fast as
stated; machines start after a time that only a platform's own customers can measure, so it is varied. Only the queue is
simulated: parts wait in order, whichever machine is free takes the next.
"""

import argparse
import heapq
import random
import statistics
from dataclasses import dataclass, replace
from math import ceil

MACHINES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
PART_LENGTHS_S = (20, 40, 60, 120, 240)
STARTS_S = (5, 20, 60)
ROUNDS = 15
WORTH_IT = 0.10
"""Twice the machines must save this share of the time."""


@dataclass(frozen=True)
class Costs:
    """Seconds, on machines of four cores unless something else is said."""

    start_s: float = 20.0
    """Until a machine that was asked for takes work: assumed. 3 s of it are the SDK and our code, measured."""
    spread: float = 0.15
    """Of every time, as the standard deviation of its logarithm: assumed."""
    open_cpu_s: float = 1.4
    """A child started, the source probed and the call planned: measured, on one core."""
    seek_cpu_s: float = 0.6
    """Half a group of 250 pictures decoded before the first that is wanted: measured 4.7 ms each."""
    render_cpu_s: float = 145.9 / 60
    """For a second of 1080p30 with a moving crop: measured."""
    join_cpu_s: float = 0.05
    """For a second of output, copied, with its sound made: measured, on one core."""
    cores: int = 4
    source_mbit: float = 8.0
    output_mbit: float = 4.0
    link_mbit: float = 400.0
    """Of a machine to the store: assumed."""
    look_s: float = 1.0
    """How often an end is looked for."""
    usd_per_s: float = 0.00016

    def part_s(self, seconds: float) -> float:
        """One part, from its order to its file in the store."""
        moved = seconds * (self.source_mbit + self.output_mbit) / self.link_mbit
        return self.open_cpu_s + (self.seek_cpu_s + seconds * self.render_cpu_s) / self.cores + moved

    def join_s(self, seconds: float) -> float:
        """The whole out of its parts; nothing of it can be shared out."""
        return self.open_cpu_s + seconds * (self.join_cpu_s + 2 * self.output_mbit / self.link_mbit)


@dataclass(frozen=True)
class Ran:
    """How long an export took, and for how long machines were paid."""

    wall_s: float
    paid_s: float


def simulated(costs: Costs, seconds: float, part_s: float, machines: int, chance: random.Random) -> Ran:
    """One export: plan, start as many machines as there are parts for, render, join on the first that is free."""
    count = ceil(seconds / part_s)
    lengths = [min(part_s, seconds - part_s * number) for number in range(count)]

    def vary(value: float) -> float:
        return value * chance.lognormvariate(0, costs.spread)

    planned = vary(costs.open_cpu_s)
    free = [planned + vary(costs.start_s) for _ in range(min(machines, count))]
    heapq.heapify(free)
    paid = -planned * len(free)
    ends: list[float] = []
    for length in lengths:
        end = heapq.heappop(free) + vary(costs.part_s(length))
        heapq.heappush(free, end)
        ends.append(end + chance.uniform(0, costs.look_s))
    join = vary(costs.join_s(seconds))
    return Ran(max(ends) + join, paid + sum(free) + join)


def typical(costs: Costs, seconds: float, part_s: float, machines: int) -> Ran:
    """The median of some exports, the same ones whenever it is asked."""
    runs = [simulated(costs, seconds, part_s, machines, random.Random(seed)) for seed in range(ROUNDS)]
    return Ran(statistics.median(run.wall_s for run in runs), statistics.median(run.paid_s for run in runs))


def enough(costs: Costs, seconds: float, part_s: float) -> int:
    """The number of machines from which twice as many save less than a tenth of the time."""
    count = 1
    while count < MACHINES[-1]:
        twice = typical(costs, seconds, part_s, 2 * count).wall_s
        if twice > (1 - WORTH_IT) * typical(costs, seconds, part_s, count).wall_s:
            return count
        count *= 2
    return count


def table(costs: Costs, minutes: float) -> str:
    """Wall minutes and dollars for each number of machines and length of a part."""
    heads = " | ".join(f"parts of {part_s} s" for part_s in PART_LENGTHS_S)
    lines = [f"| machines | {heads} |", "|---" * (len(PART_LENGTHS_S) + 1) + "|"]
    for machines in MACHINES:
        ran = [typical(costs, 60 * minutes, part_s, machines) for part_s in PART_LENGTHS_S]
        cells = " | ".join(f"{run.wall_s / 60:.1f} min, {run.paid_s * costs.usd_per_s:.2f} USD" for run in ran)
        lines.append(f"| {machines} | {cells} |")
    points = " | ".join(str(enough(costs, 60 * minutes, part_s)) for part_s in PART_LENGTHS_S)
    return "\n".join([*lines, f"| more stop paying from | {points} |"])


def best(minutes: float) -> str:
    """For each start-up time: what each length of a part costs in time and money where machines are no object."""
    lines = ["| start | part | machines | wall | paid, against one machine |", "|---|---|---|---|---|"]
    for start_s in STARTS_S:
        costs = replace(Costs(), start_s=float(start_s))
        alone = typical(costs, 60 * minutes, 60 * minutes, 1)
        for part_s in PART_LENGTHS_S:
            count = ceil(60 * minutes / part_s)
            ran = typical(costs, 60 * minutes, part_s, count)
            ratio = ran.paid_s / alone.paid_s
            lines.append(f"| {start_s} s | {part_s} s | {count} | {ran.wall_s / 60:.1f} min | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--start", type=float, default=20.0)
    chosen = parser.parse_args()
    print(f"{chosen.minutes:g} minutes of 1080p30, simulated; a machine starts in {chosen.start:g} s\n")
    print(table(replace(Costs(), start_s=chosen.start), chosen.minutes), end="\n\n")
    print("A machine for every part\n")
    print(best(chosen.minutes))


if __name__ == "__main__":
    main()
