"""Batch norm's averages set anew when weights are handed on, and the contrast (notebook 08).

The running averages of batch norm follow the weights from behind. Those of an EMA belong to
activations that its weights never produced. Counting them anew, with the weights held still,
mends that (Izmailov et al. 2018, arXiv 1803.05407, section 3.2).
"""

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import update_bn


def recalibrate(generator: nn.Module, batches: int = 20) -> nn.Module:
    """Sets every batch norm's mean and variance to those over batches of 100 latent vectors.

    It works in place and returns the generator in eval mode. The latent vectors are always the
    same, so the same weights have the same averages wherever they are measured.
    """
    random = torch.Generator().manual_seed(0)
    latents = (torch.randn(100, generator.z_dim, generator=random) for _ in range(batches))
    update_bn(latents, generator, device=next(generator.parameters()).device)
    return generator.eval()


def contrast_of(images: np.ndarray) -> float:
    """The standard deviation of a picture's values in [-1, 1], averaged over the pictures.

    images: uint8 (N, 3, H, W).
    """
    parts = np.array_split(images, len(images) // 1_000 + 1)
    return sum(float(part.std(axis=(1, 2, 3)).sum()) for part in parts) / len(images) / 127.5
