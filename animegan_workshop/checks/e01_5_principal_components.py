"""Exercise 01.5: the mean and the principal components."""

import numpy as np
import torch

from animegan_workshop.checks.tools import demand, exercise, numbers, several, try_parts


def principal_components_of(x: torch.Tensor, k: int) -> tuple[torch.Tensor, ...]:
    """Mean (D,), first k components (k, D) and standard deviations along them (k,) of x (N, D)."""
    mean = x.mean(dim=0)
    centred = x - mean
    U, S, V = torch.pca_lowrank(centred, q=k, center=False, niter=4)
    spread = S / (len(x) - 1) ** 0.5
    return mean, V.T, spread


FAULTS = """
that is the mean after centring, which is zero: return the mean face :: n mean => n centred.mean(0)
subtract the mean before you look for components :: x - mean => x :: x - mean => x - x.mean()
only subtract the mean: do not divide by each pixel's spread :: x - mean => (x - mean) / x.std(0)
each component must be a row: transpose them :: V.T => V :: V.T => V.reshape(V.T.shape)
subtract the mean face, not each face's own mean :: x - mean => x - x.mean(1, keepdim=True)
the first component is missing: the mean is none of them :: q=k => q=k + 1 && V.T => V.T[1:]
those are the left vectors U, one number a face: take the right ones :: V.T => U.T :: V.T => U
the strongest component comes first :: V.T => V.T.flip(0)
each component must have length 1 :: V.T => V.T * spread[:, None] :: V.T => V.T * S[:, None]
the spread: divide S by the root of N - 1 :: / (len(x) - 1) ** 0.5 => :: ** 0.5 =>
:: (len(x) - 1) ** 0.5 => len(x)
the spread: those are variances, take the root :: (len(x) - 1) ** 0.5 => (len(x) - 1) * S
the spread: N is the number of faces, not of pixels :: len(x) - 1 => x.shape[1] :: len(x) - 1 => k
the spread: those are shares of the whole :: S / (len(x) - 1) ** 0.5 => S**2 / (centred**2).sum()
"""


@exercise("01.6", principal_components_of)
def principal_components(answer, seed):
    """x (N, D), k -> mean (D,), components (k, D), spread (k,); signs may differ."""
    n, d, k = 40, 30, 4
    axes = torch.linalg.qr(torch.randn(d, d)).Q
    faces = 99 * torch.randn(n, d) * 0.35 ** torch.arange(d) @ axes.T + 30 * axes[5] + 9 * axes[7]
    true = torch.linalg.svd(faces - faces.mean(0), full_matrices=False)[2][:k].numpy()

    def look(find):
        given = faces.clone()
        parts = several(find(given, k), "three things, (mean, components, spread)", 3)
        demand(torch.equal(given, faces), "x is changed in place: write x - mean, not x -= mean")
        mean, rows, spread = map(numbers, parts)
        if rows.shape == true.shape:  # the sign of a component is free
            weak = "those are the weakest components: the strongest comes first"
            demand(abs(rows @ true.T).max() > 0.01, weak)
            along = (rows * true).sum(axis=1, keepdims=True)
            rows = rows * np.sign(
                np.where(abs(along) > 0.5, along, (rows**3).sum(1, keepdims=True))
            )
        names = "the mean face, which comes first", "the components, each a row", "the spread"
        return dict(zip(names, (mean, rows, spread)))

    try_parts(answer, principal_components_of, look, FAULTS, 0.02)
    return "components found, the strongest first"
