"""The page's first tab: photos are protected in the browser, and Python finds the mark in what it saves."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from unfind.images.decode import decode
from unfind.triggers.detect import detect
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

_BLOB = re.compile("^blob:")
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
ORIENTATION, GPS, MAKER, MODEL = 0x0112, 0x8825, 0x010F, 0x0110


@pytest.fixture
def protect(open_page: Callable[..., Any], site: Any) -> Callable[..., Any]:
    """Open the page, choose the key, and give photos to it; returns the page when all are worked on."""

    def work(*files: tuple[str, bytes], key: Path | None = None, **like: Any) -> Any:
        page = open_page(site, **like)
        page.set_input_files("#panel-protect .key input[type=file]", key or site.key_file)
        give(page, *files)
        expect(page.locator("#panel-protect .photo:not(.waiting)")).to_have_count(len(files))
        return page

    return work


def give(page: Any, *files: tuple[str, bytes], tab: str = "protect") -> None:
    chosen = [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    page.set_input_files(f"#panel-{tab} .drop input[type=file]:not([webkitdirectory])", chosen)


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expect_of

    return expect_of(locator)


def saved(page: Any, name: str) -> bytes:
    """The protected photo, as the browser saves it."""
    card = page.locator(f'#panel-protect .photo:has([title="{name}"])')
    with page.expect_download() as download:
        card.get_by_role("button", name="Download").click()
    return Path(download.value.path()).read_bytes()


def marked(site: Any, data: bytes) -> bool:
    return detect(SpreadSpectrum(site.key), decode(data).pixels).marked


def jpeg_of_a_phone(photo: bytes) -> bytes:
    """A JPEG with all that phones write: an orientation, a place, a maker, a colour profile."""
    image, exif = Image.open(io.BytesIO(photo)), Image.Exif()
    exif[ORIENTATION], exif[MAKER], exif[MODEL] = 6, "Maker", "Phone 1"
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0)})
    file = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.save(file, "JPEG", quality=83, exif=exif, icc_profile=profile)
    assert b"GPS" not in file.getvalue()
    assert dict(Image.open(file).getexif().get_ifd(GPS))
    return file.getvalue()


def test_a_phones_photo_keeps_what_it_needs_and_loses_its_place(
    protect: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    original = jpeg_of_a_phone(photo_file((320, 200)))
    assert not marked(site, original)
    page = protect(("phone.jpg", original))
    made = saved(page, "phone.jpg")
    assert marked(site, made)
    before, after = decode(original), decode(made)
    assert after.pixels.shape == before.pixels.shape == (320, 200, 3)
    assert 15 < np.abs(after.pixels.astype(int) - before.pixels).max() < 60
    exif = Image.open(io.BytesIO(made)).getexif()
    assert dict(exif.get_ifd(GPS)) == {}
    assert (exif[MAKER], exif[MODEL], exif[ORIENTATION]) == ("Maker", "Phone 1", 1)
    assert after.icc == before.icc
    assert after.quality == before.quality == 83
    first = len([request for request in page.asked if request.method != "GET"])
    assert first == 0, "protecting must send nothing"


def test_nothing_is_asked_for_once_the_page_is_there(
    open_page: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    page = open_page(site)
    page.wait_for_load_state("networkidle")
    page.set_input_files("#panel-protect .key input[type=file]", site.key_file)
    page.asked.clear()
    give(page, ("a.jpg", photo_file()))
    expect(page.locator("#panel-protect .photo.good")).to_have_count(1)
    page.get_by_role("button", name="Compare").click()
    page.locator("dialog .choice label").nth(1).click()
    expect(page.locator("dialog .change img")).to_have_attribute("src", _BLOB)
    page.get_by_role("button", name="Close").click()
    with page.expect_download():
        page.get_by_role("button", name="Download all as zip").click()
    assert [request.url for request in page.asked if not request.url.startswith(("blob:", "data:"))] == []


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_other_formats_stay_what_they_are(
    format: str, protect: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    page = protect(("a", photo_file(format=format)))
    made = saved(page, "a")
    assert Image.open(io.BytesIO(made)).format == format
    assert marked(site, made)


def test_fifty_photos_at_once_with_some_that_are_none(
    protect: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    photos = [("same name.jpg", photo_file((200, 150), seed)) for seed in range(47)]
    cut = photo_file((640, 480))[:9000]
    already = Image.fromarray(SpreadSpectrum(site.key).mark(decode(photo_file(seed=99)).pixels))
    file = io.BytesIO()
    already.save(file, "PNG")
    page = protect(*photos, ("cut.jpg", cut), ("phone.heic", HEIC), ("again.png", file.getvalue()))
    expect(page.locator("#panel-protect .photo.good")).to_have_count(47)
    expect(page.locator('.photo:has([title="cut.jpg"]) .why')).to_contain_text("got a damaged or cut-off file")
    expect(page.locator('.photo:has([title="phone.heic"]) .why')).to_contain_text("got HEIC: export the photo as JPEG")
    expect(page.locator('.photo:has([title="again.png"]) .why')).to_contain_text("it is protected already")
    expect(page.locator("#panel-protect .results")).to_contain_text("47 photos protected")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == 47
        assert "same name-protected (47).jpg" in names
        assert all(marked(site, archive.read(name)) for name in names[::10])
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator("#panel-protect .photo")).to_have_count(0)


def test_a_photo_of_twelve_megapixels(protect: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]) -> None:
    page = protect(("large.jpg", photo_file((4000, 3000))))
    made = saved(page, "large.jpg")
    assert decode(made).pixels.shape == (3000, 4000, 3)
    assert marked(site, made)


def test_long_work_can_be_given_up(open_page: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]) -> None:
    page = open_page(site)
    page.set_input_files("#panel-protect .key input[type=file]", site.key_file)
    photo = photo_file((1000, 800))
    give(page, *[(f"{number}.jpg", photo) for number in range(30)])
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#panel-protect .photo:not(.waiting)")).to_have_count(30)
    expect(page.locator("#panel-protect .working")).to_be_hidden()
    assert page.get_by_text("Cancelled.").count() > 0
    give(page, ("one more.jpg", photo))
    expect(page.locator('#panel-protect .photo.good:has([title="one more.jpg"])')).to_have_count(1)


def test_a_key_that_was_made_here_works_everywhere(
    open_page: Callable[..., Any], site: Any, photo_file: Callable[..., bytes]
) -> None:
    page = open_page(site)
    give(page, ("a.jpg", photo_file()))
    expect(page.locator("#panel-protect .work .notice")).to_contain_text("Choose your key first")
    panel = page.locator("#panel-protect")
    panel.get_by_role("button", name="Make a new key").click()
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download the key").click()
    key = Key.load(Path(download.value.path()))
    assert download.value.suggested_filename == f"unfind-{key.fingerprint}.key"
    give(page, ("a.jpg", photo_file()))
    expect(page.locator("#panel-protect .photo.good")).to_have_count(1)
    assert detect(SpreadSpectrum(key), decode(saved(page, "a.jpg")).pixels).marked
    panel.get_by_role("button", name="Forget it").click()
    expect(panel.get_by_role("button", name="Make a new key")).to_be_visible()


def test_a_file_that_is_no_key_is_told(open_page: Callable[..., Any], site: Any, tmp_path: Path) -> None:
    (tmp_path / "wrong.key").write_text("-----BEGIN CERTIFICATE-----")
    page = open_page(site)
    page.set_input_files("#panel-protect .key input[type=file]", tmp_path / "wrong.key")
    expect(page.locator("#panel-protect .key .notice")).to_contain_text("Expected a key file that starts with")


def test_before_and_after_can_be_compared_with_keys_alone(
    protect: Callable[..., Any], photo_file: Callable[..., bytes]
) -> None:
    page = protect(("a.jpg", photo_file()))
    look = page.get_by_role("button", name="Compare")
    look.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Before and after")
    slider = dialog.get_by_role("slider", name="Show before or after")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".split")).to_have_attribute("style", "--at: 51%;")
    dialog.get_by_role("radio", name="What has changed").focus()
    page.keyboard.press("Space")
    expect(dialog.get_by_role("img", name="What has changed")).to_have_attribute("src", _BLOB)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(look).to_be_focused()


def test_a_fainter_mark_changes_less(
    protect: Callable[..., Any], site: Any, open_page: Callable[..., Any], photo_file: Callable[..., bytes]
) -> None:
    page = protect(("usual.png", photo_file(format="PNG")))
    page.get_by_label("Strength").fill("0.5")
    give(page, ("faint.png", photo_file(format="PNG")))
    expect(page.locator("#panel-protect .photo.good")).to_have_count(2)
    before = decode(photo_file(format="PNG")).pixels.astype(int)
    gaps = [np.abs(decode(saved(page, name)).pixels - before).mean() for name in ("usual.png", "faint.png")]
    assert 0.4 < gaps[1] / gaps[0] < 0.65
