"""Exercise 01.5: the mean and the principal components."""

import torch

from animegan_workshop.checks.core import close, compare, demand, exercise, numbers, several


def principal_components_of(
    x: torch.Tensor, k: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean (D,), first k components (k, D) and standard deviations along them (k,) of x (N, D)."""
    mean = x.mean(dim=0)
    _, S, V = torch.pca_lowrank(x - mean, q=k, center=False, niter=4)
    return mean, V.T, S / (len(x) - 1) ** 0.5


def _same_directions(rows, others) -> bool:
    """Whether the rows agree, each up to its sign."""
    return bool((abs((rows * others.numpy()).sum(axis=1)) > 0.99).all())


@exercise("01.6", principal_components_of)
def principal_components(answer, seed):
    """x (N, D), k -> mean (D,), components (k, D), spread (k,); signs may differ."""
    n, d, k = 40, 30, 4
    axes = torch.linalg.qr(torch.randn(d, d)).Q
    x = torch.randn(n, d) * 0.6 ** torch.arange(d) @ axes.T + 3 * axes[:, 5] + axes[:, 7]
    got = several(answer(x.clone(), k), "three things, (mean, components, spread)", 3)
    mean, rows, spread = (numbers(part) for part in got)
    compare(mean, x.mean(0), {"average over the faces, dim=0": (x.mean(), x.mean(1))}, "the mean")
    U, S, V = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    left = "those are the left vectors U, one number a face: take the right ones"
    demand(rows.shape not in ((n, k), (k, n)), left)
    stand = "each component must be a row: transpose them"
    demand(rows.shape != (d, k), stand)
    demand(rows.shape == (k, d), f"components must have shape {(k, d)}, yours {rows.shape}")
    plain = torch.linalg.svd(x)[2][:k]
    demand(not _same_directions(rows, plain), "subtract the mean before you look for components")
    for others in (V[-k:], V[-k:].flip(0), V[:k].flip(0)):
        demand(not _same_directions(rows, others), "the strongest component comes first")
    length = (rows**2).sum(axis=1)
    demand(close(length, torch.ones(k), 0.01), "each component must have length 1")
    demand(_same_directions(rows, V[:k]), "the directions are not those of largest variance")
    right = S[:k] / (n - 1) ** 0.5
    faults = {
        "the spread: divide the singular values by the root of N - 1": S[:k],
        "the spread: those are variances, take the root": right**2,
        "the spread: divide by the root of N - 1, not by N - 1": (S[:k] / (n - 1), S[:k] / n),
        "the spread: those are shares, standard deviations are asked for": (
            S[:k] ** 2 / (S**2).sum(),
            S[:k] / S.sum(),
        ),
        "the spread: only the first k are asked for": S / (n - 1) ** 0.5,
        "the spread: take it along the components, not along the pixels": x.std(0),
    }
    compare(spread, right, faults, "the spread", 0.02)
    return "components found, the strongest first"
