"""Train ``textchange``: ``python -m training.textchange.train --folder DATA --steps 1152``; goes on where it was stopped.

The same clips, steps and threads on the same machine give the same weights, stopped in between or not.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.textchange.labels import SWAP, pair_labels
from training.textchange.network import TextChange
from training.textchange.scoring import Score, boundary_score
from training.textchange.shards import Batch, portions, shard
from training.textchange.split import Split

SEED = 1
STEPS, RATE = 1152, 1.2e-3
LOOK_EVERY = 4
MEMORY = 0.995
"""Of the mean of the weights: how much of it is left after a step."""
LOOKED_AT = 64
"""Clips of each validation shard."""
DOUBT = 0.3
"""The weight of a pair whose label hangs on a tenth of opacity."""


def earlier_weights() -> dict[str, Tensor]:
    """The weights of version 1, which saw each strip alone; its own training can't be repeated, so they are kept."""
    with np.load(Path(__file__).with_name("version_1.npz")) as held:
        return {name: torch.from_numpy(held[name]) for name in held.files}


def consecutive(clips: int, frames: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The numbers of the left and right frames of all pairs of clips that lie one after another."""
    numbers = torch.arange(clips * frames, device=device).view(clips, frames)
    return numbers[:, :-1].flatten(), numbers[:, 1:].flatten()


def loss_of(network: nn.Module, batch: Batch, device: torch.device) -> Tensor:
    planes, states, doubtful = batch
    clips, frames = states.shape
    left, right = consecutive(clips, frames, device)
    forward, backward, presence = network(torch.from_numpy(planes).flatten(0, 1).to(device), left, right)
    labels = pair_labels(states[:, :-1], states[:, 1:]).ravel()
    sure = torch.from_numpy(np.where(doubtful[:, :-1] | doubtful[:, 1:], DOUBT, 1.0).ravel()).float().to(device)
    ahead = functional.cross_entropy(forward, torch.from_numpy(labels).to(device), reduction="none")
    back = functional.cross_entropy(backward, torch.from_numpy(np.array(SWAP)[labels]).to(device), reduction="none")
    there = torch.from_numpy((states > 0).ravel()).float().to(device)
    seen = functional.binary_cross_entropy_with_logits(presence, there)
    return (sure * (ahead + back)).sum() / (2 * sure.sum()) + 0.2 * seen


@torch.inference_mode()
def validated(network: TextChange, folder: Path, device: torch.device) -> Score:
    """Boundaries found and missed in the clips of the validation split, decoded clip by clip."""
    network.eval()
    score = Score()
    for path in sorted((folder / Split.VALIDATION).glob("*.npz")):
        planes, states, _ = shard(path)
        for start in range(0, LOOKED_AT, 8):
            part, truth = planes[start : start + 8], states[start : start + 8]
            left, right = consecutive(*truth.shape, device)
            forward, backward, _ = network(torch.from_numpy(part).flatten(0, 1).to(device), left, right)
            fused = (forward.softmax(1) + backward.softmax(1)[:, SWAP]) / 2
            for clip, shown in zip(fused.view(len(part), -1, 5).cpu().numpy(), truth, strict=True):
                score += boundary_score(clip, shown)
    network.train()
    return score


class Run:
    """A training that can be stopped and taken up again."""

    def __init__(self, folder: Path, steps: int, rate: float) -> None:
        self.folder, self.wanted, self.rate = folder, steps, rate
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = TextChange().to(self.device)
        self.network.begin_with(earlier_weights())
        self.mean = torch.optim.swa_utils.AveragedModel(
            self.network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(MEMORY), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=0.01)
        self.steps, self.portion, self.best = 0, 0, -1.0
        if self.stopped.exists():
            self._take_up(torch.load(self.stopped, map_location=self.device))

    @property
    def stopped(self) -> Path:
        return self.folder / "stopped.pt"

    def _take_up(self, held: dict) -> None:
        self.network.load_state_dict(held["network"])
        self.mean.load_state_dict(held["mean"])
        self.optimizer.load_state_dict(held["optimizer"])
        self.steps, self.portion, self.best = held["steps"], held["portion"], held["best"]

    def step(self, batch: Batch) -> float:
        share = min(1.0, self.steps / self.wanted)
        warm = min(1.0, (self.steps + 1) / 200)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * warm * (0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
        loss = loss_of(self.network, batch, self.device)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        self.mean.update_parameters(self.network)
        self.steps += 1
        return loss.item()

    def keep(self, *, score: Score) -> None:
        """Store where the run stands, and the mean weights where they are the best so far."""
        if score.f1 >= self.best:
            self.best = score.f1
            torch.save(self.mean.module.state_dict(), self.folder / "best.pt")
        state = {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state | {"steps": self.steps, "portion": self.portion, "best": self.best}, self.stopped)

    def go(self, look_every: int) -> None:
        losses: list[float] = []
        for number, batches in portions(self.folder / Split.TRAINING, SEED, self.portion):
            losses += [self.step(batch) for batch in batches[: self.wanted - self.steps]]
            self.portion = number + 1
            if self.portion % look_every == 0 or self.steps >= self.wanted:
                score = validated(self.mean.module, self.folder, self.device)
                print(f"step {self.steps}, loss {np.mean(losses):.4f}, {score}", flush=True)
                losses.clear()
                self.keep(score=score)
            if self.steps >= self.wanted:
                return


def train(folder: Path, steps: int = STEPS, rate: float = RATE, threads: int = 1, look_every: int = LOOK_EVERY) -> None:
    """Train for some steps in all, earlier runs in the same folder counted in."""
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(mode=True)
    torch.set_num_threads(threads)
    Run(folder, steps, rate).go(look_every)


def main() -> None:
    """Train on what was drawn in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rate", type=float, default=RATE, help="the highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--look-every", type=int, default=LOOK_EVERY, help="portions between two validations")
    chosen = parser.parse_args()
    train(chosen.folder, chosen.steps, chosen.rate, chosen.threads, chosen.look_every)


if __name__ == "__main__":
    main()
