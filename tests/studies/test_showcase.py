"""The pictures of a report."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unfind.images.files import read_photo
from unfind.report.page import Picture
from unfind.studies.protect import Protected
from unfind.studies.scene import SHOWN, Scene
from unfind.studies.showcase import SIDE, TRIPLETS, ranked_lists, triplets


def opened(picture: Picture) -> Image.Image:
    head, _, body = picture.uri.partition(",")
    assert head.startswith("data:image/")
    return Image.open(io.BytesIO(base64.b64decode(body)))


def test_every_search_is_shown(scene: Scene) -> None:
    shown = ranked_lists(scene)
    assert len(shown) == len(scene.searches)
    for ranked, search in zip(shown, scene.searches, strict=True):
        assert len(ranked.before) == len(ranked.after) == SHOWN
        assert search.label in ranked.query.alt
        assert ("protected" in ranked.query.caption) is search.marked
        for picture in (ranked.query, *ranked.before, *ranked.after):
            assert max(opened(picture).size) <= 160
            assert picture.alt


def test_hits_of_the_subject_are_counted_and_marked(scene: Scene) -> None:
    for ranked, search in zip(ranked_lists(scene), scene.searches, strict=True):
        before, after = (sum(hit.label == search.label for hit in hits) for hits in (search.before, search.after))
        assert f"{before} were of the same subject before and {after} after" in ranked.note
        assert [picture.relevant for picture in ranked.before] == [hit.label == search.label for hit in search.before]


def test_protected_hits_are_named_so(scene: Scene) -> None:
    for ranked, search in zip(ranked_lists(scene), scene.searches, strict=True):
        protected = ["/protected/" in hit.path for hit in search.after]
        assert ["protected" in picture.caption for picture in ranked.after] == protected
        assert not any("protected" in picture.caption for picture in ranked.before)


def test_triplets_show_before_after_and_difference(scene: Scene) -> None:
    shown = triplets(scene)
    assert len(shown) == min(TRIPLETS, len(scene.private))
    for one, triplet in zip(scene.private, shown, strict=False):
        pictures = [np.asarray(opened(p).convert("RGB"), float) for p in (triplet.original, triplet.protected)]
        assert max(pictures[0].shape) <= SIDE
        source = read_photo(one.source).pixels
        assert np.abs(pictures[0] - source).mean() < 12  # as sent in a page, not as on disk
        assert f"{one.psnr:.1f} dB PSNR" in triplet.note
        assert "mark found" in triplet.note


def test_photos_that_were_not_protected_are_not_shown(scene: Scene) -> None:
    failed = [Protected(one.source, problem="too small") for one in scene.private]
    assert triplets(replace(scene, private=failed)) == []
    assert len(triplets(replace(scene, private=[*failed, scene.private[0]]))) == 1


@pytest.mark.parametrize("missing", ["psnr", "check"])
def test_what_was_not_measured_is_left_out(scene: Scene, missing: str) -> None:
    one = replace(scene.private[0], **{missing: None})
    [shown] = triplets(replace(scene, private=[one]))
    assert {"psnr": "PSNR", "check": "mark found"}[missing] not in shown.note
    assert shown.note.strip(", ") == shown.note
