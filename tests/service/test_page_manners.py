"""How the page behaves on all tabs: for those who do not see, have no mouse, read German or hold a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TABS = ("protect", "check", "search", "gallery")
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expect_of

    return expect_of(locator)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    scheme: str, open_page: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in web/")
    page = open_page(site, color_scheme=scheme)
    page.set_input_files("#panel-protect .key input[type=file]", site.key_file)
    photos = {"a.jpg": photo_file(), "wrong.jpg": b"no photo"}
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in photos.items()]
    page.set_input_files("#panel-protect .drop input[type=file]:not([webkitdirectory])", files)
    expect(page.locator("#panel-protect .photo:not(.waiting)")).to_have_count(2)
    page.evaluate(AXE.read_text())
    for tab in TABS:
        page.get_by_role("tab").nth(TABS.index(tab)).click()
        assert _problems(page) == [], tab
    page.get_by_role("tab").first.click()
    page.get_by_role("button", name="Compare").click()
    assert _problems(page) == [], "dialog"


def _problems(page: Any) -> list[str]:
    found = page.evaluate("rules => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES)
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found["violations"]]


def test_everything_can_be_done_with_keys(open_page: Callable[..., Any], site: Any) -> None:
    page = open_page(site)
    page.on("filechooser", lambda _: None)  # from now on the browser asks the test, and opens no window of its own
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Protect")).to_be_focused()
    for key, name in (("ArrowRight", "Check"), ("End", "Gallery"), ("ArrowRight", "Protect"), ("ArrowLeft", "Gallery")):
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    page.keyboard.press("Home")
    panel = page.locator("#panel-protect")
    for name in ("Choose key file", "Make a new key"):
        _tab_to(page, panel.get_by_role("button", name=name))
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Download the key")).to_be_visible()
    _tab_to(page, panel.get_by_label("Strength"))
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_label("Strength")).to_have_value("1.05")
    _tab_to(page, panel.get_by_role("button", name="Choose photos"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    assert chooser.value.is_multiple()


def _tab_to(page: Any, wanted: Any, most: int = 12) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            outline = wanted.evaluate("node => getComputedStyle(node).outlineStyle")
            assert outline != "none", "whoever uses keys must see where they are"
            return
    pytest.fail(f"{wanted} is not reached with the tab key")


def test_german_readers_get_german_and_may_choose(open_page: Callable[..., Any], site: Any) -> None:
    page = open_page(site, locale="de-AT")
    assert page.locator("html").get_attribute("lang") == "de"
    expect(page.get_by_role("heading", level=2, name="Fotos aus der Suche heraushalten")).to_be_visible()
    page.get_by_label("Sprache").select_option("en")
    expect(page.get_by_role("heading", level=2, name="Keep photos out of search")).to_be_visible()
    expect(page.get_by_role("tab", name="Protect")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=2, name="Keep photos out of search")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_scrolling_aside(width: int, open_page: Callable[..., Any], site: Any) -> None:
    page = open_page(site, viewport={"width": width, "height": 800}, has_touch=True, is_mobile=True, locale="de-DE")
    for place in range(len(TABS)):
        page.get_by_role("tab").nth(place).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_policy_holds(open_page: Callable[..., Any], site: Any) -> None:
    page = open_page(site, calm=False)
    # Later, since what a test evaluates is itself let through.
    assert (
        page.evaluate(
            """() => new Promise(done => setTimeout(() => {
             try { new Function("return 1")(); done("run") } catch (error) { done(error.name) }
           }))"""
        )
        == "EvalError"
    )
    assert page.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'refused')") == "refused"
    page.asked.clear()
    page.evaluate(
        """() => {
             const script = document.createElement("script");
             script.textContent = "window.bad = 1";
             document.body.append(script);
           }"""
    )
    assert page.evaluate("window.bad") is None
    assert any("Content Security Policy" in text for text in page.told)


def test_the_address_names_the_tab(open_page: Callable[..., Any], site: Any) -> None:
    page = open_page(site, "gallery")
    expect(page.get_by_role("tabpanel", name="Gallery")).to_be_visible()
    page.get_by_role("tab", name="Check").click()
    page.go_back()
    expect(page.get_by_role("tabpanel", name="Gallery")).to_be_visible()


def test_licences_come_along(open_page: Callable[..., Any], site: Any) -> None:
    page = open_page(site)
    text = page.evaluate("fetch('licences.txt').then(answer => answer.text())")
    for name in ("onnxruntime-web", "@noble/hashes", "fflate", "figtree", "MIT License", "SIL Open Font"):
        assert name.lower() in text.lower()
