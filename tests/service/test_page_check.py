"""The page's second tab: marks that Python has made are found in the browser, with a network and without."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unfind.images.decode import decode
from unfind.triggers.key import Key
from unfind.triggers.open_mark import open_mark
from unfind.triggers.spread_spectrum import SpreadSpectrum

OWNER = 513


@pytest.fixture
def give(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Give photos to a tab of a page."""

    def files(page: Any, tab: str, photos: dict[str, bytes]) -> None:
        chosen = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in photos.items()]
        page.set_input_files(f"#panel-{tab} .drop input[type=file]:not([webkitdirectory])", chosen)

    return files


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expect_of

    return expect_of(locator)


def with_mark(mark: Any, photo: bytes, quality: int = 90) -> bytes:
    file = io.BytesIO()
    Image.fromarray(mark.mark(decode(photo).pixels)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def card(page: Any, tab: str, name: str) -> Any:
    return page.locator(f'#panel-{tab} .photo:not(.waiting):has([title="{name}"])')


def test_whose_mark_it_is(
    open_page: Callable[..., Any], give: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    page, photo = open_page(site, "check"), photo_file((400, 300))
    give(page, "check", {"early.jpg": photo})
    expect(page.locator("#panel-check .work .notice")).to_contain_text("Choose your key first")
    page.set_input_files("#panel-check .key input[type=file]", site.key_file)
    marked = with_mark(SpreadSpectrum(site.key), photo, quality=75)
    small = Image.open(io.BytesIO(marked)).resize((300, 225))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=85)
    other = with_mark(SpreadSpectrum(Key.from_seed(2)), photo)
    give(page, "check", {"mine.jpg": marked, "small.webp": file.getvalue(), "plain.jpg": photo, "other.jpg": other})
    for name in ("mine.jpg", "small.webp"):
        expect(card(page, "check", name)).to_contain_text("Marked with your key")
        expect(card(page, "check", name)).to_contain_text("Chance of a mistake: less than 1 in 10")
    for name in ("plain.jpg", "other.jpg"):
        expect(card(page, "check", name)).to_contain_text("No mark of this key")
    give(page, "check", {"broken.jpg": photo[:5000]})
    expect(card(page, "check", "broken.jpg")).to_contain_text("got a damaged or cut-off file")
    assert all(request.method == "GET" for request in page.asked)


def test_without_a_network_photos_are_still_protected_and_checked(
    open_page: Callable[..., Any], give: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    page = open_page(site, calm=False)  # the browser looks for its icon only now, and writes that there is none
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.set_input_files("#panel-protect .key input[type=file]", site.key_file)
    give(page, "protect", {"a.jpg": photo_file()})
    expect(card(page, "protect", "a.jpg")).to_contain_text("Mark read back from the file")
    page.get_by_role("tab", name="Check").click()
    give(page, "check", {"b.jpg": with_mark(SpreadSpectrum(site.key), photo_file())})
    expect(card(page, "check", "b.jpg")).to_contain_text("Marked with your key")


def test_the_learned_mark_goes_both_ways_and_says_whose_it_is(
    open_page: Callable[..., Any], give: Callable[..., Any], learned_site: Any, photo_file: Callable[..., bytes]
) -> None:
    page = open_page(learned_site, calm=False)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)  # the networks are there already
    page.set_input_files("#panel-protect .key input[type=file]", learned_site.key_file)
    page.get_by_label("Owner number").fill("70000")
    expect(page.locator("#panel-protect .wrong")).to_contain_text("from 0 to 65535")
    page.get_by_label("Owner number").fill(str(OWNER))
    give(page, "protect", {"a.jpg": photo_file((640, 480))})
    expect(card(page, "protect", "a.jpg")).to_contain_text("Mark read back from the file")
    with page.expect_download() as download:
        card(page, "protect", "a.jpg").get_by_role("button", name="Download").click()
    mark = open_mark(learned_site.key, "shipped", owner=OWNER)
    found = mark.find(decode(Path(download.value.path()).read_bytes()).pixels)
    assert found.marked
    assert found.payload is not None
    assert found.payload.owner == OWNER
    page.get_by_role("tab", name="Check").click()
    give(page, "check", {"b.jpg": with_mark(mark, photo_file((500, 400), 1)), "plain.jpg": photo_file((500, 400), 2)})
    expect(card(page, "check", "b.jpg")).to_contain_text(f"Owner {OWNER}")
    expect(card(page, "check", "plain.jpg")).to_contain_text("No mark of this key")


def test_the_first_load_is_small(open_page: Callable[..., Any], learned_site: Any, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    session, sizes = context.new_cdp_session(page), []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(learned_site.address)
    page.wait_for_selector("html[data-ready]")
    page.wait_for_load_state("networkidle")
    context.close()
    assert 1_000_000 < sum(sizes) <= 6_000_000
