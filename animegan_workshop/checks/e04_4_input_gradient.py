"""Exercise 04.4: the gradient at the pixels."""

import copy

import torch
from torch import nn

from animegan_workshop.checks.tools import demand, exercise, try_cases


def gradient_at_pixels(network, images, score):
    """The gradient of score(network(images)) for the images (B, 3, H, W), in their shape."""
    x = images.detach().clone().requires_grad_()
    value = score(network(x))
    (gradient,) = torch.autograd.grad(value, x)
    return gradient


FAULTS = """
    that is the value of the score: return its gradient :: return gradient => return value
    that is what the network gives: return a gradient :: return gradient => return network(x)
    that is the gradient for the weights: ask for that of the images
        :: (value, x) => (value, network[0].weight)
    `score` is not used: you differentiate the sum of what the network gives
        :: score(network(x)) => network(x).sum()
    `network` is not used: give its output to score :: score(network(x)) => score(x)
    give all images to the network together, not each one alone
        :: score(network(x)) => sum(score(network(one[None])) for one in x)
    you put the network into eval mode: leave its mode
        :: network(x) => copy.deepcopy(network).eval()(x)
    the gradient has a sign: no abs() :: return gradient => return gradient.abs()
    keep all pictures: no mean or sum over the batch
        :: return gradient => return gradient.mean(0) :: return gradient => return gradient.sum(0)
    keep the three colours :: return gradient => return gradient.sum(1)
        :: return gradient => return gradient.mean(1)
        :: return gradient => return gradient.abs().sum(1)
    that is its length: return the gradient itself :: return gradient => return gradient.norm()
    do not scale the gradient by its length or its largest value
        :: return gradient => return nn.functional.normalize(gradient.flatten(1)).view_as(x)
        :: return gradient => return gradient / gradient.norm()
        :: return gradient => return gradient / gradient.abs().max()
    do not divide by the number of images :: return gradient => return gradient / len(x)
    return the gradient alone, not times the pixels :: return gradient => return gradient * x
    return the gradient, not images moved by it
        :: return gradient => return x + gradient :: return gradient => return x - gradient
"""


@exercise("04.3", gradient_at_pixels)
def input_gradient(answer, seed):
    """(network, images, score) -> the gradient of score(network(images)), (B, 3, H, W)."""
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2, momentum=0.0), nn.Tanh())
    images, parameters = torch.randn(4, 3, 6, 5), list(network.parameters())

    def score(values):
        return (values.square() * torch.arange(values.numel()).view_as(values)).sum()

    got = answer(copy.deepcopy(network), images.clone(), score)
    none = "that is None: did the images require a gradient before they went through the network?"
    demand(got is not None, none)
    try_cases(answer, gradient_at_pixels, [(network, images, score)], FAULTS)
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    answer(network, images, score)
    theirs = "the images that were handed in now require a gradient: work on images.clone()"
    demand(not images.requires_grad, theirs)
    kept = [p.grad is not None and bool((p.grad == 1).all()) for p in parameters]
    stored = "gradients stored in the network are changed or cleared: use torch.autograd.grad"
    demand(all(kept), stored)
    demand(all(p.requires_grad for p in parameters), "the network's weights are left frozen")
    demand(network.training, "the network is left in eval mode: leave it as it was")
    return "the gradient at each pixel, and the network is as it was"
