"""The page's fourth tab: photos are browsed, added, and erased with a receipt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PAGE = 24
COUNT = 30


@pytest.fixture
def album(site: Any, jpeg: Callable[..., bytes]) -> Iterator[Any]:
    """The site with thirty photos, and empty again afterwards."""
    prepare = site.backend.prepare
    records = [prepare(jpeg(seed=seed), label=f"photo {seed}", owner="ada", collection="") for seed in range(COUNT)]
    for answer in [site.writer.add(record) for record in records]:
        assert answer.result(60)
    yield site
    site.writer.remove(site.backend.gallery.ids()).result(60)


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expect_of

    return expect_of(locator)


def connect(page: Any, key: str) -> None:
    panel = page.locator("#panel-gallery")
    panel.get_by_label("API key").fill(key)
    panel.get_by_role("button", name="Connect", exact=True).click()
    expect(panel.locator(".card")).to_contain_text("Connected")


def give(page: Any, files: dict[str, bytes]) -> None:
    chosen = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files.items()]
    page.set_input_files("#panel-gallery .drop input[type=file]:not([webkitdirectory])", chosen)


def test_photos_are_leafed_through(open_page: Callable[..., Any], album: Any) -> None:
    page = open_page(album, "gallery")
    connect(page, album.keys["read"])
    photos = page.locator("#panel-gallery .gallery .photo")
    expect(photos).to_have_count(PAGE)
    first = photos.locator(".name").all_inner_texts()
    expect(photos.locator("img").first).not_to_have_js_property("naturalWidth", 0)
    page.get_by_role("button", name="Next").click()
    expect(photos).to_have_count(COUNT - PAGE)
    assert set(first).isdisjoint(photos.locator(".name").all_inner_texts())
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Previous").click()
    expect(photos).to_have_count(PAGE)
    assert photos.locator(".name").all_inner_texts() == first


def test_photos_are_added_and_one_that_is_none_is_told(
    open_page: Callable[..., Any], album: Any, jpeg: Callable[..., bytes]
) -> None:
    page = open_page(album, "gallery", calm=False)
    connect(page, album.keys["write"])
    page.get_by_text("Say about new photos").click()
    page.get_by_label("Collection").fill("holiday")
    give(page, {"new.jpg": jpeg((9, 99, 200), 77), "there.jpg": jpeg(seed=0), "none.jpg": b"none"})
    done = page.locator("#panel-gallery .done")
    expect(done).to_contain_text("1 photo added.")
    expect(done).to_contain_text("1 photo was there already.")
    expect(page.locator("#panel-gallery .problems .why")).to_contain_text("The service says: expected a JPEG")
    assert album.backend.gallery.engine.count() == COUNT + 1
    rows = album.backend.facts(album.backend.gallery.ids())
    assert [row["collection"] for row in rows if row["collection"]] == ["holiday"]


def test_photos_are_erased_with_a_receipt(open_page: Callable[..., Any], album: Any) -> None:
    page = open_page(album, "gallery")
    connect(page, album.keys["write"])
    photos = page.locator("#panel-gallery .gallery .photo")
    expect(photos).to_have_count(PAGE)
    chosen = photos.locator(".name").all_inner_texts()[:2]
    for name in chosen:
        page.get_by_label(f"Select {name}", exact=True).check()
    page.get_by_role("button", name="Erase", exact=True).click()
    dialog = page.get_by_role("dialog", name="Erase for good?")
    expect(dialog.get_by_role("button", name="Keep them")).to_be_focused()
    dialog.get_by_role("button", name="Keep them").click()
    assert album.backend.gallery.engine.count() == COUNT
    page.get_by_role("button", name="Erase", exact=True).click()
    dialog.get_by_role("button", name="Erase for good").click()
    expect(page.locator("#panel-gallery .done")).to_contain_text("2 photos erased. No trace of them is left in")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the receipt").click()
    receipt = json.loads(Path(download.value.path()).read_text())
    assert (receipt["removed"], receipt["traces_after"]) == (2, 0)
    assert album.backend.gallery.engine.count() == COUNT - 2
    labels = [row["label"] for row in album.backend.facts(album.backend.gallery.ids())]
    assert set(chosen).isdisjoint(labels)


def test_a_key_that_may_read_cannot_add(open_page: Callable[..., Any], album: Any, jpeg: Callable[..., bytes]) -> None:
    page = open_page(album, "gallery", calm=False)
    connect(page, album.keys["read"])
    give(page, {"new.jpg": jpeg((9, 99, 200), 77)})
    expect(page.locator("#panel-gallery .problems .why")).to_contain_text("Expected a key that may write")
    assert album.backend.gallery.engine.count() == COUNT
