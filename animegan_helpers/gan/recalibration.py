"""Batch norm's running averages, measured anew.

The averages in a checkpoint follow training from behind: the weights have moved on, and an averaged generator never
produced the activations whose means it averages. Counting them once more with the weights held still mends that
(stochastic weight averaging does so too: Izmailov et al. 2018, arXiv 1803.05407, section 3.2).
"""

import torch
from torch import nn


@torch.no_grad()
def recalibrate(generator: nn.Module, batches: int = 100, batch: int = 100, seed: int = 0) -> nn.Module:
    """Sets the running mean and variance of every batch norm to those over `batches` of latent vectors, in place.

    Returns the generator, in eval mode; one without batch norm is left as it is.
    """
    layers = [layer for layer in generator.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
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
