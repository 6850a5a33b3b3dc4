from random import Random

from clipmill.function.parted import merge, split

PLAN = {
    "function": "process_framing",
    "request": {"input_key": "a.mp4", "output_key": "b.mp4", "encoder": "x264"},
    "stretch_s": 20,
    "frames": 1500,
    "parts": [{"first": 0, "last": 2, "frames": 1200}, {"first": 2, "last": 3, "frames": 300}],
}
SHARED = {name: PLAN[name] for name in ("function", "request", "stretch_s")}


def result(first: int, last: int, key: str) -> dict[str, object]:
    return {"output_key": key, "frames": 9, "part": {"first": first, "last": last, "frames": 9, "concealed": 0}}


def test_every_part_of_the_plan_is_one_call():
    assert split(PLAN) == [SHARED | {"first": 0, "last": 2}, SHARED | {"first": 2, "last": 3}]


def test_the_join_takes_what_every_part_told_of_itself_and_its_key():
    first, second = result(0, 2, "x.mp4"), result(2, 3, "y.mp4")
    assert merge(PLAN, [first, second]) == SHARED | {
        "parts": [
            {"key": "x.mp4", "first": 0, "last": 2, "frames": 9, "concealed": 0},
            {"key": "y.mp4", "first": 2, "last": 3, "frames": 9, "concealed": 0},
        ]
    }


def test_parts_are_joined_in_their_own_order_whichever_came_first():
    results = [result(number, number + 1, f"{number}.mp4") for number in range(12)]
    shuffled = Random(1).sample(results, len(results))
    assert merge(PLAN, shuffled) == merge(PLAN, results)
