"""Exercise 02.6: a D that sees its points through noise."""

import torch
from torch import nn

from animegan_helpers import toy
from animegan_workshop.checks.core import demand, exercise


class Noisy(nn.Module):
    """D behind Gaussian noise of std `std`, which shrinks by the factor `keep` at each look."""

    def __init__(self, D: nn.Module, std: float = 0.5, keep: float = 0.998):
        super().__init__()
        self.D, self.std, self.keep = D, std, keep

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Points (N, 2) -> D's logits (N, 1)."""
        noisy = x + self.std * torch.randn_like(x)
        self.std = self.std * self.keep
        return self.D(noisy)


class Eye(nn.Module):
    """Stands in for D: keeps what it was shown."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.saw = x
        return x[:, :1]


def _check_noise(noise: torch.Tensor) -> None:
    """noise: (N, 2) at a strength of 0.5."""
    demand(bool(noise.any()), "D sees the points as they are: add noise to them")
    demand(bool((noise < 0).any()), "the noise is never negative: torch.randn_like has mean 0")
    alone = not torch.equal(noise[0], noise[1])
    demand(alone, "all points get the same noise: each needs its own, torch.randn_like(x)")
    demand(not torch.equal(noise[:, 0], noise[:, 1]), "x and y get the same noise")
    normal = noise.abs().max() > 2.5 * noise.std()
    demand(bool(normal), "the noise is not normal: torch.randn_like draws from a normal")
    faults = {
        0.25: "the noise has the strength std squared, or shrinks before the first look",
        0.5**0.5: "the noise has the variance std: multiply a standard normal by std",
        1.0: "the noise is not multiplied by std",
    }
    for strength, sentence in faults.items():
        demand(abs(noise.std() - strength) > 0.03 * strength, sentence)
    strength = f"at std 0.5 the noise has a standard deviation of {noise.std():.3g}"
    demand(abs(noise.std() - 0.5) < 0.015, strength)


@exercise("02.8", Noisy)
def noisy_d(answer, seed):
    """NoisyD(D, std, keep) is a network: (N, 2) -> D's logits of noisy points; the noise fades."""
    x = torch.cat([torch.zeros(4000, 2), torch.ones(4000, 2)])
    eye, before = Eye(), x.clone()
    network = answer(eye, 0.5, 0.5)
    demand(isinstance(network, nn.Module), "NoisyD(D, std, keep) must be a network")
    logits, first = network(x), eye.saw - before
    demand(torch.equal(x, before), "the points that came in were changed: write x + noise, not +=")
    demand(isinstance(logits, torch.Tensor), "forward must return what D says")
    demand(torch.equal(logits, eye.saw[:, :1]), "forward must return D's logits as they are")
    _check_noise(first)
    network(x)
    ratio = (eye.saw - before).std() / first.std()
    demand(abs(ratio - 1) > 0.05, "the noise does not shrink: multiply self.std by self.keep")
    demand(abs(ratio - 0.5) < 0.03, f"keep is 0.5, but the noise shrank to {ratio:.2f} of it")
    D = toy.perceptron(2, 1, 4)
    wrapped = answer(D, 0.5, 0.5)
    found = {id(p) for p in wrapped.parameters()} == {id(p) for p in D.parameters()}
    demand(found, "the weights of D are not found: keep the network itself as self.D")
    points = torch.zeros(3, 2, requires_grad=True)
    wrapped(points).sum().backward()
    demand(points.grad is not None, "no gradient gets back to the points: no .detach(), no no_grad")
    return "the noise has the right strength, and fades"
