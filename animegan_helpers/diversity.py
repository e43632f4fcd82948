"""How different the samples are from each other: birthday estimate of the support, MS-SSIM, Vendi score."""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import torch
from torch.nn import functional as F

from animegan_helpers.distances import resample
from animegan_helpers.neighbours import near_pairs

SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001)
"""Of the three finest scales in Wang et al. 2003; the fourth would need pictures of more than 80 pixels a side."""


@dataclass
class Birthday:
    """pairs: how many were looked at; alike: how many of them are nearer than the limit.

    support: pairs / alike, the number of different pictures if all were equally likely, with its 95% interval
    (low, high); infinite where no pair is alike, and then `low` alone says something.
    batch: of so many samples, every other batch holds two that are alike.
    """

    pairs: int
    alike: int
    support: float
    low: float
    high: float
    batch: float


def birthday(pictures: np.ndarray, limit: float, chunk: int = 1_000) -> Birthday:
    """Estimates how many different pictures a sampler of (N, ...) has, from how often two are nearer than `limit`.

    The birthday paradox: of n equally likely pictures, about 1.18 sqrt(n) samples hold a duplicate every other time
    (Arora and Zhang 2017, arXiv 1706.08224). They had people look at the nearest pairs; here a limit stands for them,
    in the pictures' own unit, so pictures that are merely smooth count as alike too. All pairs of the sample are used
    and not one batch: each is alike with chance 1 / n. Unequal chances make n smaller. Nothing above about the number
    of pairs can be seen. The interval is the normal one of the root of a Poisson count.
    """
    pairs, alike = len(pictures) * (len(pictures) - 1) // 2, near_pairs(pictures, limit, chunk)
    # a count c lies within (sqrt(c) +- 1)^2 of its expectation 95 times in 100; with none, below 3 (the rule of three)
    most, least = (sqrt(alike) + 1) ** 2 if alike else 3.0, max(0.0, sqrt(alike) - 1) ** 2
    support = pairs / alike if alike else float("inf")
    return Birthday(
        pairs,
        alike,
        support,
        pairs / most,
        pairs / least if least else float("inf"),
        sqrt(2 * log(2) * support),
    )


def ms_ssim(
    first: torch.Tensor, second: torch.Tensor, weights: tuple[float, ...] = SSIM_WEIGHTS
) -> torch.Tensor:
    """(B,) multi-scale structural similarity of pictures (B, C, H, W) in [0, 1]: 1 where they are the same.

    Wang, Simoncelli and Bovik 2003, with a Gaussian window of 11 pixels and sigma 1.5; negative likeness counts as 0.
    As in torchmetrics the coarsest scale, the only one whose brightness counts, is mirrored at its edges.
    weights: of the scales, the finest first, made to sum to 1. Sides must be above 10 * 2^(scales - 1) pixels.
    """
    total = sum(weights)
    if min(first.shape[2:]) <= 10 * 2 ** (len(weights) - 1):
        raise ValueError(
            f"pictures of {tuple(first.shape[2:])} pixels are too small for {len(weights)} scales"
        )
    window = torch.exp(-(torch.arange(-5, 6, dtype=first.dtype) ** 2) / (2 * 1.5**2))

    def smooth(x: torch.Tensor) -> torch.Tensor:
        # a matrix for each direction: far quicker on a CPU than a convolution of one channel at a time
        down, across = (torch.zeros(side - 10, side, dtype=x.dtype) for side in x.shape[2:])
        for k, share in enumerate(window / window.sum()):
            down.diagonal(k).fill_(share), across.diagonal(k).fill_(share)
        return down @ x @ across.T

    result = torch.ones(len(first), dtype=first.dtype)
    for scale, weight in enumerate(weights):
        last = scale == len(weights) - 1
        if (
            last
        ):  # here the window is nearly as large as the picture, whose edges must not go unseen
            first, second = (F.pad(x, (5, 5, 5, 5), mode="reflect") for x in (first, second))
        mean_a, mean_b = smooth(first), smooth(second)
        spread = smooth(first**2) - mean_a**2 + smooth(second**2) - mean_b**2 + 0.03**2
        contrast = (2 * (smooth(first * second) - mean_a * mean_b) + 0.03**2) / spread
        luminance = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
        likeness = (contrast * luminance if last else contrast).mean(dim=(1, 2, 3)).clamp(min=0)
        result = result * likeness ** (weight / total)
        first, second = F.avg_pool2d(first, 2), F.avg_pool2d(second, 2)
    return result


def pair_similarity(
    pictures: np.ndarray, pairs: int = 1_000, seed: int = 0, chunk: int = 100
) -> np.ndarray:
    """(pairs,) MS-SSIM of pairs of different pictures, uint8 (N, 3, 64, 64), N at least 2, drawn at random.

    Its mean over pairs is the diversity of Odena et al. 2017 (arXiv 1610.09585): the higher, the more alike the
    samples are. 0 to 1; read it beside the value of real faces.
    """
    if len(pictures) < 2:
        raise ValueError(f"{len(pictures)} pictures make no pair: use at least 2")
    random = np.random.default_rng(seed)
    first = random.integers(0, len(pictures), pairs)
    second = (first + random.integers(1, len(pictures), pairs)) % len(pictures)
    values = []
    for start in range(0, pairs, chunk):
        here = slice(start, start + chunk)
        a, b = (torch.from_numpy(pictures[rows[here]]).float() / 255 for rows in (first, second))
        values.append(ms_ssim(a, b))
    return torch.cat(values).numpy()


def vendi_score(features: np.ndarray, times: np.ndarray | None = None) -> float:
    """The effective number of different samples, 1 to N, of features (N, F): exp of the entropy of K / N's eigenvalues.

    K is the cosine likeness of all pairs (Friedman and Dieng 2022, arXiv 2210.02410). Its eigenvalues other than 0 are
    those of an F x F matrix, so memory grows with F and not with N times N. It looks at the samples alone: noise
    scores high. times (N,): how often each sample counts.
    """
    x = features.astype(np.float64)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    times = np.ones(len(x)) if times is None else times
    values = np.linalg.eigvalsh((x * times[:, None]).T @ x / times.sum())
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def vendi_interval(features: np.ndarray, rounds: int = 30, seed: int = 0) -> tuple[float, float]:
    """The central 95% of the Vendi score when the samples are drawn again, moved back as `bootstrap` does."""
    size = len(features)
    return resample(
        lambda drawn: vendi_score(features, np.bincount(drawn, minlength=size)),
        size,
        vendi_score(features),
        rounds,
        seed,
    )
