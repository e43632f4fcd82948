"""Exercise 04.5: both losses from logits, right however far out the logits are."""

from collections.abc import Callable

import torch
from torch.nn.functional import softplus

from animegan_workshop.checks.tools import close, demand, exercise, several, try_parts


def both_losses(real_logits, fake_logits):
    """Logits (B,) -> D's loss and G's non-saturating loss, two scalars."""
    r, f = real_logits.float(), fake_logits.float()
    real, fake = softplus(-r).mean(), softplus(f).mean()
    g = softplus(-f).mean()
    return real + fake, g


FAULTS = """
    the order is D's loss, then G's :: real + fake, g => g, real + fake
    D: real and fake are swapped: reals have the label 1, fakes 0 :: real + => softplus(r).mean() +
        && + fake, => + g,
    D: both have the label 1: D is paid for calling fakes *fake*, label 0 :: + fake, => + g,
    D: both have the label 0: reals have the label 1 :: real + => softplus(r).mean() +
    D: only the reals are in the loss: add the fakes, label 0 :: + fake, => ,
    D: only the fakes are in the loss: add the reals, label 1 :: real + =>
    D: you average the two terms: sum them, see 02.2 :: real + fake => (real + fake) / 2
    D: add the two terms, do not subtract them :: + fake, => - fake, :: real + => -real +
    D: the reals have the label 1, not 0.9: no smoothing :: real + => real + 0.1 * r.mean() +
    D: that is the report's slip, 1 - log D(G(z)) for log(1 - D(G(z))), see 02.3
        :: + fake, => - 1 - g, :: + fake, => + 1 + g,
    D: that is the mean logits, the loss of a Wasserstein GAN
        :: real + fake, => f.mean() - r.mean(),
    D: take the mean of the logs, not the log of a mean
        :: real + fake, => -(r.sigmoid().mean() * (1 - f.sigmoid()).mean()).log(),
    D: the logarithms are missing :: real + fake, => 1 - r.sigmoid().mean() + f.sigmoid().mean(),
    D: that is the hinge loss: the cross-entropy is asked for
        :: real + fake, => (1 - r).relu().mean() + (1 + f).relu().mean(),
    you sum over the batch: take the mean :: .mean() => .sum()
    the sigmoid is taken twice: give the loss the logits :: .float() => .float().sigmoid()
    that is base 2: the natural logarithm, torch.log, is asked for
        :: real + fake, g => (real + fake) / 0.6931472, g / 0.6931472
    G: that is the saturating loss: it pushes least where G is worst, see 02.4 :: , g => , -fake
    G: that is D's loss for fakes: G wants its fakes taken for real, label 1 :: , g => , fake
    G: its loss is that of the fakes: the reals do not enter :: , g => , real
    G: that is minus D's loss: the non-saturating loss is another, see 02.4 :: , g => , -real - fake
    G: that is minus the mean logit, the loss of a Wasserstein GAN, see 02.4 :: , g => , -f.mean()
    G: take the mean of the logs, not the log of a mean :: , g => , -f.sigmoid().mean().log()
    G: the logarithm is missing :: , g => , (1 - f.sigmoid()).mean() :: , g => , -f.sigmoid().mean()
"""


@exercise("04.4", both_losses)
def gan_losses(answer, seed):
    """real_logits (B,), fake_logits (B,) -> D's loss, G's non-saturating loss."""
    r, f = 2 * torch.randn(13) + 0.7, 2 * torch.randn(13) - 0.3

    def look(function):
        losses = several(function(r.clone(), f.clone()), "two numbers, D's loss and G's loss")
        for name, loss in zip("DG", losses):
            tensor = isinstance(loss, torch.Tensor)
            demand(tensor, f"{name}'s loss must be a tensor, with its gradient")
            demand(loss.numel() == 1, f"{name}'s loss is one number, not {loss.numel()}: the mean")
        return {f"{name}'s loss": loss.reshape(()) for name, loss in zip("DG", losses)}

    try_parts(answer, both_losses, look, FAULTS, 1e-4)
    _check_gradients(answer, r, f, "in this batch")
    for value in (20.0, -20.0, 200.0, -200.0):
        far, near = torch.tensor([value]), torch.zeros(1)
        _check_gradients(answer, far, near, f"for a real picture whose logit is {value:g}")
        _check_gradients(answer, near, far, f"for a fake picture whose logit is {value:g}")
    r, f = r.bfloat16(), f.bfloat16()
    exact = all(map(close, answer(r, f), both_losses(r, f), (1e-4, 1e-4)))
    demand(exact, "bfloat16 is too coarse for a loss: turn the logits into float32 first, .float()")
    return "2 ln 2 and ln 2 where D cannot tell, and exact at any logit"


def _check_gradients(both: Callable, real: torch.Tensor, fake: torch.Tensor, where: str) -> None:
    """The losses must be finite, and their gradients at the logits must be ours."""
    for k, kind in ((0, "real"), (0, "fake"), (1, "fake")):
        name = f"{'DG'[k]}'s loss"
        batch = [logits.clone().requires_grad_() for logits in (real, fake)]
        logits = batch[kind == "fake"]
        loss = both(*batch)[k].sum()
        demand(loss.requires_grad, f"no gradient gets through {name}: no .item(), no .detach()")
        (got,) = torch.autograd.grad(loss, logits, allow_unused=True)
        (right,) = torch.autograd.grad(both_losses(*batch)[k], logits)
        demand(got is not None, f"{name}: no gradient reaches the {kind} logits")
        finite = bool(loss.isfinite() and got.isfinite().all())
        way = "log(sigmoid(s)) and log(1 + exp(s)) fail there; torch has functions that do not"
        demand(finite, f"{where} {name} or its gradient is not finite: {way}")
        values = f"must be {right[0]:.2g}, yours is {got[0]:.2g}"
        far = "a sigmoid rounds to 0 or 1 far out, so compute the loss from the logit"
        says = f"{where} the gradient of {name} at the {kind} logit {values}: {far}"
        demand(bool((got - right).abs().max() < 0.01), says)
