"""The ground of every cloak experiment: hash models, photos that search, a database, and what to be taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.cloaks.aim import Aim, aim_at
from unfind.cloaks.goal import Goal, away_from, towards
from unfind.cloaks.victim import Victim
from unfind.datasets.spec import HASHED, load
from unfind.datasets.split import Split
from unfind.errors import DataError
from unfind.evaluation.lowest_map import lowest_map
from unfind.evaluation.ranks import rank_blocks
from unfind.evaluation.relevance import Relevance
from unfind.evaluation.tie_aware import expected_average_precision
from unfind.images.photo import Pixels
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Architecture, Encoder
from unfind.models.precision import best_device
from unfind.models.weights import fingerprint_of, load_encoder
from unfind.studies.bench_hashing import FIT
from unfind.studies.hash_search import BATCH
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.train import TrainRequest, train
from unfind.training.batches import Examples
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.settings import FitSettings

FEW_OF_MANY = replace(FIT, classes_per_batch=30, photos_per_class=3)
"""For folders, which have more classes and fewer photos of each than benchmarks of hashing."""
Way = Literal["towards", "away"]
APART = 1_000_003
"""Between the draws of two seeds; more than there are queries, so that a target does not depend on their number."""
Rows = NDArray[Any]
"""Labels (N,) or tags (N, L)."""


@dataclass(frozen=True)
class ModelName:
    """Which hash model.

    Attributes:
        bits: length of its codes.
        objective: it is fitted with.
        backbone: instead of the ground's; None for that one.
    """

    bits: int = 48
    objective: str = "dpsh"
    backbone: str | None = None

    @property
    def name(self) -> str:
        """Names the run, without its seed."""
        other = "" if self.backbone is None else "-" + Path(self.backbone).name.replace(":", "-").replace(".py", "")
        return f"{self.objective}-{self.bits}{other}"


@dataclass(frozen=True)
class GroundRequest:
    """What all models and cloaks of an experiment have in common.

    Attributes:
        data: see ``unfind.datasets.spec.load``; photos without a database are dealt anew, see ``hash:`` there.
        architecture: of the hash models; its head and dimension follow from each model's name.
        seed: of fits, draws and targets.
        queries: photos to cloak, at most.
        database: photos searched in, at most; drawn by lot.
        steps: of each fit; None for the usual ones.
        pretrained: whether timm and torchvision backbones come with their published weights.
    """

    data: str
    architecture: Architecture = field(default_factory=Architecture)
    seed: int = 0
    queries: int = 500
    database: int = 20_000
    steps: int | None = None
    pretrained: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "architecture": self.architecture.as_dict()}


class Ground:
    """Data and models, each loaded or fitted once.

    Args:
        request: what is asked for.
        folder: of the fits; one that was stopped goes on, and other experiments may share it.
        progress: told where it stands.

    Raises:
        DataError: data without classes, or too few photos.
    """

    def __init__(self, request: GroundRequest, folder: Path, *, progress: Progress = silent) -> None:
        self.request = request
        self.folder = folder
        self.progress = progress
        self.data, self.split = hashing_split(request.data)
        size, seed = request.architecture.size, request.seed
        self.query = _some(prepare(self.split.test, size, progress=progress).examples, request.queries, seed)
        if self.split.gallery is None:
            raise DataError(f"Expected a database in {self.data}, got none: put hash: before it.")
        self.database = _some(prepare(self.split.gallery, size, progress=progress).examples, request.database, seed)
        self.targets = draw_targets(self.labels, self.items, self.database.labels, seed)
        self._scenes: dict[ModelName, HashScene] = {}

    @property
    def labels(self) -> Rows:
        """What the queries show."""
        return self.query.compared_by("shared")

    @property
    def items(self) -> Rows:
        """What the database shows."""
        return self.database.compared_by("shared")

    @property
    def target_labels(self) -> Rows:
        """What each query is to be taken for."""
        return self.items[self.targets]

    def scene(self, name: ModelName) -> HashScene:
        """A model, fitted where it is not there yet, and the codes it gives the database."""
        if name not in self._scenes:
            encoder, fingerprint = self._model(name)
            tell = partial(self._tell, f"hash database with {name.name}", len(self.database.labels))
            codes = embed_pixels(encoder, self.database.pixels, batch=BATCH, on_progress=tell)
            self._scenes[name] = HashScene(self, encoder, fingerprint, codes)
        return self._scenes[name]

    def fit_of(self, name: ModelName) -> TrainRequest:
        """What is fitted for a model."""
        request, fit = self.request, FEW_OF_MANY if self.data.startswith(HASHED) else FIT
        wanted = replace(request.architecture, head="hash", dimension=name.bits)
        if name.backbone is not None:
            wanted = replace(wanted, backbone=name.backbone)
        steps = fit.length if request.steps is None else request.steps
        settings: FitSettings = replace(fit, steps=steps, seed=request.seed, validate_every=min(100, steps))
        return TrainRequest(self.data, name.objective, architecture=wanted, fit=settings, pretrained=request.pretrained)

    def _model(self, name: ModelName) -> tuple[Encoder, str]:
        out, wanted = self.folder / f"{name.name}-{self.request.seed}", self.fit_of(name)
        train(wanted, out, resume=(out / CHECKPOINT).exists(), progress=self.progress)
        encoder, card = load_encoder(out, backbone=wanted.architecture.backbone)
        return encoder.to(best_device()).eval().requires_grad_(False), fingerprint_of(card)

    def _tell(self, stage: str, total: int, done: int) -> None:
        self.progress(stage, done, total)


@dataclass(frozen=True, eq=False)
class HashScene:
    """A hash model over its ground.

    Attributes:
        ground: queries and database.
        encoder: the model.
        fingerprint: names it by its weights.
        items: (G, K) what it gives the database, codes over the root of their bits.
    """

    ground: Ground
    encoder: Encoder
    fingerprint: str
    items: NDArray[np.float32]

    @property
    def victim(self) -> Victim:
        """Images to logits."""
        return self.encoder.logits

    @cached_property
    def images(self) -> Tensor:
        """The queries, (N, 3, H, W) in [0, 1], where the model is."""
        return to_tensor(self.ground.query.pixels).to(next(self.encoder.parameters()).device)

    @cached_property
    def own(self) -> Tensor:
        """Codes of the queries, (N, K) of -1 and +1."""
        return self.codes_of(self.ground.query.pixels)

    def codes_of(self, pixels: Sequence[Pixels] | Pixels) -> Tensor:
        """Codes of pictures of the model's size, (n, K) of -1 and +1."""
        found = torch.from_numpy(embed_pixels(self.encoder, pixels, batch=BATCH))
        return torch.where(found >= 0, 1.0, -1.0).to(self.images)

    def goal(self, way: Way, aim: Aim, count: int, *, centres: bool = False) -> Goal:
        """Where the first ``count`` queries are to go.

        Args:
            way: "away" from their own codes, or "towards" their targets.
            aim: how a target code is chosen.
            count: of queries.
            centres: whether to stay away from the centres of all classes as well.
        """
        if way == "away":
            return away_from(self.own[:count], others=self.centres if centres else None)
        return towards(self.anchors(aim)[:count], count)

    def anchors(self, aim: Aim) -> Tensor:
        """The target code of each query, (N, K), out of database photos that show what it should be taken for."""
        labels, targets, seed = self.ground.database.labels, self.ground.targets, self.ground.request.seed
        chosen = []
        for place, target in enumerate(targets):
            alike = np.flatnonzero(labels == labels[target])
            chosen.append(aim_at(self._signs(alike), aim, seed=seed * APART + place))
        return torch.stack(chosen)

    def votes(self, each: int, seed: int) -> Tensor:
        """Codes that may be asked for: ``each`` votes of nine photos for every class of the database, (C each, K)."""
        labels = self.ground.database.labels
        alike = [self._signs(np.flatnonzero(labels == label)) for label in np.unique(labels)]
        return torch.stack([aim_at(codes, "p2s", seed=seed + draw) for codes in alike for draw in range(each)])

    @cached_property
    def centres(self) -> Tensor:
        """What the photos of each class of the database vote for, (C, K)."""
        labels = self.ground.database.labels
        votes = [self._signs(np.flatnonzero(labels == label)).sum(0) for label in np.unique(labels)]
        return torch.where(torch.stack(votes) >= 0, 1.0, -1.0)

    def map(self, codes: Tensor, cutoff: int | None = None) -> float:
        """MAP of codes (n, K) of the first n queries: how well they find what they show.

        With a cutoff R only the first R places count, divided by what could have been found there.
        """
        return mean_precision(codes, self.ground.labels[: len(codes)], self.items, self.ground.items, cutoff)

    def t_map(self, codes: Tensor) -> float:
        """The same for what they should be taken for; a query without hits scores 0."""
        return mean_precision(codes, self.ground.target_labels[: len(codes)], self.items, self.ground.items)

    def chance(self, count: int) -> float:
        """t-MAP of a ranking drawn by lot, for the first ``count`` queries."""
        return float(self._relevant(self.ground.target_labels[:count]).mean() / len(self.items))

    def floor(self, count: int) -> float:
        """The least MAP there can be for the first ``count`` queries."""
        return lowest_map(self._relevant(self.ground.labels[:count]), len(self.items))

    def _relevant(self, labels: Rows) -> NDArray[np.int64]:
        relevance = Relevance.build(labels, self.ground.items, n_query=len(labels), n_gallery=len(self.items))
        return np.array([len(relevance.of(query)[0]) for query in range(len(labels))])

    def _signs(self, which: NDArray[np.int64]) -> Tensor:
        return torch.where(torch.from_numpy(self.items[which]) >= 0, 1.0, -1.0).to(self.images)


def hashing_split(data: str) -> tuple[str, Split]:
    """A data set with a database, and how it is named: with ``hash:`` where it has none of its own.

    Raises:
        UnfindError: no such data, or too few photos.
    """
    split = load(data)
    if split.gallery is not None and split.train.classes == split.test.classes and _same_classes(split):
        return data, split
    named = f"{HASHED}{data}"
    return named, load(named)


def _same_classes(split: Split) -> bool:
    """Whether what is searched for has been trained on, which is the custom in hashing."""
    return bool(np.isin(split.test.labels, split.train.labels).any())


def mean_precision(
    codes: Tensor, labels: Rows, items: NDArray[np.float32], item_labels: Rows, cutoff: int | None = None
) -> float:
    """MAP in the mean over all orders of items that tie.

    Args:
        codes: (Q, K) of -1 and +1.
        labels: of the queries, (Q,) or tags (Q, L).
        items: (G, K) codes over the root of K.
        item_labels: of the items.
        cutoff: places that count; None for the whole ranking.
    """
    rows = (codes / codes.shape[1] ** 0.5).cpu().numpy().astype(np.float32)
    relevance = Relevance.build(labels, item_labels, n_query=len(rows), n_gallery=len(items))
    favour, against = (rank_blocks(rows, items, relevance, ties=ties) for ties in ("favour", "against"))
    parts = [expected_average_precision(*both, cutoff) for both in zip(favour, against, strict=True)]
    return float(np.concatenate(parts).mean())


def draw_targets(labels: Rows, items: Rows, classes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """For each query a database photo that shows nothing of what it shows, (N,); each kind of photo alike.

    Raises:
        DataError: a query to which everything is relevant.
    """
    random, targets = np.random.default_rng([seed, 2]), []
    kinds, first = np.unique(classes, return_index=True)
    for label in labels:
        # With tags: photos without a shared one. With classes: photos of another one.
        shown = items[first]
        strange = ~(shown & label).any(1) if shown.ndim == 2 else shown != label
        if not strange.any():
            raise DataError("Expected photos that show something else than a query, got none: add classes.")
        targets.append(random.choice(np.flatnonzero(classes == random.choice(kinds[strange]))))
    return np.array(targets, np.int64)


def _some(examples: Examples, count: int, seed: int) -> Examples:
    """At most a number of photos, drawn by lot."""
    chosen = np.random.default_rng([seed, 1]).permutation(len(examples.labels))[:count]
    tags = None if examples.tags is None else examples.tags[chosen]
    return Examples(examples.pixels[chosen], examples.labels[chosen], tags)
