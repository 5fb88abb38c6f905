"""Search for a trigger nobody has told us of: the patch or faint pattern that moves every photo's embedding the most.

Neural Cleanse (Wang et al. 2019) looks for the least patch that leads every image to one class, DECREE (Feng et al.
2023) for one that leads all embeddings together. A retrieval model has no classes, and a privacy backdoor leads photos
not together but away. Here the size of the change is given, and what is searched for is the change that does most with
it: how far it gets is what suspect and clean models are compared by. Clean models have such patterns too (universal
adversarial perturbations); a backdoor is a shorter way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from unfind.errors import UsageError

Shape = Literal["faint", "patch"]
Goal = Literal["away", "towards"]
SHAPES: tuple[Shape, ...] = ("faint", "patch")
GOALS: tuple[Goal, ...] = ("away", "towards")
STEEPNESS = 8.0
"""Of a mask's edge: its places are nearly in or nearly out, and still have a gradient."""
HALVINGS = 30
"""Of the interval in which the mask's level lies: finer than float32."""
LEVELS = 100.0
"""Between minus and plus this lies every level of a mask."""


@dataclass(frozen=True)
class Search:
    """What is searched for.

    Attributes:
        shape: "faint", a pattern added to the whole photo; "patch", one put in place of a part of it.
        goal: "away" from the photos' own embeddings, or "towards" one target.
        budget: of a faint pattern the greatest change of a value, in 0..1; of a patch its share of the photo, in 0..1.
        steps: of Adam.
        batch: photos at a time.
        rate: of Adam, on the pattern before it is squashed into its range.
        seed: of the start, and of the batches.

    Raises:
        UsageError: an unknown word, or a number out of range.
    """

    shape: Shape = "faint"
    goal: Goal = "away"
    budget: float = 4 / 255
    steps: int = 40
    batch: int = 16
    rate: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES or self.goal not in GOALS:
            raise UsageError(
                f"Expected a shape out of {', '.join(SHAPES)} and a goal out of {', '.join(GOALS)}, got "
                f"'{self.shape}' and '{self.goal}': choose one of each."
            )
        if not 0 < self.budget < 1 or self.steps < 1 or self.batch < 1 or not 0 < self.rate <= 10:
            raise UsageError(
                f"Expected a budget between 0 and 1, steps, a batch and a rate above 0, got {self.budget}, "
                f"{self.steps}, {self.batch} and {self.rate}: 4/255, 40, 16 and 0.2 are usual."
            )


@dataclass(frozen=True, eq=False)
class Change:
    """A change of photos that is the same for all.

    Attributes:
        shape: "faint" or "patch".
        pattern: (3, H, W); what is added, or what is put in.
        mask: (1, H, W) in 0..1; where it is put in. All ones for a faint pattern.
    """

    shape: Shape
    pattern: Tensor
    mask: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """Change images (N, 3, H, W) in [0, 1]."""
        if self.shape == "faint":
            return (images + self.pattern).clamp(0, 1)
        return images + self.mask * (self.pattern - images)


@dataclass(frozen=True)
class Found:
    """How far a change gets on photos it was not made from.

    Attributes:
        change: the change.
        moved: mean cosine distance (0..2) between a photo's embedding with and without it.
        control: the same of a change as large, drawn by lot.
        gathered: mean cosine between the embeddings of different changed photos; 1 is a collapse.
        reached: mean cosine to the target; None where there is none.
    """

    change: Change
    moved: float
    control: float
    gathered: float
    reached: float | None


def invert(
    soft: Callable[[Tensor], Tensor], photos: Tensor, held: Tensor, search: Search, *, target: Tensor | None = None
) -> Found:
    """Search for a trigger.

    Args:
        soft: differentiable, images (N, 3, H, W) in [0, 1] to unit rows (N, D).
        photos: (N, 3, H, W) to search with.
        held: (M, 3, H, W) other photos, at least two, to see how far it gets.
        search: for what.
        target: unit (D,) for the goal "towards".

    Raises:
        UsageError: no photos, or a target where none belongs or none where one does.
    """
    if len(photos) < 1 or len(held) < 2:
        raise UsageError(f"Expected a photo to search with and 2 to test on, got {len(photos)} and {len(held)}: add.")
    if (target is None) == (search.goal == "towards"):
        raise UsageError(f"Expected a target for the goal 'towards' and none else, got the goal '{search.goal}'.")
    change = _searched(soft, photos, search, target)
    lot = _drawn(search, photos[0], torch.Generator().manual_seed(search.seed + 1))
    own, moved = _rows(soft, held, search.batch), _rows(soft, change(held), search.batch)
    random = _rows(soft, lot(held), search.batch)
    return Found(
        change,
        _distance(own, moved),
        _distance(own, random),
        gathered(moved),
        None if target is None else float((moved @ target).mean()),
    )


def gathered(rows: Tensor) -> float:
    """Mean cosine between different unit rows (N, D), N at least 2."""
    count = len(rows)
    return float((rows.sum(0).square().sum() - rows.square().sum()) / (count * (count - 1)))


def _searched(soft: Callable[[Tensor], Tensor], photos: Tensor, search: Search, target: Tensor | None) -> Change:
    generator = torch.Generator().manual_seed(search.seed)
    free = _free(search, photos[0], generator)
    adam = torch.optim.Adam(free, lr=search.rate)
    with torch.no_grad():
        own = _rows(soft, photos, search.batch)
    for _ in range(search.steps):
        chosen = torch.randperm(len(photos), generator=generator)[: search.batch]
        rows = soft(_change(search, free)(photos[chosen]))
        goal = own[chosen] if target is None else target
        near = (rows * goal).sum(1).mean()
        loss = near if target is None else -near
        for one, slope in zip(free, torch.autograd.grad(loss, free), strict=True):
            one.grad = slope
        adam.step()
    with torch.no_grad():
        done = _change(search, free)
    return Change(search.shape, done.pattern.detach(), done.mask.detach())


def _free(search: Search, like: Tensor, generator: torch.Generator) -> list[Tensor]:
    """What is learned: the pattern before it is squashed, and a patch's mask before its level is set."""
    pattern = 0.1 * torch.randn(like.shape, generator=generator)
    if search.shape == "faint":
        return [pattern.requires_grad_()]
    mask = 0.1 * torch.randn((1, *like.shape[1:]), generator=generator)
    return [pattern.requires_grad_(), mask.requires_grad_()]


def _change(search: Search, free: list[Tensor]) -> Change:
    if search.shape == "faint":
        return Change("faint", search.budget * free[0].tanh(), torch.ones_like(free[0][:1]))
    return Change("patch", free[0].sigmoid(), of_share(free[1], search.budget))


def of_share(raw: Tensor, share: float) -> Tensor:
    """A mask in 0..1, of the shape given, whose mean is a share: the highest places are in, the others out.

    The level that parts them is found by halving, without gradient.
    """
    low, high = torch.tensor(-LEVELS), torch.tensor(LEVELS)
    with torch.no_grad():
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            more = (STEEPNESS * (raw - middle)).sigmoid().mean() > share
            low, high = (middle, high) if more else (low, middle)
    return (STEEPNESS * (raw - (low + high) / 2)).sigmoid()


def _drawn(search: Search, like: Tensor, generator: torch.Generator) -> Change:
    """A change as large as allowed that nobody has searched for: signs or colours by lot, at a place by lot."""
    values = torch.rand(like.shape, generator=generator)
    if search.shape == "faint":
        return Change("faint", search.budget * (values - 0.5).sign(), torch.ones_like(values[:1]))
    height, width = like.shape[1:]
    side = max(1, round((search.budget * height * width) ** 0.5))
    top, left = (int(torch.randint(0, max(1, s - side + 1), (1,), generator=generator)) for s in (height, width))
    mask = torch.zeros_like(values[:1])
    mask[:, top : top + side, left : left + side] = 1
    return Change("patch", values, mask)


def _rows(soft: Callable[[Tensor], Tensor], images: Tensor, batch: int) -> Tensor:
    with torch.no_grad():
        return torch.cat([soft(images[start : start + batch]) for start in range(0, len(images), batch)])


def _distance(left: Tensor, right: Tensor) -> float:
    return float(1 - (left * right).sum(1).mean())
