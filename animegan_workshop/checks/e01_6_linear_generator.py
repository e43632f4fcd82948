"""Exercise 01.6: a generator from linear algebra."""

import torch

from animegan_workshop.checks.core import exercise, try_cases


def linear_generator_of(
    z: torch.Tensor, mean: torch.Tensor, components: torch.Tensor, spread: torch.Tensor
) -> torch.Tensor:
    """Pictures (n, 3, 64, 64) in [-1, 1] of z (n, k): the mean, moved along the components."""
    flat = mean + (z * spread) @ components
    return flat.reshape(-1, 3, 64, 64).clamp(-1, 1)


FAULTS = {
    "add the mean face": "mean + => ",
    "the spread is missing: z has standard deviation 1 in every component": "z * spread => z",
    "multiply by the spread, do not divide": "z * spread => z / spread",
    "the spread is a standard deviation: use it as it is": (
        "z * spread => z * spread**2",
        "z * spread => z * spread.sqrt()",
    ),
    "z is not used": "z * spread => 0 * z + spread",
    "limit the values to -1...1": ".clamp(-1, 1) => ",
    "limit with clamp: tanh changes every value": "clamp(-1, 1) => tanh()",
    "the range is -1 to 1, not 0 to 1": "clamp(-1, 1) => clamp(0, 1)",
    "the channel comes first: reshape to (n, 3, 64, 64)": (
        "(-1, 3, 64, 64) => (-1, 64, 64, 3)",
        ".clamp => .permute(0, 2, 3, 1).clamp",
    ),
    "rows and columns of the pictures are swapped": ".clamp => .transpose(2, 3).clamp",
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
