"""What the checks of both losses share: the value, the gradient, and logits far out."""

from collections.abc import Callable

import torch

from animegan_workshop.checks.core import compare, demand


def check_loss(
    answer: Callable[..., torch.Tensor],
    ours: Callable[..., torch.Tensor],
    logits: dict[str, torch.Tensor],
    faults: dict[str, torch.Tensor],
) -> None:
    """Raises CheckFailed unless a loss of logits has our value, our gradient, and both far out.

    logits: "real" and "fake", or one of them -> (B,). faults: sentence -> the value it leads to.
    """
    batch = [value.clone() for value in logits.values()]
    got = answer(*batch)
    if got is not None:
        demand(isinstance(got, torch.Tensor), "return a tensor: a float has no gradient")
        demand(got.numel() == 1, f"one number is the loss, not {got.numel()}: take the mean")
    compare(got if got is None else got.reshape(()), ours(*batch), faults, "the loss", 1e-4)
    _check_gradients(answer, ours, batch, list(logits), "in this batch")
    for place, name in enumerate(logits):
        for value in (20.0, -20.0, 200.0, -200.0):
            far = [torch.zeros(1) for _ in logits]
            far[place] = torch.tensor([value])
            where = f"for a {name} picture whose logit is {value:g}"
            _check_gradients(answer, ours, far, list(logits), where)


def _check_gradients(answer, ours, batch: list[torch.Tensor], names: list[str], where: str) -> None:
    """The loss must be finite, and its gradient at each kind of logits must be ours."""
    batch = [value.clone().requires_grad_() for value in batch]
    loss = answer(*batch).sum()
    demand(loss.requires_grad, "no gradient gets through your loss: no .item(), no .detach()")
    theirs = torch.autograd.grad(loss, batch, allow_unused=True)
    for name, got, right in zip(names, theirs, torch.autograd.grad(ours(*batch), batch)):
        demand(got is not None, f"no gradient reaches the {name} logits: no .detach() there")
        finite = bool(torch.isfinite(torch.cat([got, loss[None]])).all())
        softplus = "log(sigmoid(s)) and log(1 + exp(s)) fail there: use F.softplus"
        demand(finite, f"{where} your loss or its gradient is not finite: {softplus}")
        far = "a sigmoid rounds to 0 or 1 far out, so compute the loss from the logit"
        values = f"the gradient at the {name} logit must be {right[0]:.2g}, yours is {got[0]:.2g}"
        demand(bool((got - right).abs().max() < 0.01), f"{where} {values}: {far}")
