from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unfind.images.exif import carried, orientation

Maker = Callable[..., bytes]


def read(block: bytes | None) -> Image.Exif:
    """Let Pillow, which knows nothing of our writer, read a block."""
    assert block is not None
    found = Image.Exif()
    found.load(b"Exif\0\0" + block)
    return found


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("value", range(1, 9))
def test_the_orientation_is_read_in_both_byte_orders(value: int, order: str, camera_exif: Maker) -> None:
    assert orientation(camera_exif(value, order)) == value


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_makes_no_sense_is_upright(value: int, camera_exif: Maker) -> None:
    assert orientation(camera_exif(value)) == 1


def test_an_orientation_stored_as_long_is_read(tiff: Maker) -> None:
    assert orientation(tiff({0x0112: (4, 1, struct.pack("<I", 8))})) == 8


def test_an_orientation_stored_as_text_is_upright(tiff: Maker) -> None:
    assert orientation(tiff({0x0112: (2, 2, b"6\0")})) == 1


@pytest.mark.parametrize("block", [None, b"", b"II*\0", b"not an exif block", b"II*\0\xff\xff\xff\xff"])
def test_no_block_or_a_damaged_one_is_upright_and_carries_nothing(block: bytes | None) -> None:
    assert orientation(block) == 1
    assert carried(block, 1, keep_location=True) is None


@pytest.mark.parametrize("order", ["little", "big"])
def test_the_position_is_gone_and_the_rest_is_there(order: str, camera_exif: Maker) -> None:
    found = read(carried(camera_exif(6, order), 6, keep_location=False))
    assert dict(found.get_ifd(0x8825)) == {}
    assert 0x8825 not in found
    assert (found[0x0112], found[0x0110]) == (6, "Camera 9")
    assert found.get_ifd(0x8769)[0x829A] == pytest.approx(52.0)
    assert found.get_ifd(0x8769)[0xA002] == 64


@pytest.mark.parametrize("order", ["little", "big"])
def test_the_position_stays_when_asked(order: str, camera_exif: Maker) -> None:
    found = read(carried(camera_exif(1, order), 1, keep_location=True)).get_ifd(0x8825)
    assert found[1] == "N"
    assert [float(part) for part in found[2]] == [52.0, 31.0, 12.0]


@pytest.mark.parametrize("keep_location", [True, False])
def test_thumbnail_and_maker_note_never_go_along(keep_location: bool, camera_exif: Maker) -> None:
    before = camera_exif(3)
    after = carried(before, 3, keep_location=keep_location)
    assert after is not None
    assert b"thumbnail" in before
    assert b"thumbnail" not in after
    assert b"maker-secret" not in after
    assert dict(read(after).get_ifd(1)) == {}


def test_no_byte_of_the_position_is_left(tiff: Maker) -> None:
    position = struct.pack("<6I", 4711, 1, 815, 1, 12, 1)
    block = tiff({0x0110: (2, 9, b"Camera 9\0")}, below={0x8825: {2: (5, 3, position)}})
    assert struct.pack("<I", 4711) in block
    assert struct.pack("<I", 4711) not in (carried(block, 1, keep_location=False) or b"")


@pytest.mark.parametrize("tag", [0x0111, 0x0117, 0x014A, 0x0190, 0x0201, 0x0202, 0x02BC, 0x83BB, 0x8649, 0x927C])
def test_thumbnail_places_xmp_iptc_and_photoshop_never_go_along(tag: int, tiff: Maker) -> None:
    block = tiff({0x0110: (2, 9, b"Camera 9\0"), tag: (7, 12, b"GPSLatitude=")})
    after = carried(block, 1, keep_location=True)
    assert tag not in read(after)
    assert b"GPSLatitude" not in (after or b"")


def test_an_orientation_is_written_where_there_was_none() -> None:
    assert orientation(carried(None, 7, keep_location=False)) == 7
    assert carried(None, 1, keep_location=False) is None


def test_a_block_that_held_nothing_else_disappears_with_the_position(tiff: Maker) -> None:
    block = tiff({}, below={0x8825: {1: (2, 2, b"N\0")}})
    assert carried(block, 1, keep_location=False) is None
    assert carried(block, 1, keep_location=True) is not None


def test_the_interoperability_directory_is_carried_along() -> None:
    exif = Image.Exif()
    exif[0x8769] = {0x9000: b"0232", 0xA005: {1: "R98"}}
    after = read(carried(exif.tobytes()[6:], 1, keep_location=False))
    assert after.get_ifd(0x8769)[0x9000] == b"0232"
    assert after.get_ifd(0xA005)[1] == "R98"


def test_carrying_twice_changes_nothing_more(camera_exif: Maker) -> None:
    once = carried(camera_exif(5, "big"), 5, keep_location=True)
    assert carried(once, 5, keep_location=True) == once


def test_a_damaged_tag_is_left_out_and_its_neighbours_stay(tiff: Maker) -> None:
    block = bytearray(tiff({0x010F: (2, 6, b"Maker\0"), 0x0112: (3, 1, b"\6\0"), 0x0131: (2, 4, b"abc\0")}))
    block[18:22] = struct.pack("<I", 60_000)  # where the first tag's value is said to lie
    found = read(carried(bytes(block), 6, keep_location=False))
    assert 0x010F not in found
    assert (found[0x0112], found[0x0131]) == (6, "abc")


def test_values_that_overlap_cannot_blow_a_block_up() -> None:
    entries = b"".join(struct.pack("<HHII", 0x9000 + i, 7, 60_000, 8) for i in range(4_000))
    block = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 4_000) + entries + bytes(20_000)
    assert len(carried(block, 1, keep_location=True) or b"") <= 2 * len(block)


def test_a_directory_that_points_to_itself_ends() -> None:
    block = b"II*\0" + struct.pack("<IH", 8, 2)
    block += struct.pack("<HHII", 0x0112, 3, 1, 6) + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4)
    assert orientation(block) == 6
    assert orientation(carried(block, 6, keep_location=True)) == 6


@given(position=st.integers(0, 400), value=st.integers(0, 255), cut=st.integers(0, 400))
@settings(deadline=None, max_examples=300)
def test_any_damage_still_gives_an_orientation_and_a_block_that_says_it(
    camera_exif: Maker, position: int, value: int, cut: int
) -> None:
    block = bytearray(camera_exif(6))
    block[position % len(block)] = value
    damaged = bytes(block[: len(block) - cut % len(block)])
    found = orientation(damaged)
    assert 1 <= found <= 8
    for keep_location in (True, False):
        after = carried(damaged, found, keep_location=keep_location)
        assert orientation(after) == found
        assert len(after or b"") <= 2 * len(damaged) + 32
