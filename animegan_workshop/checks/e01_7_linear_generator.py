"""Exercise 01.7: a generator from linear algebra."""

import torch

from animegan_workshop.checks.core import exercise, try_cases


def _pictures(flat: torch.Tensor) -> torch.Tensor:
    return flat.reshape(-1, 3, 64, 64).clamp(-1, 1)


def linear_generator_of(
    z: torch.Tensor, mean: torch.Tensor, components: torch.Tensor, spread: torch.Tensor
) -> torch.Tensor:
    """Pictures (n, 3, 64, 64) in [-1, 1] of z (n, k): the mean, moved along the components."""
    return _pictures(mean + (z * spread) @ components)


FAULTS = {
    "add the mean face": lambda z, m, c, s: _pictures((z * s) @ c),
    "the spread is missing: z has standard deviation 1 in every component": (
        lambda z, m, c, s: _pictures(m + z @ c)
    ),
    "multiply by the spread, do not divide": lambda z, m, c, s: _pictures(m + (z / s) @ c),
    "the spread is a standard deviation: use it as it is": (
        lambda z, m, c, s: _pictures(m + (z * s**2) @ c),
        lambda z, m, c, s: _pictures(m + (z * s.sqrt()) @ c),
    ),
    "z is not used": lambda z, m, c, s: _pictures(m + s @ c).expand(len(z), -1, -1, -1),
    "limit the values to -1...1": lambda z, m, c, s: (m + (z * s) @ c).reshape(-1, 3, 64, 64),
    "limit with clamp: tanh changes every value": (
        lambda z, m, c, s: (m + (z * s) @ c).reshape(-1, 3, 64, 64).tanh()
    ),
    "the range is -1 to 1, not 0 to 1": lambda z, m, c, s: linear_generator_of(z, m, c, s).clamp(
        0, 1
    ),
    "the channel comes first: reshape to (n, 3, 64, 64)": (
        lambda z, m, c, s: (m + (z * s) @ c).reshape(-1, 64, 64, 3).clamp(-1, 1),
        lambda z, m, c, s: _pictures(m + (z * s) @ c).permute(0, 2, 3, 1),
    ),
    "rows and columns of the pictures are swapped": (
        lambda z, m, c, s: linear_generator_of(z, m, c, s).transpose(2, 3)
    ),
}


@exercise("01.6", linear_generator_of)
def linear_generator(answer, seed):
    """z (n, k), mean (D,), components (k, D), spread (k,) -> (n, 3, 64, 64) in [-1, 1]."""
    components = torch.linalg.qr(torch.randn(12288, 5)).Q.T
    spread = torch.tensor([60.0, 40.0, 30.0, 20.0, 10.0])
    mean = torch.rand(12288) - 0.3
    cases = [(torch.randn(n, 5), mean, components, spread) for n in (3, 2)]
    try_cases(answer, linear_generator_of, cases, FAULTS, 1e-4)
    return "z in, pictures out"
