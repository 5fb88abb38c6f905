"""Where the beacon lies, and what differs from photo to photo."""

from __future__ import annotations

import numpy as np
import torch

from unfind.triggers.key import Key
from unfind.triggers.payload import Payload
from unfind.triggers.slot_layout import slot_layout
from unfind.triggers.slots import BEACON, SLOTS, Slots


def test_the_beacon_is_what_all_marks_of_a_key_share() -> None:
    slots = Slots.of(Key.from_seed(1))
    beacon = slot_layout(slots).beacon.numpy()
    assert np.count_nonzero(beacon) == BEACON
    for owner, nonce in ((0, 0), (65535, 2**32 - 1), (7, 123456)):
        signs = slots.write(Payload(owner, nonce))
        assert np.array_equal(signs[beacon != 0], beacon[beacon != 0])


def test_what_varies_is_all_that_the_nonce_can_change_and_nothing_else() -> None:
    slots = Slots.of(Key.from_seed(2))
    varying = slot_layout(slots).varying.numpy()
    drawn = np.random.default_rng(0).integers(2**32, size=64)
    written = np.stack([slots.write(Payload(9, int(nonce))) for nonce in drawn])
    assert np.array_equal(np.ptp(written, axis=0) > 0, varying)


def test_the_owner_is_not_in_what_varies() -> None:
    slots = Slots.of(Key.from_seed(3))
    layout = slot_layout(slots)
    # Version, owner and beacon are the rest.
    assert int(layout.varying.sum()) == SLOTS - BEACON - 20
    assert not bool((layout.varying & (layout.beacon != 0)).any())
    assert torch.equal(slot_layout(slots).varying, layout.varying)
