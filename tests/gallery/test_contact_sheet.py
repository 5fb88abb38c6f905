from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest

from unfind.gallery.contact_sheet import contact_sheet
from unfind.gallery.hit import Hit

JPEG = b"\xff\xd8a picture\xff\xd9"


class Tags(HTMLParser):
    """Collects the tags and attributes that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def hit(**changes: object) -> Hit:
    fields = {"id": "0" * 32, "score": 0.91234, "path": "/a/b/bird.jpg", "label": "", "width": 640, "height": 480}
    return Hit(**{**fields, "thumbnail": JPEG, **changes})  # type: ignore[arg-type]


def test_page_shows_query_and_hits_in_order() -> None:
    html = contact_sheet(JPEG, [hit(path="/x/first.jpg"), hit(path="C:\\x\\second.jpg", label="auklet")])
    assert html.index("first.jpg") < html.index("second.jpg")
    uri = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
    assert html.count(uri) == 3
    for text in ("0.912", "auklet", "640 × 480", "2 photos found"):
        assert text in html
    assert 'alt="Rank 2: second.jpg"' in html


def test_page_carries_everything_and_forbids_the_rest() -> None:
    html = contact_sheet(JPEG, [hit()])
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "http://" not in html
    assert "https://" not in html
    assert re.search(r"default-src &#39;none&#39;; img-src data:", html)
    tags = Tags(html).seen
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe", "object")]
    assert all((a["src"] or "").startswith("data:image/jpeg") for tag, a in tags if tag == "img")
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>.jpg",
        '"><script>alert(1)</script>',
        "' onmouseover='alert(1)",
        "</title><script>",
        "{{ 7 * 7 }}",
    ],
)
def test_hostile_names_stay_text(name: str) -> None:
    html = contact_sheet(JPEG, [hit(path=name, label=name)], title=name)
    plain = Tags(contact_sheet(JPEG, [hit(path="plain", label="plain")], title="plain")).seen
    seen = Tags(html).seen
    assert [tag for tag, _ in seen] == [tag for tag, _ in plain]
    assert [sorted(attributes) for _, attributes in seen] == [sorted(attributes) for _, attributes in plain]
    assert ("title", name) in {(key, value) for _, a in seen for key, value in a.items()}


def test_page_without_pictures_or_hits_still_stands() -> None:
    html = contact_sheet(b"", [])
    assert "0 photos found" in html
    assert "<img" not in html
    assert "no picture" in contact_sheet(b"", [hit(thumbnail=b"")])
    assert "1 photo found" in contact_sheet(b"", [hit()])


def test_name_that_ends_in_a_slash_is_shown_whole() -> None:
    assert ">/<" in contact_sheet(b"", [hit(path="/")]).replace("\n", "")
