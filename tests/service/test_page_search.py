"""The page's third tab: a search with two models side by side, and the connection it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unfind.gallery.record import Record
from unfind.service.backend import Backend


@pytest.fixture(scope="module")
def full_site(site: Any, jpeg: Callable[..., bytes]) -> Any:
    """The site with photos: red to blue in one gallery, two of them only in the other."""
    files = {f"colour {step}": jpeg((250 - 60 * step, 40, 10 + 60 * step), step) for step in range(4)}
    for record in _records(site.backend, files):
        site.writer.add(record).result(60)
    site.beside.gallery.add(_records(site.beside, {name: files[name] for name in ("colour 3", "colour 2")}))
    return site


def _records(backend: Backend, files: dict[str, bytes]) -> list[Record]:
    return [backend.prepare(data, label=name, owner="", collection="") for name, data in files.items()]


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expect_of

    return expect_of(locator)


def connect(page: Any, key: str) -> None:
    page.locator("#panel-search").get_by_label("API key").fill(key)
    page.get_by_role("button", name="Connect", exact=True).click()


def ask(page: Any, photo: bytes) -> None:
    page.set_input_files(
        "#panel-search .drop input[type=file]", {"name": "query.jpg", "mimeType": "image/jpeg", "buffer": photo}
    )


def test_two_models_are_seen_side_by_side(
    open_page: Callable[..., Any], full_site: Any, jpeg: Callable[..., bytes]
) -> None:
    page = open_page(full_site, "search")
    ask(page, jpeg())
    expect(page.locator("#panel-search .work .notice")).to_contain_text("Connect with an API key first")
    connect(page, full_site.keys["read"])
    expect(page.locator("#panel-search .card")).to_contain_text("Connected to “album”: 4 photos.")
    ask(page, jpeg((245, 40, 12), 9))
    lists = page.locator("#panel-search .ranking")
    expect(lists).to_have_count(2)
    expect(lists.nth(0)).to_contain_text("Ordinary model")
    expect(lists.nth(1)).to_contain_text("Protected model")
    summary = "Of the 2 photos that the ordinary model finds first, 0 are no longer found."
    expect(page.locator("#panel-search .query")).to_contain_text(summary)
    assert lists.nth(0).locator("li .name").all_inner_texts() == ["colour 2", "colour 3"]
    assert lists.nth(1).locator("li .name").all_inner_texts() == [f"colour {step}" for step in range(4)]
    scores = [float(text.removeprefix("Score ")) for text in lists.nth(1).locator(".hint").all_inner_texts()[1:]]
    assert scores == sorted(scores, reverse=True)
    assert lists.nth(1).locator("img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    sent = [request for request in page.asked if request.method == "POST"]
    assert len(sent) == 2
    assert all("/v1/search?" in request.url for request in sent)


def test_the_api_key_stays_in_this_tab(open_page: Callable[..., Any], full_site: Any) -> None:
    page = open_page(full_site, "search")
    connect(page, full_site.keys["read"])
    expect(page.locator("#panel-search .card")).to_contain_text("Connected")
    page.reload()
    expect(page.locator("#panel-search .card")).to_contain_text("Connected")
    secret = full_site.keys["read"]
    assert secret not in page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    assert secret in page.evaluate("JSON.stringify(sessionStorage)")
    page.locator("#panel-search").get_by_role("button", name="Disconnect").click()
    assert page.evaluate("sessionStorage.length") == 0
    expect(page.locator("#panel-search").get_by_label("API key")).to_be_visible()


def test_a_wrong_key_and_a_service_that_is_gone_are_told(open_page: Callable[..., Any], full_site: Any) -> None:
    page = open_page(full_site, "search", calm=False)  # the browser itself writes what was refused
    connect(page, "unfind_nobody_" + "x" * 43)
    alert = page.locator("#panel-search .card .notice")
    expect(alert).to_contain_text("Expected a known API key, got another one")
    page.context.set_offline(True)
    connect(page, full_site.keys["read"])
    expect(alert).to_contain_text("Expected an answer of the service, got none")


def test_a_photo_that_the_service_refuses_is_told(
    open_page: Callable[..., Any], full_site: Any, jpeg: Callable[..., bytes]
) -> None:
    page = open_page(full_site, "search", calm=False)
    connect(page, full_site.keys["read"])
    expect(page.locator("#panel-search .card")).to_contain_text("Connected")
    ask(page, b"no photo at all")
    expect(page.locator("#panel-search .work .notice")).to_contain_text(
        "The service says: expected a JPEG, PNG or WebP"
    )
