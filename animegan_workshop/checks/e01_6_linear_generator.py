"""Exercise 01.6: a generator from linear algebra."""

import torch

from animegan_workshop.checks.tools import exercise, try_cases


def linear_generator_of(z, mean, components, spread) -> torch.Tensor:
    """Pictures (n, 3, 64, 64) in [-1, 1] of z (n, k): the mean, moved along the components."""
    moves = (z * spread) @ components
    flat = mean + moves
    return flat.reshape(-1, 3, 64, 64).clamp(-1, 1)


FAULTS = """
start at the mean face :: mean + => :: mean + => -mean +
the spread is missing: z has standard deviation 1 in every component :: z * spread => z
multiply by the spread, do not divide :: z * spread => z / spread
the spread is no variance, use it as it is :: * spread => * spread**2 :: * spread => * spread.sqrt()
z is not used :: z * spread => 0 * z + spread
use z as it is: its length counts :: z * spread => z / z.norm(dim=1, keepdim=True) * spread
:: z * spread => z.clamp(-1, 1) * spread
move along every component, not the first alone :: z * spread => z * spread * torch.eye(5)[0]
limit the values to -1...1, nothing else :: .clamp(-1, 1) => :: clamp(-1, 1) => clamp(0, 1)
limit the whole picture, after the mean is added :: + moves => + moves.clamp(-1, 1)
:: .clamp(-1, 1) => && + moves => + moves.clamp(-1, 1)
limit with clamp, do not rescale: what lies inside -1...1 stays as it is
:: flat.reshape => (flat / flat.abs().amax(1, keepdim=True).clamp(1)).reshape
:: flat.reshape => (flat / flat.abs().amax(1, keepdim=True)).reshape
:: flat.reshape => (flat / flat.abs().max().clamp(1)).reshape
:: flat.reshape => (flat / flat.abs().max()).reshape
limit with clamp: tanh changes every value :: clamp(-1, 1) => tanh()
the channel comes first: reshape to (n, 3, 64, 64) :: .clamp => .permute(0, 2, 3, 1).clamp
:: 3, 64, 64) => 64, 64, 3) :: 3, 64, 64) => 64, 64, 3).permute(0, 3, 1, 2)
rows and columns of the pictures are swapped :: .clamp => .transpose(2, 3).clamp
"""


@exercise("01.6", linear_generator_of)
def linear_generator(answer, seed):
    """z (n, k), mean (D,), components (k, D), spread (k,) -> (n, 3, 64, 64) in [-1, 1]."""
    components = torch.linalg.qr(torch.randn(12288, 5)).Q.T
    spread = torch.tensor([60.0, 40.0, 30.0, 20.0, 10.0])
    mean = torch.rand(12288) - 0.3
    cases = [(torch.randn(n, 5), mean, components, spread) for n in (3, 1)]
    try_cases(answer, linear_generator_of, cases, FAULTS, 1e-4)
    return "z in, pictures out"
