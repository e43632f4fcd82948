"""A GAN in the plane: mixtures whose modes are known, two small networks, and the two measures of VEEGAN.

The mixtures and the measures are those of Srivastava et al. (2017, arXiv 1705.07761, section 4.1).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Mixture:
    """Equally likely round Gaussians: centres (modes, 2), and one standard deviation in the plane's units."""

    name: str
    centres: torch.Tensor
    std: float

    def sample(self, count: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """`count` points, (count, 2)."""
        which = torch.randint(len(self.centres), (count,), generator=generator)
        return self.centres[which] + self.std * torch.randn(count, 2, generator=generator)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Mixture:
    """Gaussians evenly spaced on a circle; radius 1 and std 0.01 as in the code of VEEGAN and of PacGAN."""
    angle = torch.arange(modes) * (2 * torch.pi / modes)
    return Mixture("ring", radius * torch.stack([angle.cos(), angle.sin()], dim=1), std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Gaussians on a square grid about 0; spacing 2 and std 0.05 as in PacGAN (Lin et al., 2018, section 4.1)."""
    ticks = spacing * (torch.arange(side) - (side - 1) / 2)
    return Mixture("grid", torch.cartesian_prod(ticks, ticks), std)


def modes_captured(samples: torch.Tensor, centres: torch.Tensor, std: float) -> tuple[int, float]:
    """How many modes were captured, and the share of high-quality samples, by VEEGAN's protocol (section 4.1).

    A sample is of high quality when it lies within 3 standard deviations of the nearest centre; a mode is captured
    when it is the nearest of at least one such sample. Real points score 1 - exp(-9/2) = 0.989, not 1.
    samples (N, 2); centres (modes, 2).
    """
    counts = mode_counts(samples, centres, std)  # (modes,)
    return int((counts > 0).sum()), int(counts.sum()) / len(samples)


def mode_counts(samples: torch.Tensor, centres: torch.Tensor, std: float) -> torch.Tensor:
    """How many high-quality samples each mode has, int64 (modes,)."""
    distance, nearest = torch.cdist(samples, centres).min(dim=1)  # (N,) each
    return torch.bincount(nearest[distance <= 3 * std], minlength=len(centres))


def perceptron(inputs: int, outputs: int, width: int = 128, hidden: int = 3, slope: float = 0.2) -> nn.Sequential:
    """`hidden` layers of LeakyReLU and a linear one: (N, inputs) -> (N, outputs)."""
    layers: list[nn.Module] = []
    for k in range(hidden):
        layers += [nn.Linear(inputs if k == 0 else width, width), nn.LeakyReLU(slope)]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def generator_loss(logits: torch.Tensor, kind: str = "non-saturating") -> torch.Tensor:
    """-log D(G(z)) (`non-saturating`) or log(1 - D(G(z))) (`saturating`), from logits of fakes, averaged."""
    if kind == "non-saturating":
        return F.softplus(-logits).mean()
    if kind == "saturating":
        return -F.softplus(logits).mean()
    raise ValueError(f"no generator loss is called {kind!r}: non-saturating or saturating")


@dataclass(frozen=True)
class ToySettings:
    """How a toy GAN is trained; the cures for collapse are off unless asked for.

    pack: points that D sees at once (PacGAN, Lin et al., 2018, arXiv 1712.04086); noise: std of the noise on
    reals and fakes at the start, brought down to 0 at 80% of the run (instance noise, Sonderby et al., 2016,
    arXiv 1610.04490); r1: weight gamma of gamma/2 |dD/dx|^2 at reals (Mescheder et al., 2018, arXiv 1801.04406);
    decay: learning rates fall to 0 along half a cosine; average: memory of the averaged generator, 0 for none.
    """

    loss: str = "non-saturating"
    batch: int = 256
    width: int = 128
    hidden: int = 3
    z_dim: int = 2
    rate_g: float = 1e-3
    rate_d: float = 1e-3
    beta1: float = 0.5
    d_steps: int = 1
    pack: int = 1
    r1: float = 0.0
    noise: float = 0.0
    decay: bool = False
    average: float = 0.0


class ToyGAN:
    """G and D in the plane, with one optimiser each."""

    def __init__(self, mixture: Mixture, settings: ToySettings, steps: int, seed: int = 0):
        self.mixture, self.settings, self.steps, self.step = mixture, settings, steps, 0
        s = settings
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.G = perceptron(s.z_dim, 2, s.width, s.hidden)
            self.D = perceptron(2 * s.pack, 1, s.width, s.hidden)
        self.random = torch.Generator().manual_seed(seed)
        self.optimiser_g = torch.optim.Adam(self.G.parameters(), s.rate_g, (s.beta1, 0.99), fused=True)
        self.optimiser_d = torch.optim.Adam(self.D.parameters(), s.rate_d, (s.beta1, 0.99), fused=True)
        self.averaged = torch.optim.swa_utils.AveragedModel(self.G, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(s.average)) if s.average else None
