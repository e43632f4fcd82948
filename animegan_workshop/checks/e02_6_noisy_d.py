"""Exercise 02.6: a D that sees its points through noise."""

import torch
from torch import nn

from animegan_helpers import toy
from animegan_workshop.checks.tools import close, demand, exercise, try_parts


class Noisy(nn.Module):
    """D behind Gaussian noise of std `std`, which shrinks by the factor `keep` at each look."""

    def __init__(self, D: nn.Module, std: float = 0.5, keep: float = 0.998):
        super().__init__()
        self.D, self.std, self.keep = D, std, keep

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Points (N, 2) -> D's logits (N, 1)."""
        noise = self.std * torch.randn_like(x)
        self.std = self.std * self.keep
        return self.D(x + noise)


FAULTS = """
D sees the points as they are: add noise to them :: x + noise => x
the noise is never negative: torch.randn_like has mean 0 :: randn_like => rand_like
the noise is not normal: take torch.randn_like :: randn_like(x) => rand_like(x).sub(0.5)
:: randn_like(x) => rand_like(x).sub(0.5).mul(12**0.5)
the noise has the strength std squared: multiply by std once :: = self.std * t => = self.std**2 * t
the noise has the variance std: multiply by std :: = self.std * t => = self.std**0.5 * t
the noise is not multiplied by std :: = self.std * t => = t
std is an argument, not always 0.5 :: = D, std => = D, 0.5
noise is asked for in eval mode too, at every call :: noise = => noise = self.training *
the noise shrinks before the first look :: noise = => noise = self.keep *
the noise does not shrink: multiply self.std by self.keep :: self.std = self.std * self.keep =>
multiply std by keep, do not subtract :: self.std * self.keep => self.std - (1 - self.keep)
:: self.std * self.keep => max(self.std - 1 + self.keep, 0)
the noise shrinks at the first call only: go on from the std of the last one
    :: self.std = self.std * => self.s = getattr(self, "s", self.std); self.std = self.s *
multiply std by keep once a call: your noise fades faster and faster
:: self.std * self.keep => self.std * self.keep; self.keep *= self.keep
"""


def _look(answer) -> dict:
    """What the noise is like at three calls, the last in eval mode."""
    D, seen, noise = toy.perceptron(2, 1, 4), [], []
    network = answer(D, 0.7, 0.6)
    demand(isinstance(network, nn.Module), "NoisyD(D, std, keep) must be a network")
    D.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for training in (True, True, False):
        x = torch.ones(20_000, 2, requires_grad=True) * 1
        logits = network.train(training)(x)
        demand(seen, "call the D that is given: yours calls none, or a copy")
        demand(bool((x == 1).all()), "the points that came in are changed: x + noise, no +=")
        lost = "no gradient gets back to the points: add the noise to x, no .detach(), no no_grad"
        demand(seen[-1].requires_grad, lost)
        back = torch.autograd.grad(seen[-1].sum(), x, retain_graph=True, allow_unused=True)[0]
        demand(back is not None and bool((back == 1).all()), lost)
        own = close(logits, D.forward(seen[-1]))
        demand(own, "forward must return D's logits as they are, no noise or sigmoid on them")
        noise.append((seen[-1] - x).detach())
    first = noise[0]
    alike = torch.equal(first[0], first[1]) or torch.equal(first[:, 0], first[:, 1])
    demand(not (alike and first.any()), "all points, or x and y, get the same noise: randn_like(x)")
    turned = torch.corrcoef(torch.stack([noise[0].flatten(), noise[1].flatten()]))[0, 1]
    demand(not turned > 0.9, "each call draws the same noise: no seed inside forward")
    found = {*network.parameters()} == {*D.parameters()}
    demand(found, "the weights of D are not found: keep the network itself as self.D")
    far = first.abs().max() > 2.5 * first.std()  # as some values of a normal distribution are
    values = [*(one.std() for one in noise), first.mean(), far]
    return {"the noise: its strength at three calls, its mean and whether it is normal": values}


@exercise("02.8", Noisy)
def noisy_d(answer, seed):
    """NoisyD(D, std, keep) is a network: (N, 2) -> D's logits of noisy points; the noise fades."""
    try_parts(answer, Noisy, _look, FAULTS, 0.03)
    return "the noise has the right strength, and fades"
