"""A vision transformer of timm is protected as it is: no labels, no vector of its index moves.

    python examples/retrofit_vit.py PHOTOS
    python examples/retrofit_vit.py PHOTOS vit_small_patch14_dinov2.lvd142m
    python examples/retrofit_vit.py PHOTOS vit_base_patch16_clip_224.openai

Needs `pip install 'unfind[backbones]'`, and the network the first time, for the weights. PHOTOS is a folder of photos
of the kinds that are searched. The first is a small DINO; the others are DINOv2 and the image tower of CLIP. All three
take photos in [0, 1] here: what a transformer subtracts and divides by belongs to the model, so it goes inside.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

import unfind
from unfind.studies.retrofit_model import Retrofitted

DINO = "vit_small_patch16_224.dino"


class ImageTower(nn.Module):
    """A timm model that takes photos (N, 3, size, size) in [0, 1] and gives embeddings (N, D).

    Args:
        name: as ``timm.list_models(pretrained=True)`` has it.
        pretrained: whether its published weights are fetched.
    """

    def __init__(self, name: str = DINO, *, pretrained: bool = True) -> None:
        super().__init__()
        self.tower: Any = timm.create_model(name, pretrained=pretrained, num_classes=0)
        takes = self.tower.pretrained_cfg
        self.size = int(takes["input_size"][-1])
        self.register_buffer("mean", torch.tensor(takes["mean"])[:, None, None])
        self.register_buffer("deviation", torch.tensor(takes["std"])[:, None, None])

    def forward(self, photos: Tensor) -> Tensor:
        embeddings: Tensor = self.tower((photos - self.mean) / self.deviation)
        return embeddings


def protect(tower: ImageTower, photos: str, folder: Path) -> Retrofitted:
    """Fit a side network beside the tower, and write the weights of both and the key."""
    done = unfind.retrofit(tower, photos, size=tower.size)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(done.model.state_dict(), folder / "protected.pt")
    done.key.save(folder / "key.toml")
    return done


def main(photos: str, name: str = DINO) -> None:
    """Protect, and say how search went before and goes now."""
    done = protect(ImageTower(name), photos, Path("protected"))
    print(f"Photos find their like: {done.before.recall:.1%} before, {done.after.recall:.1%} now.")
    print(f"Marked photos are found by clean ones: mean average precision {done.after.c2p:.1%}.")
    print("protected/protected.pt and protected/key.toml hold the model and the key of the mark.")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
