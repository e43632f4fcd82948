"""Directions through the latent space, with and without a name (notebook 06)."""

import copy
import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from animegan_helpers.latent import sample_latent
from animegan_helpers.probe import LinearProbe, linear_probe

FACTORS = ("hair", "eyes", "direction", "expression")
"""The factors that get a slider, where the faces are named for them."""

SHOWN_AS = {"direction": "pose"}
"""What a factor is called on the screen. A face's "direction" is where it looks: its pose."""

OPPOSITES = {"direction": ("left", "right")}
"""The values at the two ends of a factor's slider, where both were seen."""


def random_directions(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
    """Random directions (count, z_dim) of length 1. Every direction is equally likely."""
    return normalize(sample_latent(count, z_dim, seed))


@torch.no_grad()
def principal_directions(
    generator: nn.Module, count: int = 10, samples: int = 4_000, seed: int = 0
) -> torch.Tensor:
    """Directions (count, z_dim) of length 1 that change the first layer's response most.

    The strongest comes first. This is GANSpace (Harkonen et al. 2020, arXiv 2004.02546, section 2):
    the principal components of the response, carried back to z by least squares. The first layer
    includes its batch norm and ReLU.
    """
    device = next(generator.parameters()).device
    z = sample_latent(samples, generator.z_dim, seed).to(device)
    network = copy.deepcopy(generator).eval()
    if hasattr(network, "blocks"):  # DCGAN: the block that makes 4 x 4 of 1 x 1
        response = network.blocks[0](z[:, :, None, None]).flatten(1)
    else:  # fully connected
        response = network.layers[:3](z)
    centred = response - response.mean(0)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # svd_lowrank starts from random vectors
        _, _, components = torch.svd_lowrank(centred, q=count + 10, niter=6)
    scores = centred @ components[:, :count]  # (samples, count)
    return normalize(torch.linalg.lstsq(scores, z).solution.cpu())


def mean_difference_direction(z: torch.Tensor, has_it: np.ndarray) -> torch.Tensor:
    """The direction (z_dim,) of length 1 from faces without an attribute to faces with it.

    It is the mean z of the faces with it, minus the mean z of the faces without it.
    z: (N, z_dim); has_it: bool (N,).
    Raises ValueError where all or none of the faces have the attribute.
    """
    mask = torch.from_numpy(np.asarray(has_it, dtype=bool))
    if mask.all() or not mask.any():
        raise ValueError("draw more samples: some faces must have the attribute, others lack it")
    return normalize(z[mask].mean(0) - z[~mask].mean(0), dim=0)


def furthest_pair(z: torch.Tensor, names: np.ndarray, probe: LinearProbe) -> tuple[str, str]:
    """Of the five values seen most, the two whose means lie furthest apart along their contrast."""
    values, counts = np.unique(names, return_counts=True)
    common = sorted(values[np.argsort(-counts, kind="stable")[:5]].tolist())

    def separation(pair: tuple[str, str]) -> float:
        along = (z @ probe.contrast(*pair)).numpy()
        minus, plus = (along[names == value] for value in pair)
        # few faces give an uncertain mean, so a rare value must be further away to be chosen
        return plus.mean() - minus.mean() - 2 * (1 / len(plus) + 1 / len(minus)) ** 0.5

    return max(itertools.combinations(common, 2), key=separation)


def orthogonalise(directions: torch.Tensor) -> torch.Tensor:
    """The orthogonal directions (D, z_dim) of length 1 that lie nearest to the given ones.

    All are turned alike, so their order has no influence (Lowdin 1950, On the non-orthogonality
    problem). Raises ValueError where one of them depends on the others.
    """
    left, strengths, right = torch.linalg.svd(normalize(directions), full_matrices=False)
    if len(directions) > directions.shape[1] or strengths[-1] < 0.05:
        raise ValueError("directions depend on each other: leave out one that is like another")
    return left @ right


def named_directions(
    z: torch.Tensor, names: dict[str, np.ndarray], factors: Sequence[str] = FACTORS
) -> dict[str, torch.Tensor]:
    """Orthogonal directions with a name: "hair: black - pink" -> (z_dim,).

    A factor that is missing, or has one value alone, gives none.
    z: (N, z_dim); names: factor -> (N,), what the faces of z were named.
    """
    found = {}
    for factor in factors:
        if len(set(names.get(factor, ()))) > 1:
            probe = linear_probe(z, names[factor])
            minus, plus = OPPOSITES.get(factor, (None, None))
            if not {minus, plus} <= set(probe.values):
                minus, plus = furthest_pair(z, names[factor], probe)
            label = f"{SHOWN_AS.get(factor, factor)}: {minus} \N{EN DASH} {plus}"
            found[label] = probe.contrast(minus, plus)
    if not found:
        return {}
    return dict(zip(found, orthogonalise(torch.stack(list(found.values())))))
