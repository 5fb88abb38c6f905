"""Hearing a mark: which signs an image carries, and how surely they are those of one's own key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_parts import WORKING_SIZE
from unfind.models.unblurred import bell, box, disk, unblurred
from unfind.objectives.steering import Layout

SLOTS = 160
"""Signs of a mark."""
GATE = 24.0
"""How suddenly the gate opens as more of the beacon is heard ..."""
HEARD = 0.65
"""... and how much of it must be, -1..1, for the gate to be half open where it is undecided whether there is a mark. On
thumbnails of validation classes after JPEG 50 to 95, 0.3 % of one's own marks say less, and of another key's marks
0.5 % say more where the two keys are most alike, hardly any else; at 0.5 it was 2.5 % of these."""
SURE = (-4.0, 1.0)
"""Between these the presence of a mark counts. Where the decoder is sure that there is none, chance opens no gate;
where it is sure that there is one, it may still be another key's."""

CROPPED = (0.05, 0.1)
"""Shares of each side that may have been cut off around an image in which a mark may be and is not heard."""
BLURRED = ((bell(1.5), 0.03), (box(5), 0.01), (box(7), 0.01), (disk(3), 0.01))
"""Blurs that may have gone over such an image, at the size on which marks are read, and how much of what they left is
taken for rounding. A filter of another kind or width is often near enough to one of them, most often to the first, and
so little is brought back of what that one takes. Chosen on training photos of birds."""
DOUBT = -1.0
"""How sure a decoder must be that there is no mark for an image not to be looked at again in other ways. One in ten
plain photos is; a blur takes the certainty with the mark."""
FILTERED = (-2.0, 4.0)
"""Between these presences a mark may stand behind a filter, and a second decoder is asked, which learned from such.
Below, hardly any is left that it hears; a third of plain photos lies above. Beyond, it is whole, and another's."""
HEARD_BEHIND = 0.54
"""How much of the beacon that one must hear. A filter leaves less of it than HEARD; by chance one plain photo in some
hundreds that it is asked about says as much, if it also takes it for marked. Of 1,350 plain photos and 900 with another
key's mark, filtered or not, none did. Both were chosen on training photos of birds."""


class Hearing(nn.Module):
    """What every side network begins with: a decoder of marks, a beacon, and a gate that opens for it.

    The decoder is not fitted any further. Before ``listen_for`` nothing is heard. In evaluation, where the decoder is
    not sure that there is no mark and too little of the beacon is heard, a second decoder is asked, which learned to
    read behind filters, and the image is looked at again with the margins put back that a crop may have taken, and with
    the detail that a blur may have; an exported graph has the first look alone.
    """

    says_whose: Tensor
    asks_second: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.reader = MarkDecoder(SLOTS).requires_grad_(False)
        self.second_reader = MarkDecoder(SLOTS).requires_grad_(False)
        self.beacon = nn.Parameter(torch.zeros(SLOTS))
        self.threshold = nn.Parameter(torch.tensor(GATE * HEARD))
        self.register_buffer("says_whose", torch.zeros(SLOTS))
        self.register_buffer("asks_second", torch.tensor(False))

    def listen_for(
        self, layout: Layout, reader: MarkDecoder | None = None, second_reader: MarkDecoder | None = None
    ) -> None:
        """Take over what the beacon of a key is, and what the decoders of its marks know."""
        with torch.no_grad():
            self.says_whose.copy_(layout.beacon.abs())
            self.beacon.copy_(layout.beacon * (GATE / layout.beacon.abs().sum().clamp(min=1).sqrt()))
            self.threshold.fill_(GATE * HEARD)
        self.asks_second.fill_(second_reader is not None)
        for own, given in ((self.reader, reader), (self.second_reader, second_reader)):
            if given is not None:
                own.load_state_dict(given.state_dict())

    def hear(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The signs (N, 160) heard in images, -1..1, and how far the gate is open (N,), 0..1."""
        with torch.autocast(images.device.type, enabled=False):  # a faint mark is lost in rounding
            view = _view(images, WORKING_SIZE)
            signs, opens, presence = self._look(view)
            if self.training or torch.compiler.is_compiling():
                return signs, torch.sigmoid(opens)
            # Half open is not enough: where the first look did not open the gate, all others are taken.
            doubtful = torch.nonzero((presence > DOUBT) & (opens < 0))[:, 0]
            if bool(self.asks_second):
                least, most = FILTERED
                filtered = torch.nonzero((presence > least) & (presence < most) & (opens < 0))[:, 0]
                signs, opens = self._better(signs, opens, filtered, [view[filtered]], second=True)
            signs, opens = self._better(signs, opens, doubtful, _other_views(images[doubtful], view[doubtful]))
            return signs, torch.sigmoid(opens)

    def _better(
        self,
        signs: Tensor,
        opens: Tensor,
        doubtful: Tensor,
        views: Iterable[Tensor],
        *,
        second: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Signs (N, 160) and gates (N,), those of doubtful rows (M,) from the view (M, ...) that opens them most."""
        for other in views if len(doubtful) else ():
            again, more, _ = self._look(other, second=second)
            better = more > opens[doubtful]
            signs = signs.index_put((doubtful[better],), again[better])
            opens = opens.index_put((doubtful[better],), more[better])
        return signs, opens

    def _look(self, view: Tensor, *, second: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Signs, the logit of the gate, and the logit of there being any mark, of images at the working size."""
        evidence, presence = (self.second_reader if second else self.reader)(view)
        agrees = F.normalize(evidence * self.says_whose, dim=1) @ self.beacon
        threshold = self.threshold - GATE * (HEARD - HEARD_BEHIND) * second
        return torch.tanh(evidence), agrees + presence.clamp(*SURE) - threshold, presence


def turned(logits: Tensor, away: Tensor, gate: Tensor) -> Tensor:
    """Logits (N, D) turned to unit vectors ``away`` (N, D) as far as gates (N,) are open, as long as they were."""
    found: Tensor = torch.lerp(F.normalize(logits, dim=1), away, gate[:, None]) * logits.norm(dim=1, keepdim=True)
    return found


def _view(images: Tensor, side: int) -> Tensor:
    """Images (N, 3, S, S) squashed to (N, 3, side, side), antialiased."""
    if images.shape[-2:] == (side, side):
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)


def _other_views(images: Tensor, views: Tensor) -> Iterator[Tensor]:
    """Images, and their views at the working size, as they may have been before they were edited."""
    for share in CROPPED:
        yield _uncropped(images, share)
    for kernel, rounding in BLURRED:
        yield unblurred(views, kernel, rounding=rounding)


def _uncropped(images: Tensor, share: float) -> Tensor:
    """Images at the size on which marks are read, as if ``share`` of each side were missing around them."""
    side = round(WORKING_SIZE * (1 - share))
    before = (WORKING_SIZE - side) // 2
    after = WORKING_SIZE - side - before
    return F.pad(_view(images, side), (before, after, before, after), mode="replicate")
