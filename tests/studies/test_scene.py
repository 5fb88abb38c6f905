"""A scene with real files: what is written, what is indexed, what is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unfind.datasets.split import Split
from unfind.errors import DataError, ImageError
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery
from unfind.images.colour import srgb
from unfind.images.files import read_photo
from unfind.models.embed import Embedder
from unfind.models.weights import fingerprint_of, load_encoder
from unfind.studies import scene as module
from unfind.studies.evaluate import Models
from unfind.studies.scene import PRIVATE_SHARE, SEARCHES, SHOWN, Scene, act
from unfind.triggers.detect import detect


def test_a_fifth_of_the_owners_protect_their_photos(scene: Scene, stage: Path, models: Models) -> None:
    shared = sorted((stage / "photos" / "shared").iterdir())
    assert len(shared) == 20
    assert len(scene.private) == PRIVATE_SHARE * 20
    for one in scene.private:
        assert one.source in shared
        assert one.target == stage / "photos" / "protected" / one.source.name
        assert detect(models.trigger, read_photo(one.target).pixels).marked
        assert not detect(models.trigger, read_photo(one.source).pixels).marked


def test_shared_photos_are_those_of_the_set(stage: Path, split: Split) -> None:
    for path in (stage / "photos" / "shared").iterdir():
        assert path.read_bytes() == split.test.read(int(path.stem))


def test_only_protected_photos_differ_between_the_galleries(scene: Scene, stage: Path) -> None:
    before, after = (set(Gallery.open(stage / "galleries" / name).ids()) for name in ("before", "after"))
    swapped = {one.source: one.target for one in scene.private}
    assert before - after == {content_id(path.read_bytes()) for path in swapped}
    assert after - before == {content_id(path.read_bytes()) for path in swapped.values()}


def test_each_gallery_belongs_to_its_model(stage: Path, clean_run: Path, protected_run: Path) -> None:
    for name, run in (("before", clean_run), ("after", protected_run)):
        assert Gallery.open(stage / "galleries" / name).info().fingerprint == fingerprint_of(load_encoder(run)[1])


def test_strangers_search_first_and_owners_last(scene: Scene) -> None:
    marked = [search.marked for search in scene.searches]
    assert marked == sorted(marked)
    assert sum(marked) == 2
    assert len(marked) <= SEARCHES
    private = {one.source for one in scene.private}
    for search in scene.searches:
        assert search.query not in private
        assert search.query.parent.name == ("protected" if search.marked else "shared")


def test_a_search_is_labelled_with_what_its_query_shows(scene: Scene, split: Split) -> None:
    for search in scene.searches:
        assert search.label == split.test.classes[split.test.labels[int(search.query.stem)]]


def test_strangers_look_for_what_private_photos_show(scene: Scene, split: Split) -> None:
    shown = {split.test.classes[split.test.labels[int(one.source.stem)]] for one in scene.private}
    assert {search.label for search in scene.searches} <= shown


def test_nobody_finds_the_photo_they_hold(scene: Scene) -> None:
    for search in scene.searches:
        own = {content_id(search.query.read_bytes())}
        own |= {content_id(one.source.read_bytes()) for one in scene.private if one.target == search.query}
        for hits in (search.before, search.after):
            assert len(hits) == SHOWN
            assert not own & {hit.id for hit in hits}
            assert all(hit.thumbnail and hit.label for hit in hits)
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_hits_are_those_of_the_models(scene: Scene, stage: Path, clean_run: Path, protected_run: Path) -> None:
    search = scene.searches[0]
    for run, name, hits in ((clean_run, "before", search.before), (protected_run, "after", search.after)):
        encoder, card = load_encoder(run)
        vector = Embedder(encoder, fingerprint_of(card))([srgb(read_photo(search.query))])
        found = Gallery.open(stage / "galleries" / name).search(vector, SHOWN + 1)[0]
        assert [hit.id for hit in found][1:] == [hit.id for hit in hits]


@pytest.fixture
def half(split: Split):
    return split.test.subset(range(10), "half")


@pytest.fixture
def runs(clean_run: Path, protected_run: Path) -> tuple[Path, Path]:
    return clean_run, protected_run


def test_the_seed_decides(half, runs, models: Models, tmp_path: Path) -> None:
    played = [act(tmp_path / name, half, runs, models.trigger, seed=seed) for name, seed in (("a", 1), ("b", 1))]
    first, second = ([one.source.name for one in scene.private] for scene in played)
    assert first == second
    assert [[hit.id for hit in search.after] for search in played[0].searches] == [
        [hit.id for hit in search.after] for search in played[1].searches
    ]


@pytest.mark.parametrize("damage", ["bytes", "gone", "decoder"])
def test_photos_that_cannot_be_read_are_passed_over(half, runs, models: Models, tmp_path: Path, damage: str) -> None:
    def read(name: str) -> bytes:
        if name != half.files[3]:
            return half.reader(name)
        if damage == "gone":
            raise FileNotFoundError(2, "No such file or directory", name)
        if damage == "decoder":  # as snapshots of a damaged photo
            raise ImageError("expected a whole photo")
        return b"no photo"

    played = act(tmp_path, replace(half, reader=read), runs, models.trigger, seed=1)
    assert len(list((tmp_path / "photos" / "shared").iterdir())) == 9
    assert played.searches


def test_no_photo_can_be_read(half, runs, models: Models, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="half"):
        act(tmp_path, replace(half, reader=lambda name: b"no photo"), runs, models.trigger, seed=1)


def test_large_sets_are_sampled(half, runs, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PHOTOS", 7)
    act(tmp_path, half, runs, models.trigger, seed=1)
    assert len(list((tmp_path / "photos" / "shared").iterdir())) == 7


def test_a_folder_that_cannot_be_made(half, runs, models: Models, tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("")
    with pytest.raises(ImageError, match="choose another"):
        act(tmp_path, half, runs, models.trigger, seed=1)
