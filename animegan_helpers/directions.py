"""Directions through the latent space that mean something, and how to tell whether they do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from animegan_helpers.latent import generate, sample_latent

FACTORS = ("hair", "eyes", "direction", "expression")
"""The factors that get a slider, where the faces are named for them."""

SHOWN_AS = {"direction": "pose"}
"""Factors whose name would puzzle on a slider: a drawn face's "direction" is where it looks."""


OPPOSITES = {"direction": ("left", "right")}
"""Factors whose slider has ends of its own, where both were seen: a head should turn from one side to the other."""


def unit(directions: torch.Tensor) -> torch.Tensor:
    """The same directions (..., z_dim), of length 1."""
    return directions / directions.norm(dim=-1, keepdim=True)


def random_directions(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
    """Directions (count, z_dim) of length 1, every one as likely as any other: what the others are compared with."""
    return unit(sample_latent(count, z_dim, seed))


@torch.no_grad()
def principal_directions(
    generator: nn.Module, count: int = 10, samples: int = 4_000, seed: int = 0
) -> torch.Tensor:
    """Directions (count, z_dim) of length 1 along which the first layer's response varies most, strongest first.

    GANSpace (Harkonen et al. 2020, arXiv 2004.02546), section 2: principal components of an early layer's activations,
    carried back to z by least squares. Here the layer is the first block, batch norm and ReLU included, in eval mode.
    """
    device = next(generator.parameters()).device
    z = sample_latent(samples, generator.z_dim, seed).to(device)
    training = generator.training
    generator.eval()
    if hasattr(generator, "blocks"):  # DCGAN: the block that makes 4x4 of 1x1
        response = generator.blocks[0](z[:, :, None, None]).flatten(1)  # (samples, 16 * 8 * width)
    else:
        response = generator.layers[:3](z)
    generator.train(training)
    centred = response - response.mean(0)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the decomposition starts from random vectors
        _, _, components = torch.svd_lowrank(centred, q=count + 10, niter=6)
    scores = centred @ components[:, :count]  # (samples, count)
    return unit(torch.linalg.lstsq(scores, z).solution.cpu())  # (count, z_dim)


@dataclass
class Probe:
    """A linear reading of z: `weights @ z` gives a logit for each of the `values`.

    weights: (values, z_dim); accuracy: share of held-out z that it names right; chance: what always guessing the
    commonest value would get there.
    """

    values: list[str]
    weights: torch.Tensor
    accuracy: float
    chance: float

    def contrast(self, minus: str, plus: str) -> torch.Tensor:
        """The direction (z_dim,), length 1, in which `plus` gains most over `minus`."""
        return unit(self.weights[self.values.index(plus)] - self.weights[self.values.index(minus)])


def linear_probe(
    z: torch.Tensor, names: np.ndarray, penalty: float = 0.01, held_out: float = 0.2
) -> Probe:
    """Softmax regression from z (N, z_dim) to the names (N,) of its faces; the last share `held_out` tests it.

    penalty: on half the squared weights, beside the mean cross-entropy; few samples in many dimensions need it.
    Raises ValueError where all faces have one name.
    """
    values, targets = np.unique(names, return_inverse=True)
    if len(values) < 2:
        raise ValueError(
            f"a probe needs two values or more, and all faces are {values.tolist()}: draw more samples"
        )
    targets, train = torch.from_numpy(targets), len(z) - max(1, int(held_out * len(z)))
    weights = torch.zeros(len(values), z.shape[1], requires_grad=True)
    bias = torch.zeros(len(values), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = (
            F.cross_entropy(z[:train] @ weights.T + bias, targets[:train])
            + penalty / 2 * weights.square().sum()
        )
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        right = (z[train:] @ weights.T + bias).argmax(1) == targets[train:]
        chance = torch.bincount(targets[train:]).max() / len(right)
    return Probe(values.tolist(), weights.detach(), float(right.float().mean()), float(chance))


def furthest_pair(
    z: torch.Tensor, names: np.ndarray, probe: Probe, among: int = 5
) -> tuple[str, str]:
    """Of the `among` values seen most, the two that their contrast separates best, in standard deviations of z."""
    counts = {value: int((names == value).sum()) for value in probe.values}
    common = sorted(sorted(counts, key=counts.get, reverse=True)[:among])
    pairs = [(a, b) for k, a in enumerate(common) for b in common[k + 1 :]]

    def separation(pair: tuple[str, str]) -> float:
        along = (z @ probe.contrast(*pair)).numpy()
        # few faces give an uncertain mean, so a rare value must be further away to be chosen
        uncertainty = sum(1 / counts[value] for value in pair) ** 0.5
        return along[names == pair[1]].mean() - along[names == pair[0]].mean() - 2 * uncertainty

    return max(pairs, key=separation)


def orthogonalise(directions: torch.Tensor) -> torch.Tensor:
    """Directions (D, z_dim) of length 1 at right angles to each other, all together as near to the given as can be.

    No direction comes first, as one does with Gram and Schmidt: Lowdin 1950, On the non-orthogonality problem.
    Raises ValueError where they are more than z_dim, or some depend on the others.
    """
    left, strengths, right = torch.linalg.svd(unit(directions), full_matrices=False)
    if len(directions) > directions.shape[1] or strengths[-1] < 0.05:
        raise ValueError(
            "these directions depend on each other: leave out the one that is like another"
        )
    return left @ right


def named_directions(
    z: torch.Tensor, names: dict[str, np.ndarray], factors: Sequence[str] = FACTORS
) -> dict[str, torch.Tensor]:
    """ "hair: black - pink" -> (z_dim,), for each of the factors that is there with two values or more; orthogonal.

    z: (N, z_dim); names: factor -> (N,) what its faces were named.
    """
    found = {}
    for factor in factors:
        if len(set(names.get(factor, ()))) > 1:
            probe = linear_probe(z, names[factor])
            opposites = OPPOSITES.get(factor, ("", ""))
            minus, plus = (
                opposites
                if set(opposites) <= set(probe.values)
                else furthest_pair(z, names[factor], probe)
            )
            found[f"{SHOWN_AS.get(factor, factor)}: {minus} \N{EN DASH} {plus}"] = probe.contrast(
                minus, plus
            )
    return dict(zip(found, orthogonalise(torch.stack(list(found.values()))))) if found else {}


def picture_changes(generator: nn.Module, z: torch.Tensor, steps: torch.Tensor) -> np.ndarray:
    """(D,) how much the pictures of z (N, z_dim) change by each of the `steps` (D, z_dim), in grey levels 0 to 255.

    The root of the mean squared difference over all N faces, channels and pixels.
    """
    start = generate(generator, z)
    changes = []
    for group in steps.split(max(1, 250 // len(z))):  # several steps in one batch
        moved = generate(generator, (group[:, None] + z).flatten(0, 1)).unflatten(
            0, (len(group), len(z))
        )
        changes.append((moved - start).square().mean(dim=(1, 2, 3, 4)).sqrt())
    return 127.5 * torch.cat(changes).numpy()
