"""Convolutions as matrix products: the same numbers, the same gradients, and only where they are meant to be."""

import contextlib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from animegan_helpers import matrix_products
from animegan_helpers.matrix_products import Down, MatrixProducts, Up, products_are_faster
from animegan_helpers.networks import build_networks


@pytest.fixture
def layer():
    """x (3, 5, 8, 6), weight (7, 5, 4, 4), y (3, 7, 4, 3), in double precision."""
    torch.manual_seed(0)
    shapes = (3, 5, 8, 6), (7, 5, 4, 4), (3, 7, 4, 3)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]


def test_down_and_up_are_the_convolution_and_its_adjoint(layer):
    x, weight, y = layer
    for ours, theirs, inputs in (
        (Down.apply(x, weight), F.conv2d(x, weight, stride=2, padding=1), (x, weight)),
        (Up.apply(y, weight), F.conv_transpose2d(y, weight, stride=2, padding=1), (y, weight)),
    ):
        torch.testing.assert_close(ours, theirs)
        towards = torch.randn_like(ours)
        torch.testing.assert_close(
            torch.autograd.grad(ours, inputs, towards), torch.autograd.grad(theirs, inputs, towards)
        )


def test_their_gradients_can_be_differentiated_again(layer):
    x, weight, y = layer
    assert torch.autograd.gradgradcheck(Down.apply, (x[:1, :2], weight[:2, :2]))
    assert torch.autograd.gradgradcheck(Up.apply, (y[:1, :2], weight[:2, :2]))


@pytest.mark.parametrize(
    "variants", [(), ("full-size-layer", "batch-deviation"), ("resize-convolve",)]
)
def test_networks_give_the_same_with_and_without(variants, monkeypatch):
    used, forward = [], []
    spied = [(function, "apply") for function in (Down, Up)] + [(matrix_products, "whole")]
    for holder, name in spied:
        was = getattr(holder, name)
        label = "whole" if name == "whole" else holder.__name__
        monkeypatch.setattr(
            holder, name, lambda *a, label=label, was=was: used.append(label) or was(*a)
        )

    def losses_and_gradients(generator, discriminator, z, *contexts):
        with contextlib.ExitStack() as stack:
            for context in contexts:
                stack.enter_context(context)
            loss = F.softplus(discriminator(generator(z))).mean()
        forward.append(sorted(used))
        return [
            loss.detach(),
            *torch.autograd.grad(loss, [*generator.parameters(), *discriminator.parameters()]),
        ]

    resized, sees_batch = "resize-convolve" in variants, "batch-deviation" in variants
    off = []  # for each draw: how far ours and torch's own are off, for each tensor
    for seed in range(8):  # of one draw a tensor of a few numbers is off by luck
        torch.manual_seed(seed)
        used.clear()
        drawn = *build_networks(width=8, variants=variants), torch.randn(16, 100)
        exact = losses_and_gradients(*drawn)
        plain = losses_and_gradients(*drawn, torch.autocast("cpu", torch.bfloat16))
        assert not used  # nor in the backward pass
        products = losses_and_gradients(
            *drawn, torch.autocast("cpu", torch.bfloat16), MatrixProducts()
        )
        assert forward[-1] == ["Down"] + ["Up"] * (not resized) + ["whole"] * (2 + sees_batch)
        assert [ours.dtype for ours in products] == [theirs.dtype for theirs in plain]
        off.append(
            [
                [(a - b).norm() / b.norm() for a, b in zip(results, exact)]
                for results in (products, plain)
            ]
        )
    ours, theirs = torch.tensor(off).square().mean(dim=0).sqrt()
    assert (
        ours <= 1.5 * theirs + 0.01
    ).all()  # bf16 keeps 8 bits: both are off, ours no more than theirs


def test_other_convolutions_are_left_alone(monkeypatch):
    monkeypatch.setattr(matrix_products, "whole", None)
    for name in ("Down", "Up"):
        monkeypatch.setattr(matrix_products, name, None)
    x = torch.randn(2, 4, 16, 16)
    with MatrixProducts():
        nn.Conv2d(4, 3, 4, 2, 1, bias=False)(x)  # too large
        nn.Conv2d(4, 3, 4, 2, 1)(x[:, :, :8, :8])  # with a bias
        nn.Conv2d(4, 3, 3, 2, 1, bias=False)(x[:, :, :8, :8])
        nn.Conv2d(4, 4, 4, 2, 1, groups=4, bias=False)(x[:, :, :8, :8])
        nn.Conv2d(4, 3, 4, 2, 1, bias=False)(x[:, :, :8])  # not square
        nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False)(x[:, :, :8, :8])
        F.conv2d(
            x[:, :, :8, :8], torch.randn(3, 4, 4, 4), stride=2, padding=1
        )  # not a module's call


def test_measuring_the_choice_leaves_threads_and_random_numbers_as_they_were():
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    products_are_faster(width=8, batch=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
