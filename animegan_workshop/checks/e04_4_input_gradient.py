"""Exercise 04.4: the gradient at the pixels."""

import torch
from torch import nn

from animegan_workshop.checks.core import compare, demand, exercise


def gradient_at_pixels(network, images, score):
    """The gradient of score(network(images)) for the images (B, 3, H, W), in their shape."""
    images = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(score(network(images)), images)
    return gradient


@exercise("04.3", gradient_at_pixels)
def input_gradient(answer, seed):
    """(network, images, score) -> the gradient of score(network(images)), (B, 3, H, W)."""
    network, images = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Tanh()), torch.randn(4, 3, 6, 6)

    def score(values):
        return values.square().sum()

    value = score(network(images))
    weights = torch.autograd.grad(value, network[0].weight, retain_graph=True)[0]
    right = gradient_at_pixels(network, images, score)
    faults = {
        "that is the value of the score: return its gradient": value,
        "that is what the network gives: return a gradient": network(images),
        "that is the gradient for the weights: ask for that of the images": weights,
        "`score` is not used: you differentiate the sum of what the network gives": (
            gradient_at_pixels(network, images, torch.sum)
        ),
        "`network` is not used: give its output to score": 2 * images,
        "the gradient has a sign: no abs()": right.abs(),
        "keep all pictures: no mean or sum over the batch": (right.mean(0), right.sum(0)),
        "keep the three colours": (right.sum(1), right.mean(1), right.abs().sum(1)),
        "that is its length: return the gradient itself": right.norm(),
    }
    got = answer(network, images, score)
    none = "that is None: did the images require a gradient before they went through the network?"
    demand(got is not None, none)
    compare(got, right, faults, "the gradient")
    theirs = "the images that were handed in now require a gradient: work on images.clone()"
    demand(not images.requires_grad, theirs)
    left = any(parameter.grad is not None for parameter in network.parameters())
    demand(not left, "gradients are left in the network's weights: use torch.autograd.grad")
    return "the gradient at each pixel, and the network is as it was"
