"""What is set anew when weights are handed on (notebook 08): batch norm's averages, the contrast.

The running averages of batch norm follow the weights from behind. Those of an EMA belong to
activations that its weights never produced. Counting them anew, with the weights held still,
mends that (Izmailov et al. 2018, arXiv 1803.05407, section 3.2).
The contrast of the samples strays during training, and Frechet distances count that in full.
One factor on G's last layer puts it right.
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


@torch.no_grad()
def match_contrast(generator: nn.Module, contrast: float, samples: int = 1_000) -> float:
    """Multiplies G's last layer, in place, until its samples have this contrast; gives the factor.

    generator: in eval mode, and ending in tanh.
    Raises ValueError where no factor from 0.001 to 1000 reaches that contrast. The generator is
    then left as it was.
    """
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    last = [layer for layer in generator.modules() if isinstance(layer, kinds)][-1]
    outputs = []
    hook = last.register_forward_hook(lambda layer, inputs, output: outputs.append(output))
    device, random = next(generator.parameters()).device, torch.Generator().manual_seed(0)
    for z in torch.randn(samples, generator.z_dim, generator=random).split(100):
        generator(z.to(device))
    hook.remove()
    before_tanh = torch.cat(outputs)  # (samples, 3, 64, 64), or flat
    low, high = 1e-3, 1e3
    for _ in range(20):  # halve the range: a larger factor gives more contrast
        factor = (low * high) ** 0.5
        images = (factor * before_tanh).tanh()
        reached = float(images.flatten(1).std(dim=1, correction=0).mean())
        low, high = (factor, high) if reached < contrast else (low, factor)
    if abs(reached - contrast) > 0.02 * contrast:
        raise ValueError(
            f"a contrast of {contrast:.2f} is out of reach: the samples come to {reached:.2f}"
        )
    for parameter in last.parameters():
        parameter.mul_(factor)
    return factor
