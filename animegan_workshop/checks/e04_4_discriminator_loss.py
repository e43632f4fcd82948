"""Exercise 04.4: D's loss from logits."""

import torch
from torch.nn.functional import softplus

from animegan_helpers import losses
from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.logits import check_loss


@exercise("04.8", losses.discriminator_loss)
def discriminator_loss(answer, seed):
    """real_logits (B,), fake_logits (B,) -> the number -E[log D(x)] - E[log(1 - D(G(z)))]."""
    r, f = 2 * torch.randn(13) + 0.7, 2 * torch.randn(13) - 0.3
    p, q = r.sigmoid(), f.sigmoid()
    real, real_as_fake = softplus(-r).mean(), softplus(r).mean()
    fake, fake_as_real = softplus(f).mean(), softplus(-f).mean()
    right = real + fake
    faults = {
        "real and fake are swapped: reals have the label 1, fakes 0": real_as_fake + fake_as_real,
        "both have the label 1: D is paid for calling fakes *fake*, label 0": real + fake_as_real,
        "both have the label 0: reals have the label 1": real_as_fake + fake,
        "only the reals are in your loss: add -log(1 - D(G(z)))": real,
        "only the fakes are in your loss: add -log D(x)": fake,
        "you average the two terms: sum them, see 02.2": right / 2,
        "you sum over the batch: take the mean": 13 * right,
        "add the two terms, do not subtract them": (real - fake, fake - real),
        "the sigmoid is taken twice: give the loss the logits": losses.discriminator_loss(p, q),
        "that is the report's slip, 1 - log D(G(z)) for log(1 - D(G(z))), see 02.3": (
            real - 1 - fake_as_real,
            real + 1 + fake_as_real,
        ),
        "take the mean of the logs, not the log of a mean": -(p.mean() * (1 - q).mean()).log(),
        "that is the mean logits, the loss of a Wasserstein GAN": f.mean() - r.mean(),
        "the logarithms are missing": 1 - p.mean() + q.mean(),
    }
    check_loss(answer, losses.discriminator_loss, {"real": r, "fake": f}, faults)
    return "2 ln 2 where D cannot tell, and exact at any logit"
