"""The losses of D and of G, computed from logits of shape (B,) (notebooks 04 and 05)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F


def cross_entropy(logits: torch.Tensor, label: float) -> torch.Tensor:
    """-E[log sigmoid(s)] where the label is 1, -E[log(1 - sigmoid(s))] where it is 0; a scalar."""
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # bf16 is too coarse here
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))]; it is 2 ln 2 = 1.386 where D cannot tell."""
    return cross_entropy(real_logits, 1.0) + cross_entropy(fake_logits, 0.0)


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """-E[log D(G(z))], the non-saturating loss (Goodfellow et al. 2014, arXiv 1406.2661)."""
    return cross_entropy(fake_logits, 1.0)


def relativistic_loss(better: torch.Tensor, worse: torch.Tensor) -> torch.Tensor:
    """E[softplus(worse - better)]; it is ln 2 = 0.693 where D scores both alike.

    D wants each real face above its fake. G wants the same pair the other way round.
    Jolicoeur-Martineau 2018 (arXiv 1807.00734); R3GAN, Huang et al. 2024 (arXiv 2501.05441).
    """
    return F.softplus(worse.float() - better.float()).mean()


def gradient_penalty(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """E[|gradient of D at the image|^2], the square summed over the pixels.

    images: (B, 3, 64, 64), and they must require a gradient. Half of the penalty, weighted, is R1
    at real pictures and R2 at fakes: Mescheder, Geiger and Nowozin 2018 (arXiv 1801.04406).
    """
    (gradient,) = torch.autograd.grad(logits.float().sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


@dataclass(frozen=True)
class Loss:
    """D's loss and G's loss, each a function of real and fake logits.

    pairs: G's loss needs the real logits too, from the D just updated; else it is given None.
    """

    discriminator: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    generator: Callable[[torch.Tensor | None, torch.Tensor], torch.Tensor]
    pairs: bool = False


LOSSES = {
    "non-saturating": Loss(discriminator_loss, lambda real, fake: generator_loss(fake)),
    "relativistic": Loss(
        relativistic_loss, lambda real, fake: relativistic_loss(fake, real), pairs=True
    ),
}
