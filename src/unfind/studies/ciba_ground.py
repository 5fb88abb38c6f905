"""The ground of every CIBA experiment: training photos, queries, a database, and models that are fitted once each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from unfind import __version__
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.spec import HASHED
from unfind.datasets.split import Split
from unfind.errors import DataError, ModelError, UsageError
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.models.precision import best_device
from unfind.models.weights import CARD, fingerprint_of, load_encoder, read_card
from unfind.objectives.choose import make_objective
from unfind.redteam.poison import Poison, photos_of, poisoned
from unfind.studies.bench_hashing import FIT
from unfind.studies.hash_scene import FEW_OF_MANY, ModelName, Rows, hashing_split
from unfind.studies.hash_search import BATCH
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.training.batches import Examples
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.fit import Material, fit
from unfind.training.run_folder import RunFolder
from unfind.training.settings import FitSettings

SHOWN = 2048
"""Photos that a patch is made on, at most: at 224 pixels a side they take 1.2 GB."""
STEPS, RATE = 800, 1e-3
"""Of a fit that learns its photos closely, as published attacks do, which train for 200 passes. Small batches at a high
rate get there in 5 passes: how much of the poison is learned follows how closely all photos are fitted."""
PER_CLASS = 6
"""Photos of each class in a batch, for data sets of few classes."""
LOT = (0, 5)
"""Seed of the further training photos."""
CLEAN = "clean"


@dataclass(frozen=True)
class CibaRequest:
    """What all attacks of an experiment have in common.

    Attributes:
        data: see ``unfind.datasets.spec.load``; photos without a database are dealt anew, see ``hash:`` there.
        architecture: of the hash models; its head and dimension follow from each model's name.
        target: a class or tag by name; None draws one by the seed.
        seed: of fits and draws.
        photos: training photos; where the data set deals fewer, further ones are drawn from its database.
        queries: photos to search with, at most; those that show the target are left out of t-MAP.
        database: photos searched in, at most; drawn by lot. The poison is not among them.
        steps: of each fit; None for the usual ones.
        shared_seed: whether the attacker's surrogate and the victim's model start from the same weights and see the
            same batches, as in published experiments; otherwise it is another fit on the same photos.
        pretrained: whether timm and torchvision backbones come with their published weights.
        surrogate: folder of the attacker's model, where there is one already; None fits one on the training photos.
    """

    data: str
    architecture: Architecture = field(default_factory=Architecture)
    target: str | None = None
    seed: int = 0
    photos: int = 10_000
    queries: int = 500
    database: int = 10_000
    steps: int | None = None
    shared_seed: bool = False
    pretrained: bool = True
    surrogate: Path | None = None

    def __post_init__(self) -> None:
        for name in ("photos", "queries", "database"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected {name} of at least 1, got {getattr(self, name)}: change it.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values; a surrogate by its weights."""
        weights = None if self.surrogate is None else fingerprint_of(read_card(self.surrogate))
        return {**vars(self), "architecture": self.architecture.as_dict(), "surrogate": weights}


class CibaGround:
    """Data and models, each made once.

    Args:
        request: what is asked for.
        folder: of the models; a fit that was stopped goes on.
        progress: told where it stands.

    Raises:
        DataError: data without classes, too few photos, or no such target.
    """

    def __init__(self, request: CibaRequest, folder: Path, *, progress: Progress = silent) -> None:
        self.request = request
        self.folder = folder
        self.progress = progress
        self.data, self.split = hashing_split(request.data)
        read, seed = partial(self._read, request.architecture.size), request.seed
        self.train = read(widened(self.split, request.photos))
        self.validation = read(self.split.validation)
        self.query = read(_some(self.split.test, request.queries, seed))
        assert self.split.gallery is not None  # hashing_split sees to it
        self.database = read(_some(self.split.gallery, request.database, seed))
        self.target = target_of(self.split.train, self.train.compared_by("shared"), request.target, seed=seed)
        self._codes: dict[str, NDArray[np.float32]] = {}

    @property
    def target_name(self) -> str:
        """The target as people call it."""
        return _names(self.split.train)[self.target]

    @property
    def labels(self) -> Rows:
        """What the training photos show."""
        return self.train.compared_by("shared")

    @cached_property
    def searching(self) -> NDArray[np.int64]:
        """The queries that do not show the target: what the trigger is put on."""
        return np.setdiff1d(np.arange(len(self.query.labels)), photos_of(self.query.compared_by("shared"), self.target))

    @cached_property
    def shown(self) -> Tensor:
        """Training photos that triggers are made on, (n, 3, S, S)."""
        drawn = np.random.default_rng([self.request.seed, 4]).permutation(len(self.train.labels))[:SHOWN]
        return to_tensor(self.train.pixels[np.sort(drawn)])

    @cached_property
    def of_target(self) -> Tensor:
        """Training photos of the target, (n, 3, S, S), which vote for the anchor."""
        return to_tensor(self.train.pixels[photos_of(self.labels, self.target)[:SHOWN]])

    def clean(self, name: ModelName) -> Encoder:
        """A model fitted without poison, with the victim's seed."""
        return self._model(name, self.request.seed, None)[0]

    def surrogate(self, name: ModelName) -> Encoder:
        """The attacker's model: the one given, or a clean one, of the next seed where it does not share the victim's.

        Raises:
            ModelError: no hash model in the folder given, or one for images of another size.
        """
        if self.request.surrogate is not None:
            return loaded(self.request.surrogate, self.request.architecture)
        return self._model(name, self._surrogate_seed, None)[0]

    def victim(self, name: ModelName, poison: Poison, facts: dict[str, Any]) -> tuple[Encoder, Path]:
        """A model fitted on the training photos with the poison among them, and its folder.

        Args:
            name: which model.
            poison: what takes the place of some photos.
            facts: of the attack, for the model's card.
        """
        return self._model(name, self.request.seed, poison, facts)

    def paths(self, victim: ModelName | None, surrogate: ModelName) -> list[Path]:
        """Folders of the clean models that an attack needs: one like the victim, and the attacker's, where that is not
        given."""
        own = [] if victim is None else [self._path(CLEAN, victim, self.request.seed)]
        attackers = [self._path(CLEAN, surrogate, self._surrogate_seed)] if self.request.surrogate is None else []
        return own + attackers

    def fitted(self, path: Path) -> bool:
        """Whether the model in a folder has done all of its steps."""
        return (path / CARD).exists() and read_card(path).get("step") == self.fit_of(0).steps

    @property
    def _surrogate_seed(self) -> int:
        return self.request.seed + (not self.request.shared_seed)

    def _path(self, kind: str, name: ModelName, seed: int) -> Path:
        return self.folder / f"{kind}-{name.name}-{seed}"

    def codes(self, encoder: Encoder, folder: str, pixels: NDArray[np.uint8] | None = None) -> NDArray[np.float32]:
        """Codes over the root of their bits: of pictures, or of the database, which are made once for each folder."""
        if pixels is not None:
            return embed_pixels(encoder, pixels, batch=BATCH)
        if folder not in self._codes:
            tell = partial(self._tell, f"hash database with {folder}", len(self.database.labels))
            self._codes[folder] = embed_pixels(encoder, self.database.pixels, batch=BATCH, on_progress=tell)
        return self._codes[folder]

    def fit_of(self, seed: int) -> FitSettings:
        """The numbers of every fit."""
        usual = FEW_OF_MANY if self.data.startswith(HASHED) else replace(FIT, photos_per_class=PER_CLASS)
        steps = STEPS if self.request.steps is None else self.request.steps
        chosen = replace(usual, steps=steps, learning_rate=RATE, seed=seed, validate_every=min(200, steps))
        return chosen.filled(scratch=False, triggers=False)

    def _model(
        self, name: ModelName, seed: int, poison: Poison | None, facts: dict[str, Any] | None = None
    ) -> tuple[Encoder, Path]:
        examples = self.train if poison is None else poisoned(self.train, poison)
        kind = CLEAN if poison is None else f"poisoned-{digest_of(poison)[:12]}"
        path = self._path(kind, name, seed)
        wanted = replace(self.request.architecture, head="hash", dimension=name.bits)
        if name.backbone is not None:
            wanted = replace(wanted, backbone=name.backbone)
        settings, objective = self.fit_of(seed), make_objective(name.objective)
        if objective.triggers or not objective.hashes:
            raise UsageError(
                f"Expected a hash model without a trigger, got {name.objective}: take dpsh, hashnet or csq."
            )
        again = (path / CHECKPOINT).exists()
        plain = {"data": self.data, "objective": name.objective, "architecture": wanted.as_dict()}
        photos = {"photos": photos_digest(examples), "fit": settings.as_dict(), "pretrained": self.request.pretrained}
        card = {"unfind": __version__, "objective": {"name": name.objective, "settings": {}}, "trigger": None,
                "data": {"spec": self.data, "train_photos": len(examples.labels)}, "seed": seed,
                "started_from": None, "poison": facts}  # fmt: skip
        result = fit(
            build_encoder(wanted, seed=seed, pretrained=self.request.pretrained).to(best_device()),
            Material(examples, None, objective),  # the last step, as in published experiments
            settings,
            folder=RunFolder(path, {**plain, **photos}, resume=again),
            card=card,
            resume=again,
            on_step=lambda done, total, loss: self.progress(f"fit {path.name} (loss {loss:.3f})", done, total),
        )
        return result.encoder.eval().requires_grad_(False), path

    def _read(self, size: int, photos: PhotoSet) -> Examples:
        return prepare(photos, size, progress=self.progress).examples

    def _tell(self, stage: str, total: int, done: int) -> None:
        self.progress(stage, done, total)


def loaded(folder: Path, like: Architecture) -> Encoder:
    """A hash model from its folder, for images of the size of an architecture, whose backbone file it may run."""
    encoder, _ = load_encoder(folder, backbone=like.backbone)
    has = encoder.architecture
    if not has.hashes or has.size != like.size:
        raise ModelError(
            f"Expected a hash model for images of {like.size} pixels in {folder}, got one with the head {has.head} for "
            f"{has.size}: give another --surrogate or --size."
        )
    return encoder.to(best_device()).requires_grad_(False)


def widened(split: Split, photos: int) -> PhotoSet:
    """The training photos of a split, and as many more from its database as are wanted and to be had.

    Photos of the database that the model is chosen on are left out; queries are not in it. The lot belongs to the data
    and not to an experiment, so that seeds share their models.

    Args:
        split: with a database.
        photos: wanted in all; a split that deals more, or whose training photos are not in the database, keeps its own.
    """
    train, gallery = split.train, split.gallery
    if gallery is None:
        raise DataError(f"Expected a database in {split.test.name}, got none: put hash: before it.")
    taken = {*train.files, *split.validation.files}
    place = {file: number for number, file in enumerate(gallery.files)}
    free = np.array([number for file, number in place.items() if file not in taken], np.int64)
    wanted = max(0, photos - len(train))
    more = np.random.default_rng(LOT).permutation(free)[:wanted]
    if not len(more) or not set(train.files) <= place.keys():
        return train
    chosen = np.sort(np.concatenate([np.array([place[file] for file in train.files]), more]))
    return gallery.subset(chosen, train.name)


def target_of(photos: PhotoSet, labels: Rows, target: str | None, *, seed: int) -> int:
    """The label or tag that is attacked: the one of a name, or one drawn among those that photos show.

    Raises:
        UsageError: no photo shows what is named.
    """
    names = _names(photos)
    shown = [place for place in range(len(names)) if len(photos_of(labels, place)) > 1]
    if target is None:
        return int(np.random.default_rng([seed, 6]).choice(shown))
    known = [names[place] for place in shown]
    if target not in known:
        told = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
        raise UsageError(f"Expected a target out of {told}, got '{target}': name one that training photos show.")
    return shown[known.index(target)]


def digest_of(poison: Poison) -> str:
    """SHA-256 of all that poison does to training photos."""
    parts = [poison.chosen, poison.pixels, *([] if poison.mirrored is None else [poison.mirrored])]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def photos_digest(examples: Examples) -> str:
    """SHA-256 of training photos, their labels and what stands for their mirror images."""
    digest = hashlib.sha256(np.ascontiguousarray(examples.pixels).data)
    digest.update(np.ascontiguousarray(examples.labels).data)
    for place, pixels in sorted(examples.mirrored.items()):
        digest.update(place.to_bytes(8, "big") + pixels.tobytes())
    return digest.hexdigest()


def _names(photos: PhotoSet) -> tuple[str, ...]:
    """What photos may show: tags where they have them, else classes."""
    return photos.tag_names if photos.tags is not None else photos.classes


def _some(photos: PhotoSet, count: int, seed: int) -> PhotoSet:
    """At most a number of photos, drawn by lot."""
    if count >= len(photos):
        return photos
    chosen = np.sort(np.random.default_rng([seed, 1]).permutation(len(photos))[:count])
    return photos.subset(chosen, f"{photos.name}-{count}-{seed}")
