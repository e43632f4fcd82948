"""The losses of the game: what D and G go down, from logits (B,)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))] from logits: 2 ln 2 = 1.386 where D cannot tell."""
    real_loss = F.binary_cross_entropy_with_logits(
        real_logits.float(), torch.ones_like(real_logits).float()
    )
    fake_loss = F.binary_cross_entropy_with_logits(
        fake_logits.float(), torch.zeros_like(fake_logits).float()
    )
    return real_loss + fake_loss


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """-E[log D(G(z))] from logits, the non-saturating loss."""
    return F.binary_cross_entropy_with_logits(
        fake_logits.float(), torch.ones_like(fake_logits).float()
    )


def relativistic_loss(better: torch.Tensor, worse: torch.Tensor) -> torch.Tensor:
    """E[softplus(worse - better)]: ln 2 = 0.693 where D scores both alike.

    D wants real above fake, pair by pair; G wants the same pair the other way round. The relativistic pairing loss:
    Jolicoeur-Martineau 2018 (arXiv 1807.00734); R3GAN, Huang et al. 2024 (arXiv 2501.05441).
    """
    return F.softplus(worse.float() - better.float()).mean()


def gradient_penalty(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """E[|gradient of D at the image|^2], the square summed over the pixels; images (B, 3, 64, 64) require grad.

    Half of it, weighted, at real pictures is R1 and at fakes R2: Mescheder, Geiger and Nowozin 2018 (arXiv 1801.04406).
    """
    (gradient,) = torch.autograd.grad(logits.float().sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def sigmoid_first(logits: torch.Tensor, label: float) -> torch.Tensor:
    """BCELoss on sigmoid(logits), as the report has it (claim R5): the sigmoid is rounded to the logits' own precision.

    Where it rounds to 0 or 1 its gradient is 0; torch then holds the loss at 100.
    """
    probability = logits.sigmoid().float()
    return F.binary_cross_entropy(probability, torch.full_like(probability, label))


@dataclass(frozen=True)
class Loss:
    """A pair of losses of real and fake logits; `pairs`: G's needs the real ones too, scored by the D just updated."""

    discriminator: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    generator: Callable[[torch.Tensor | None, torch.Tensor], torch.Tensor]
    pairs: bool = False


LOSSES = {
    "non-saturating": Loss(discriminator_loss, lambda real, fake: generator_loss(fake)),
    "sigmoid-first": Loss(
        lambda real, fake: sigmoid_first(real, 1.0) + sigmoid_first(fake, 0.0),
        lambda real, fake: sigmoid_first(fake, 1.0),
    ),
    "relativistic": Loss(
        relativistic_loss, lambda real, fake: relativistic_loss(fake, real), pairs=True
    ),
}
