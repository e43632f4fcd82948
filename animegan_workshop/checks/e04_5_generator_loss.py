"""Exercise 04.5: G's loss from logits."""

import torch
from torch.nn.functional import softplus

from animegan_helpers import losses
from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.logits import check_loss


@exercise("04.8", losses.generator_loss)
def generator_loss(answer, seed):
    """fake_logits (B,) -> the number -E[log D(G(z))], the non-saturating loss."""
    f = 2 * torch.randn(13) - 0.5
    right, as_fake, q = softplus(-f).mean(), softplus(f).mean(), f.sigmoid()
    faults = {
        "that is the saturating loss: it pushes least where G is worst, see 02.4": -as_fake,
        "that is D's loss for fakes, label 0: G wants its fakes taken for real, label 1": as_fake,
        "you sum over the batch: take the mean": 13 * right,
        "the sigmoid is taken twice: give the loss the logits": losses.generator_loss(q),
        "that is minus the mean logit, the loss of a Wasserstein GAN, see 02.4": -f.mean(),
        "the logarithm is missing": ((1 - q).mean(), -q.mean()),
        "take the mean of the logs, not the log of a mean": -q.mean().log(),
    }
    check_loss(answer, losses.generator_loss, {"fake": f}, faults)
    return "G is pushed hardest where D is sure"
