"""A GAN in the plane: mixtures whose modes are known, two small networks, the game (notebook 02).

The mixtures and both measures are those of VEEGAN, section 4.1 (Srivastava et al., 2017,
arXiv 1705.07761).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


@dataclass(frozen=True)
class Mixture:
    """Equally likely round Gaussians: their centres (modes, 2) and their standard deviation."""

    name: str
    centres: torch.Tensor
    std: float

    def sample(self, count: int, random: torch.Generator | None = None) -> torch.Tensor:
        """`count` points, (count, 2)."""
        which = torch.randint(len(self.centres), (count,), generator=random)
        return self.centres[which] + self.std * torch.randn(count, 2, generator=random)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Mixture:
    """Gaussians evenly spaced on a circle; radius and std as in PacGAN's code."""
    angle = torch.arange(modes) * (2 * math.pi / modes)
    return Mixture(f"ring of {modes}", radius * torch.stack([angle.cos(), angle.sin()], dim=1), std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Gaussians on a square grid about 0, as in PacGAN (Lin et al., 2018, arXiv 1712.04086)."""
    ticks = spacing * (torch.arange(side) - (side - 1) / 2)
    return Mixture(f"grid of {side * side}", torch.cartesian_prod(ticks, ticks), std)


def mode_counts(samples: torch.Tensor, centres: torch.Tensor, std: float) -> torch.Tensor:
    """How many samples (N, 2) lie within 3 std of each centre (modes, 2): int64 (modes,).

    A sample counts for its nearest centre only.
    """
    distance, nearest = torch.cdist(samples, centres).min(dim=1)  # (N,), (N,)
    return torch.bincount(nearest[distance <= 3 * std], minlength=len(centres))


def modes_captured(samples: torch.Tensor, centres: torch.Tensor, std: float) -> tuple[int, float]:
    """Modes captured, and the share of high-quality samples (0 to 1). VEEGAN takes 2,500 samples.

    A sample is of high quality within 3 std of its nearest centre. A mode is captured when at least
    one such sample is nearest to it. Real points have a share of 1 - exp(-9/2) = 0.989.
    """
    counts = mode_counts(samples, centres, std)
    return int((counts > 0).sum()), int(counts.sum()) / len(samples)


def perceptron(
    inputs: int, outputs: int, width: int = 64, random: torch.Generator | None = None
) -> nn.Sequential:
    """Three hidden layers of ReLU, then a linear layer: (N, inputs) -> (N, outputs).

    The weights start as in He et al. (2015, arXiv 1502.01852).
    """
    layers = [nn.Linear(inputs, width), nn.ReLU()]
    layers += [nn.Linear(width, width), nn.ReLU()]
    layers += [nn.Linear(width, width), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(width, outputs))
    for layer in network[::2]:  # the linear ones
        nn.init.kaiming_normal_(layer.weight, generator=random)
        nn.init.normal_(layer.bias, 0, 0.3, generator=random)
    return network


def generator_loss(logits: torch.Tensor, kind: str = "non-saturating") -> torch.Tensor:
    """G's loss from D's logits for fakes: the mean of -log D(G(z)), or of log(1 - D(G(z)))."""
    losses = {"non-saturating": F.softplus(-logits), "saturating": -F.softplus(logits)}
    return losses[kind].mean()


@dataclass(eq=False)
class ToyGAN:
    """Two perceptrons that play the game over a mixture. One unit of theirs is the data's spread.

    fourier: D also sees sines and cosines along so many random directions, and so draws sharper
        borders (Tancik et al., 2020, arXiv 2006.10739).
    noise: instance noise, its std in units of the spread. It is added to reals and fakes, and fades
        until half time (Sonderby et al., 2016, arXiv 1610.04490).
    r1: the weight gamma of the R1 penalty, which D pays at every 4th step (Mescheder et al., 2018,
        arXiv 1801.04406).
    loss: G's, as in `generator_loss`; rate: Adam's at the start; batch: points in a batch.
    seed: the game depends on it alone. Other games and torch.manual_seed change nothing.
    """

    mixture: Mixture
    fourier: int = 0
    noise: float = 0.0
    r1: float = 0.0
    loss: str = "non-saturating"
    rate: float = 4e-3
    batch: int = 256
    seed: int = 0

    def __post_init__(self):
        self.steps_done, self.noise_now = 0, 0.0
        # the spread of the data: the std of one coordinate
        self.scale = float((self.mixture.centres.square().mean() + self.mixture.std**2).sqrt())
        self.random = torch.Generator().manual_seed(self.seed)
        self.directions = 5 * torch.randn(2, self.fourier, generator=self.random)
        self.G = perceptron(2, 2, random=self.random)
        self.D = perceptron(2 + 2 * self.fourier, 1, random=self.random)
        self.ema = AveragedModel(self.G, multi_avg_fn=get_ema_multi_avg_fn(0.99))
        self.optimiser_g = torch.optim.Adam(self.G.parameters(), self.rate, (0.5, 0.99), fused=True)
        self.optimiser_d = torch.optim.Adam(self.D.parameters(), self.rate, (0.5, 0.99), fused=True)

    def latent(self, count: int, random: torch.Generator | None = None) -> torch.Tensor:
        """z (count, 2), uniform on a square, of unit variance."""
        return (2 * torch.rand(count, 2, generator=random or self.random) - 1) * 3**0.5

    @torch.no_grad()
    def sample(self, count: int = 2500, seed: int = 0) -> torch.Tensor:
        """Points (count, 2) of G's EMA. The game goes on as if nobody had looked."""
        return self.ema(self.latent(count, torch.Generator().manual_seed(seed))) * self.scale

    def judge(self, points: torch.Tensor) -> torch.Tensor:
        """D's logits (N,) for points (N, 2)."""
        x = points / self.scale
        angles = x @ self.directions  # (N, fourier)
        return self.D(torch.cat([x, angles.sin(), angles.cos()], dim=1)).squeeze(1)

    def blur(self, points: torch.Tensor) -> torch.Tensor:
        """The points (N, 2) with this step's instance noise."""
        std = self.noise_now * self.scale
        return points + std * torch.randn(points.shape, generator=self.random)

    def penalty(self, real: torch.Tensor) -> torch.Tensor:
        """R1: half of gamma times the mean squared slope of D at the reals (N, 2)."""
        real = real.requires_grad_()
        (slope,) = torch.autograd.grad(self.judge(real).sum(), real, create_graph=True)  # (N, 2)
        return self.r1 / 2 * (slope * self.scale).square().sum(dim=1).mean()

    def d_step(self) -> float:
        """Updates D once. Returns its loss, both terms summed: 2 ln 2 when D cannot tell."""
        # update D: maximise log D(x) + log(1 - D(G(z)))
        real = self.blur(self.mixture.sample(self.batch, self.random))  # (batch, 2)
        fake = self.blur(self.G(self.latent(self.batch)).detach() * self.scale)  # (batch, 2)
        loss = F.softplus(-self.judge(real)).mean() + F.softplus(self.judge(fake)).mean()
        penalty = 0.0
        if self.r1 and self.steps_done % 4 == 0:  # at every 4th step, four times as strong
            penalty = 4 * self.penalty(real)
        self.optimiser_d.zero_grad()
        (loss + penalty).backward()
        self.optimiser_d.step()
        return loss.item()

    def g_step(self) -> float:
        """Updates G once against the present D. Returns its loss."""
        # update G: maximise log D(G(z))
        fake = self.blur(self.G(self.latent(self.batch)) * self.scale)  # (batch, 2)
        loss = generator_loss(self.judge(fake), self.loss)
        self.optimiser_g.zero_grad()
        loss.backward(inputs=list(self.G.parameters()))  # leaves no gradient in D
        self.optimiser_g.step()
        self.ema.update_parameters(self.G)
        return loss.item()

    def train(self, steps: int, show: Callable = lambda gan: None) -> list[tuple[float, float]]:
        """Plays `steps` rounds of D, then G, and calls show(self) after each.

        Returns the losses of D and G in each round. The rate falls to 0 along half a cosine.
        """
        losses = []
        for step in range(steps):
            done = step / steps
            self.noise_now = self.noise * 0.02 ** (2 * done) if done < 0.5 else 0.0
            for optimiser in (self.optimiser_g, self.optimiser_d):
                optimiser.param_groups[0]["lr"] = self.rate * (1 + math.cos(math.pi * done)) / 2
            losses.append((self.d_step(), self.g_step()))
            self.steps_done += 1
            show(self)
        return losses
