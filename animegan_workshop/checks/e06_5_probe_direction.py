"""Exercise 06.5: the direction of a linear probe."""

import numpy as np
import torch
import torch.nn.functional as F

from animegan_workshop.checks.tools import demand, exercise, numbers, with_faults


def fitted(z, has_it):
    """The weights (z_dim,), length 1, of logistic regression from z (N, z_dim) to bool (N,)."""
    weight, bias = torch.zeros(z.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    target = torch.from_numpy(has_it).float()
    optimiser = torch.optim.Adam([weight, bias], lr=0.05)
    for _ in range(200):
        loss = F.binary_cross_entropy_with_logits(z @ weight + bias, target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return F.normalize(weight.detach(), dim=0)


FAULTS = """
it points the other way: the target is 1 for the faces with it
    :: from_numpy(has_it) => from_numpy(~has_it)
that is the difference of the averages: fit weights by the cross-entropy
    :: weight.detach() => z[target == 1].mean(0) - z[target == 0].mean(0)
the bias is missing: the logit is z @ weight + bias :: z @ weight + bias => z @ weight
that is the squared error: use the cross-entropy of the logits
    :: binary_cross_entropy_with_logits => mse_loss
    :: binary_cross_entropy_with_logits(z @ weight + bias
    => mse_loss((z @ weight + bias).sigmoid()
the loss takes logits: no sigmoid before it
    :: z @ weight + bias => (z @ weight + bias).sigmoid()
the loss takes the logits first, then the labels
    :: (z @ weight + bias, target) => (target, z @ weight + bias)
logits (N, 1) beside labels (N,) pair each face with every label: squeeze to one shape
    :: F.binary_cross_entropy_with_logits(z @ weight + bias, target)
    => (F.softplus(z @ weight + bias)[:, None] - target * (z @ weight + bias)[:, None]).mean()
the gradients add up: clear them with zero_grad() at each step :: optimiser.zero_grad() => pass
train on all faces, also on those without it
    :: optimiser = => z, target = z[target == 1], target[target == 1]; optimiser =
"""


@exercise("06.4", fitted)
def probe_direction(answer, seed):
    """z (N, z_dim), has_it (N,) of bool -> the probe's weights (z_dim,), of length 1."""
    # One axis varies more, so the averages mislead; some lie far out, so the squared error does.
    shared, side, extra = torch.linalg.qr(torch.randn(20, 3))[0].T
    z = torch.randn(600, 20) + 1.2 * torch.randn(600, 1) * shared + shared + side
    z[:60] += 4 * (side + extra)
    has_it = (z @ (0.6 * shared + 0.8 * side) + torch.randn(600)).numpy() > 2.5

    given = got = answer(z.clone(), has_it.copy())
    alone = f"return the weights alone, a tensor, not a {type(got).__name__}"
    demand(got is None or torch.is_tensor(got), alone)
    got = numbers(got)
    shape = "return one weight for each component of z, without the bias: the shape is (20,) here"
    demand(got.shape == (20,), f"{shape}, not {got.shape}")
    length = np.linalg.norm(got)
    moved = np.isfinite(length) and length > 0
    demand(moved, "zeros have no direction: let the optimiser move the weights, not the bias alone")
    cosine = got @ numbers(fitted(z, has_it)) / length
    if cosine < 0.999:
        found = {
            got @ numbers(fault(z, has_it)) / length: sentence
            for sentence, fault in with_faults(fitted, FAULTS)
        }
        demand(max(found) < max(0.98, cosine), found[max(found)])
    train = "take enough steps, not too long ones, with fresh gradients (zero_grad) at each"
    demand(cosine > 0.98, f"the cosine with the best weights is only {cosine:.2f}: {train}")
    unit = "the weights are right but not of length 1: divide by their norm, without the bias"
    demand(abs(length - 1) < 1e-3, unit)
    demand(not given.requires_grad, "the weights still hang on their graph: detach them")
    return "weights of length 1, from without to with"
