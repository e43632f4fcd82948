"""What is set anew when weights are handed on: batch norm's running averages, and the contrast of the pictures.

The averages in a checkpoint follow training from behind: the weights have moved on, and an averaged generator never
produced the activations whose means it averages. Counting them once more with the weights held still mends that
(stochastic weight averaging does so too: Izmailov et al. 2018, arXiv 1803.05407, section 3.2).

The contrast of the samples strays during training, and distances of features count that in full (notebook 08,
section 10). One factor on G's last layer puts it right.
"""

import numpy as np
import torch
from torch import nn


@torch.no_grad()
def recalibrate(
    generator: nn.Module, batches: int = 100, batch: int = 100, seed: int = 0
) -> nn.Module:
    """Sets the running mean and variance of every batch norm to those over `batches` of latent vectors, in place.

    Returns the generator, in eval mode; one without batch norm is left as it is.
    """
    layers = [
        layer for layer in generator.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over the batches, not a sliding one
    device, random = next(generator.parameters()).device, torch.Generator().manual_seed(seed)
    generator.train()
    for _ in range(batches if layers else 0):
        generator(torch.randn(batch, generator.z_dim, generator=random).to(device))
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
    return generator.eval()


def contrast_of(images: np.ndarray) -> float:
    """The standard deviation of a picture's values, of range [-1, 1], averaged over uint8 pictures (N, 3, H, W)."""
    deviations = [
        float(part.std(axis=(1, 2, 3)).sum())
        for part in np.array_split(images, len(images) // 1_000 + 1)
    ]
    return sum(deviations) / len(images) / 127.5


@torch.no_grad()
def match_contrast(
    generator: nn.Module, contrast: float, samples: int = 1_000, seed: int = 0
) -> float:
    """Multiplies G's last layer, in place, until its samples have this contrast; returns the factor.

    generator: in eval mode, and one that ends in tanh, as all of networks.py do. Raises ValueError, and leaves the
    generator as it was, where no factor from 0.001 to 1000 reaches that contrast.
    """
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    last = [layer for layer in generator.modules() if isinstance(layer, kinds)][-1]
    before_tanh = []
    hook = last.register_forward_hook(
        lambda layer, inputs, output: before_tanh.append(output.float())
    )
    device, random = next(generator.parameters()).device, torch.Generator().manual_seed(seed)
    for z in torch.randn(samples, generator.z_dim, generator=random).split(100):
        generator(z.to(device))
    hook.remove()
    before = torch.cat(before_tanh)  # (samples, 3, 64, 64), or flat
    low, high = 1e-3, 1e3
    for _ in range(20):  # halves: the more the factor, the more the contrast
        factor = (low * high) ** 0.5
        reached = float((factor * before).tanh().flatten(1).std(dim=1, correction=0).mean())
        low, high = (factor, high) if reached < contrast else (low, factor)
    if abs(reached - contrast) > 0.02 * contrast:
        raise ValueError(
            f"a contrast of {contrast:.2f} is out of reach: the samples come to {reached:.2f}"
        )
    for parameter in last.parameters():
        parameter.mul_(factor)
    return factor
