"""One call rendered whole and in parts, and what can be seen of both files."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from tests.contexts import FolderContext

from clipmill.function.parted import merge, split
from clipmill.function.results import Result
from clipmill.functions.catalog import load_function
from clipmill.functions.splitting import SPLITTABLE

STRETCH_S = 0.5
WHOLE, JOINED = "whole.mp4", "joined.mp4"
SPOT = {"time": 0, "x": 100, "y": 90, "radiusX": 20, "radiusY": 30}


def request_of(world: FolderContext, source: Path, **more: Any) -> dict[str, Any]:
    """A call on a source, small and quick."""
    return {"input_key": world.put(source), "output_key": JOINED, "encoder": "x264"} | more


def asked(function: str, request: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"function": function, "request": request, "stretch_s": STRETCH_S} | more


@dataclass(frozen=True)
class Parted:
    """A call on its way through its parts."""

    world: FolderContext
    function: str
    request: Mapping[str, Any]

    def whole(self) -> Result:
        """The result of rendering it at once."""
        splittable = SPLITTABLE[self.function]
        request = splittable.function.parse({**self.request, "output_key": WHOLE})
        return splittable.work(request, self.world, Fraction(str(STRETCH_S))).written(self.world)

    def plan(self, count: int) -> dict[str, Any]:
        return load_function("plan_parts")(asked(self.function, self.request, parts=count), self.world).to_json()[
            "plan"
        ]

    def rendered(self, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The results of all parts, rendered one after the other."""
        function, keys = load_function("render_part"), (f"part-{number}.mp4" for number in range(99))
        requests = (request | {"output_key": key} for request, key in zip(split(plan), keys, strict=False))
        return [function(request, self.world).to_json() for request in requests]

    def joined(self, plan: Mapping[str, Any], parts: list[dict[str, Any]]) -> Any:
        return load_function("join_parts")(merge(plan, parts), self.world)

    def in_parts(self, count: int) -> Any:
        """The result of rendering it in so many parts."""
        plan = self.plan(count)
        return self.joined(plan, self.rendered(plan))

    def packets(self, key: str, kind: str) -> list[tuple[Any, ...]]:
        """The packets of a track, with their times, byte for byte."""
        with av.open(str(self.world.folder / key)) as container:
            streams = [stream for stream in container.streams if stream.type == kind]
            return [
                (packet.pts, packet.dts, packet.duration, packet.is_keyframe, bytes(packet))
                for stream in streams
                for packet in container.demux(stream)
                if packet.size
            ]
