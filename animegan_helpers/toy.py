"""A GAN in the plane: mixtures whose modes are known, two small networks, and the two measures of VEEGAN.

VEEGAN is Srivastava et al. (2017, arXiv 1705.07761); the mixtures and the measures are those of its section 4.1.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Mixture:
    """Equally likely round Gaussians: centres (modes, 2) and one standard deviation, in the plane's units."""

    name: str
    centres: torch.Tensor
    std: float

    def sample(self, count: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """`count` points, (count, 2)."""
        which = torch.randint(len(self.centres), (count,), generator=generator)
        return self.centres[which] + self.std * torch.randn(count, 2, generator=generator)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Mixture:
    """Gaussians evenly spaced on a circle; radius and std as in the code of PacGAN, which follows VEEGAN's."""
    angle = torch.arange(modes) * (2 * math.pi / modes)
    return Mixture(f"ring of {modes}", radius * torch.stack([angle.cos(), angle.sin()], dim=1), std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Gaussians on a square grid about 0; spacing and std as in PacGAN (Lin et al., 2018, arXiv 1712.04086)."""
    ticks = spacing * (torch.arange(side) - (side - 1) / 2)
    return Mixture(f"grid of {side * side}", torch.cartesian_prod(ticks, ticks), std)


def mode_counts(samples: torch.Tensor, centres: torch.Tensor, std: float) -> torch.Tensor:
    """How many samples (N, 2) lie within 3 std of each centre (modes, 2), nearest centre only: int64 (modes,)."""
    distance, nearest = torch.cdist(samples, centres).min(dim=1)  # (N,) each
    return torch.bincount(nearest[distance <= 3 * std], minlength=len(centres))


def modes_captured(samples: torch.Tensor, centres: torch.Tensor, std: float) -> tuple[int, float]:
    """Modes captured and the share of high-quality samples, by VEEGAN's protocol, which takes N = 2,500 samples.

    A sample is of high quality within 3 std of the nearest centre; a mode is captured when it is the nearest
    of at least one such sample. Real points score a share of 1 - exp(-9/2) = 0.989. samples (N, 2).
    """
    counts = mode_counts(samples, centres, std)
    return int((counts > 0).sum()), int(counts.sum()) / len(samples)


def perceptron(inputs: int, outputs: int, width: int = 64) -> nn.Sequential:
    """Three hidden layers of ReLU and a linear one, He's initialisation: (N, inputs) -> (N, outputs)."""
    layers = [
        layer for size in (inputs, width, width) for layer in (nn.Linear(size, width), nn.ReLU())
    ]
    net = nn.Sequential(*layers, nn.Linear(width, outputs))
    for layer in net[::2]:
        nn.init.kaiming_normal_(layer.weight), nn.init.normal_(layer.bias, 0, 0.3)
    return net


def generator_loss(logits: torch.Tensor, kind: str = "non-saturating") -> torch.Tensor:
    """Mean of -log D (`non-saturating`) or of log(1 - D) (`saturating`) over fakes, from their logits."""
    return {"non-saturating": F.softplus(-logits), "saturating": -F.softplus(logits)}[kind].mean()


class ToyGAN:
    """Two perceptrons that play the game over a mixture; both work in units of the data's spread.

    fourier: D also sees sines and cosines along so many random directions (Tancik et al., 2020, arXiv 2006.10739);
    noise: std, in units of the spread, on reals and fakes at the start; gone by half time (instance noise,
    Sonderby et al., 2016, arXiv 1610.04490); r1: gamma of the penalty gamma/2 |dD/dx|^2 at reals, every 4th step
    (Mescheder et al., 2018, arXiv 1801.04406); rate: Adam's, brought to 0 along half a cosine; batch: points a step.
    """

    def __init__(
        self,
        mixture: Mixture,
        fourier: int = 0,
        noise: float = 0.0,
        r1: float = 0.0,
        loss: str = "non-saturating",
        rate: float = 4e-3,
        batch: int = 256,
        seed: int = 0,
    ):
        self.mixture, self.noise, self.r1, self.loss = mixture, noise, r1, loss
        self.rate, self.batch, self.noise_now, self.steps_done = rate, batch, 0.0, 0
        self.scale = (
            (mixture.centres.square().mean() + mixture.std**2).sqrt().item()
        )  # std of one coordinate
        torch.manual_seed(seed)
        self.directions = 5 * torch.randn(2, fourier)
        self.G, self.D = perceptron(2, 2), perceptron(2 + 2 * fourier, 1)
        self.averaged = copy.deepcopy(self.G).requires_grad_(False)  # what samples are drawn from
        nets, betas = (self.G, self.D), (0.5, 0.99)
        self.optimiser_g, self.optimiser_d = (
            torch.optim.Adam(n.parameters(), rate, betas, fused=True) for n in nets
        )

    def latent(self, count: int) -> torch.Tensor:
        """Uniform on a square, unit variance: (count, 2)."""
        return (2 * torch.rand(count, 2) - 1) * 3**0.5

    def sample(self, count: int = 2500) -> torch.Tensor:
        """Points of the averaged generator, (count, 2)."""
        return self.averaged(self.latent(count)) * self.scale

    def judge(self, points: torch.Tensor) -> torch.Tensor:
        """D's logits for points (N, 2): (N,)."""
        x = points / self.scale
        angles = x @ self.directions  # (N, fourier)
        return self.D(torch.cat([x, angles.sin(), angles.cos()], dim=1)).squeeze(1)

    def blur(self, points: torch.Tensor) -> torch.Tensor:
        """Points (N, 2) with this step's instance noise on them."""
        return (
            points + self.noise_now * self.scale * torch.randn_like(points)
            if self.noise_now
            else points
        )

    def d_step(self) -> float:
        """One update of D on a real and a fake batch; its loss, the two terms summed (2 ln 2 at equilibrium)."""
        fake = self.G(self.latent(self.batch)).detach() * self.scale  # (batch, 2)
        both = self.blur(torch.cat([self.mixture.sample(self.batch), fake]))  # (2 batch, 2)
        penalise = self.r1 > 0 and self.steps_done % 4 == 0
        real_logits, fake_logits = self.judge(both.requires_grad_(penalise)).chunk(2)
        loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        self.optimiser_d.zero_grad()
        if penalise:
            (slope,) = torch.autograd.grad(real_logits.sum(), both, create_graph=True)
            (4 * self.r1 / 2 * (slope[: self.batch] * self.scale).square().sum(1).mean()).backward(
                retain_graph=True
            )
        loss.backward()
        self.optimiser_d.step()
        return loss.item()

    def g_step(self) -> float:
        """One update of G against the present D; its loss."""
        loss = generator_loss(
            self.judge(self.blur(self.G(self.latent(self.batch)) * self.scale)), self.loss
        )
        self.optimiser_g.zero_grad()
        loss.backward(inputs=list(self.G.parameters()))  # no gradient is left in D
        self.optimiser_g.step()
        torch._foreach_lerp_(
            [*self.averaged.parameters()], [p.detach() for p in self.G.parameters()], 0.01
        )
        return loss.item()

    def train(
        self, steps: int, show: Callable[["ToyGAN"], None] = lambda gan: None
    ) -> list[tuple[float, float]]:
        """`steps` rounds of D, then G; calls show(self) after each; the losses of D and G. Single-threaded: faster."""
        threads, history = torch.get_num_threads(), []
        try:
            torch.set_num_threads(1)
            for step in range(steps):
                done = step / steps
                self.noise_now = self.noise * 0.02 ** (2 * done) if done < 0.5 else 0.0
                for group in self.optimiser_g.param_groups + self.optimiser_d.param_groups:
                    group["lr"] = self.rate * (1 + math.cos(math.pi * done)) / 2
                history.append((self.d_step(), self.g_step()))
                self.steps_done += 1
                show(self)
        finally:
            torch.set_num_threads(threads)
        return history
