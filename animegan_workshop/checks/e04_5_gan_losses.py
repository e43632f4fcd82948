"""Exercise 04.5: both losses from logits, right however far out the logits are."""

from collections.abc import Callable

import torch
from torch.nn.functional import softplus

from animegan_helpers import losses
from animegan_workshop.checks.core import close, compare, demand, exercise, several


def both_losses(real_logits, fake_logits):
    """Logits (B,) -> D's loss and G's non-saturating loss, two scalars."""
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    return d_loss, losses.generator_loss(fake_logits)


def _faults(r: torch.Tensor, f: torch.Tensor) -> tuple[dict, dict]:
    """For D's loss and for G's: sentence -> the value that the fault leads to."""
    p, q = r.sigmoid(), f.sigmoid()
    real, real_as_fake = softplus(-r).mean(), softplus(r).mean()
    fake, fake_as_real = softplus(f).mean(), softplus(-f).mean()
    twice = both_losses(p, q)
    of_d = {
        "real and fake are swapped: reals have the label 1, fakes 0": real_as_fake + fake_as_real,
        "both have the label 1: D is paid for calling fakes *fake*, label 0": real + fake_as_real,
        "both have the label 0: reals have the label 1": real_as_fake + fake,
        "only the reals are in D's loss: add the fakes, label 0": real,
        "only the fakes are in D's loss: add the reals, label 1": fake,
        "you average the two terms: sum them, see 02.2": (real + fake) / 2,
        "you sum over the batch: take the mean": len(r) * (real + fake),
        "add the two terms, do not subtract them": (real - fake, fake - real),
        "the sigmoid is taken twice: give the loss the logits": twice[0],
        "that is the report's slip, 1 - log D(G(z)) for log(1 - D(G(z))), see 02.3": (
            real - 1 - fake_as_real,
            real + 1 + fake_as_real,
        ),
        "take the mean of the logs, not the log of a mean": -(p.mean() * (1 - q).mean()).log(),
        "that is the mean logits, the loss of a Wasserstein GAN": f.mean() - r.mean(),
        "the logarithms are missing": 1 - p.mean() + q.mean(),
    }
    of_g = {
        "that is the saturating loss: it pushes least where G is worst, see 02.4": -fake,
        "that is D's loss for fakes, label 0: G wants its fakes taken for real, label 1": fake,
        "you sum over the batch: take the mean": len(f) * fake_as_real,
        "the sigmoid is taken twice: give the loss the logits": twice[1],
        "that is minus the mean logit, the loss of a Wasserstein GAN, see 02.4": -f.mean(),
        "take the mean of the logs, not the log of a mean": -q.mean().log(),
        "the logarithm is missing": ((1 - q).mean(), -q.mean()),
    }
    return of_d, of_g


@exercise("04.4", both_losses)
def gan_losses(answer, seed):
    """real_logits (B,), fake_logits (B,) -> D's loss, G's non-saturating loss."""

    def both(*batch):
        return several(answer(*batch), "two numbers, D's loss and G's loss")

    r, f = 2 * torch.randn(13) + 0.7, 2 * torch.randn(13) - 0.3
    right = both_losses(r, f)
    turned = all(map(close, both(r.clone(), f.clone()), right[::-1]))
    demand(not turned, "the order is D's loss, then G's")
    for k, (name, faults) in enumerate(zip("DG", _faults(r, f))):
        got = both(r.clone(), f.clone())[k]
        demand(isinstance(got, torch.Tensor), f"{name}'s loss must be a tensor, with its gradient")
        demand(got.numel() == 1, f"{name}'s loss is one number, not {got.numel()}: take the mean")
        compare(got.reshape(()), right[k], faults, f"{name}'s loss", 1e-4)
    _check_gradients(both, r, f, "in this batch")
    for value in (20.0, -20.0, 200.0, -200.0):
        far, near = torch.tensor([value]), torch.zeros(1)
        _check_gradients(both, far, near, f"for a real picture whose logit is {value:g}")
        _check_gradients(both, near, far, f"for a fake picture whose logit is {value:g}")
    r, f = r.bfloat16(), f.bfloat16()
    exact = all(close(a, b, 1e-4) for a, b in zip(both(r, f), both_losses(r.float(), f.float())))
    demand(exact, "bfloat16 is too coarse for a loss: turn the logits into float32 first, .float()")
    return "2 ln 2 and ln 2 where D cannot tell, and exact at any logit"


def _check_gradients(both: Callable, real: torch.Tensor, fake: torch.Tensor, where: str) -> None:
    """The losses must be finite, and their gradients at the logits must be ours."""
    for k, (name, kinds) in enumerate({"D": ("real", "fake"), "G": ("fake",)}.items()):
        batch = [logits.clone().requires_grad_() for logits in (real, fake)]
        loss, inputs = both(*batch)[k].sum(), batch[-len(kinds) :]
        cut = f"no gradient gets through {name}'s loss: no .item(), no .detach()"
        demand(loss.requires_grad, cut)
        theirs = torch.autograd.grad(loss, inputs, allow_unused=True)
        ours = torch.autograd.grad(both_losses(*batch)[k], inputs)
        for kind, got, right in zip(kinds, theirs, ours):
            demand(got is not None, f"{name}'s loss: no gradient reaches the {kind} logits")
            finite = bool(torch.isfinite(torch.cat([got, loss[None]])).all())
            way = "log(sigmoid(s)) and log(1 + exp(s)) fail there; torch has functions that do not"
            demand(finite, f"{where} {name}'s loss or its gradient is not finite: {way}")
            far = "a sigmoid rounds to 0 or 1 far out, so compute the loss from the logit"
            values = f"must be {right[0]:.2g}, yours is {got[0]:.2g}"
            says = f"{where} the gradient of {name}'s loss at the {kind} logit {values}: {far}"
            demand(bool((got - right).abs().max() < 0.01), says)
