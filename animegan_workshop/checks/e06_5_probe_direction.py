"""Exercise 06.5: the direction of a linear probe."""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from animegan_workshop.checks.core import demand, exercise, numbers


def fitted(z, has_it):
    """The weights (z_dim,), length 1, of logistic regression from z (N, z_dim) to bool (N,)."""
    weight = torch.zeros(z.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    target = torch.from_numpy(np.asarray(has_it)).float()
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        value = binary_cross_entropy_with_logits(z @ weight + bias, target)
        value.backward()
        return value

    optimiser.step(loss)
    return normalize(weight.detach(), dim=0)


@exercise("06.4", fitted)
def probe_direction(answer, seed):
    """z (N, z_dim), has_it (N,) of bool -> the probe's weights (z_dim,), of length 1."""
    shared, side = torch.linalg.qr(torch.randn(20, 2))[0].T
    # all faces vary most along `shared`, so the averages differ along it more than the probe does
    z = torch.randn(600, 20) + 1.5 * torch.randn(600, 1) * shared
    has_it = (z @ (0.6 * shared + 0.8 * side) + 0.6 * torch.randn(600)).numpy() > 0.8
    mask = torch.from_numpy(has_it)
    right = fitted(z, has_it).double().numpy()
    means = normalize(z[mask].mean(0) - z[~mask].mean(0), dim=0).double().numpy()
    got = numbers(answer(z.clone(), has_it.copy()))
    demand(got.shape != (21,), "the bias is no part of the direction: return the weights alone")
    demand(got.shape != (600,), "return the 20 weights, not a logit for each face")
    shape = f"return one weight for each component of z, not {got.shape}: z has 20 here"
    demand(got.shape == (20,), shape)
    zero = "zeros have no direction: let the optimiser step before you divide by the length"
    demand(np.isfinite(got).all() and np.any(got), zero)
    length = np.linalg.norm(got)
    cosine, to_means = got @ right / length, got @ means / length
    other_way = "it points the other way: the target is 1 for the faces with it"
    demand(cosine > -0.9, other_way)
    averages = "that is the difference of the averages: fit weights by the cross-entropy"
    demand(cosine > 0.98 or to_means < 0.999, averages)
    train = "take more steps, or a larger rate, and set the gradients to 0 at each step"
    demand(cosine > 0.93, f"the cosine with the best weights is only {cosine:.2f}: {train}")
    demand(abs(length - 1) < 1e-3, "the weights are right but not of length 1: divide by the norm")
    return "weights of length 1, from without to with"
