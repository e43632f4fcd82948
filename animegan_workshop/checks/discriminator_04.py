"""Checks of notebook 04: how far a unit sees, a block of D, the whole of D, and the two losses from logits."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from animegan_helpers import losses
from animegan_helpers.networks import Discriminator
from animegan_helpers.networks import discriminator_block as our_block
from animegan_workshop.checks.core import CheckFailed, close, compare, demand, exercise
from animegan_workshop.checks.probing import Traced, batch_normed, convolutions, prepare, probe


def fields(layers: list[tuple[int, int]]) -> list[int]:
    """The receptive field after each layer, in pixels; layers: (kernel, stride) from the picture upwards."""
    field, step, found = 1, 1, []
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step *= stride
        found.append(field)
    return found


def _fields(layers, grow, late=True, first=1):
    """As `fields` with a fault: grow: what a layer adds for kernel and step; late: the step is renewed afterwards."""
    field, step, found = first, 1, []
    for kernel, stride in layers:
        if not late:
            step *= stride
        field += grow(kernel, stride, step)
        if late:
            step *= stride
        found.append(field)
    return found


@exercise("04.6", fields)
def receptive_field(answer: Callable[[list[tuple[int, int]]], list[int]], seed: int) -> str:
    """[(kernel, stride), ...] from the picture upwards -> [receptive field of a unit of each layer, in pixels]."""
    for layers in ([(4, 2)] * 4 + [(4, 1)], [(3, 1), (5, 2), (3, 3), (2 + seed % 3, 2)]):
        wanted = fields(layers)
        got = answer(list(layers))
        demand(got is not None, "your function returns None: its last line must be a return")
        demand(
            isinstance(got, (list, tuple)), "return a list with one number for each layer, see 04.6"
        )
        compare(
            list(got),
            wanted,
            {
                "return the field after every layer, not after the last one only, see 04.6": [
                    wanted[-1]
                ],
                "a layer adds (k - 1) steps, not k: the first window starts where the unit below already is, see 04.6": _fields(
                    layers, lambda k, s, j: k * j
                ),
                "the step is the product of the strides of all layers *below*: renew it after the layer, see 04.6": _fields(
                    layers, lambda k, s, j: (k - 1) * j, late=False
                ),
                "a step is the product of all strides so far, not the stride of one layer, see 04.6": (
                    _fields(layers, lambda k, s, j: (k - 1) * s),
                    [
                        1
                        + sum(
                            (k - 1) * below
                            for (k, _), below in zip(layers[: n + 1], [1] + [s for _, s in layers])
                        )
                        for n in range(len(layers))
                    ],
                ),
                "the strides are missing: higher up, the window's places lie more than a pixel apart, see 04.6": _fields(
                    layers, lambda k, s, j: k - 1
                ),
                "start from 1: a single pixel sees itself, see 04.6": _fields(
                    layers, lambda k, s, j: (k - 1) * j, first=0
                ),
                "that is how far apart two neighbouring units look, the step j; asked for is r, see 04.6": _fields(
                    layers, lambda k, s, j: j * s - j
                ),
            },
            f"layers {layers} see {wanted} pixels, yours says {list(got)}, see 04.6",
        )
    return "4, 10, 22, 46 and 94 pixels for D"


@exercise("04.4", our_block)
def discriminator_block(answer: Callable[..., nn.Module], seed: int) -> str:
    """(inputs, outputs, normalise=True) -> a module: convolution of kernel 4, stride 2, batch norm, LeakyReLU 0.2."""
    example = torch.randn(8, 6, 8, 8)
    for normalise in (True, False):
        block = answer(6, 10, normalise=normalise)
        probe(
            block,
            example,
            (8, 10, 4, 4),
            {
                (
                    8,
                    10,
                    16,
                    16,
                ): "your block makes the picture larger: D needs nn.Conv2d, not nn.ConvTranspose2d, see 04.2",
                (
                    8,
                    10,
                    7,
                    7,
                ): "8x8 becomes 7x7: the stride is 1; with stride 2 the side is halved, see 04.2",
                (8, 10, 3, 3): "8x8 becomes 3x3: the padding of 1 is missing, see 04.2",
                (
                    8,
                    10,
                    8,
                    8,
                ): "8x8 stays 8x8: the stride is 1; with stride 2 the side is halved, see 04.2",
                (
                    8,
                    10,
                    2,
                    2,
                ): "8x8 becomes 2x2: halve once only, by stride 2, without pooling, see 04.2",
            },
            "04.4",
        )
        layer = convolutions(prepare(block), example)[-1]
        demand(
            isinstance(layer.module, nn.Conv2d) and layer.module.kernel_size == (4, 4),
            "use one nn.Conv2d with kernel 4: it mirrors G's layers, and stride 2 divides it, see 04.5",
        )
        demand(
            layer.module.stride == (2, 2),
            "the picture shrinks by pooling: give the convolution stride 2, so that it learns how to shrink, see "
            "04.2",
        )
        demand(
            layer.module.bias is None,
            "the convolution has a bias: D does without, bias=False, see 04.4",
        )
        raw, got = layer.outputs, block(example)
        _compare_block(got, raw, normalise)
    return "convolution, batch norm if asked for, LeakyReLU of slope 0.2"


def _compare_block(got: torch.Tensor, raw: torch.Tensor, normalise: bool) -> None:
    normed = batch_normed(raw)
    x, other = (normed, raw) if normalise else (raw, normed)
    missing = "batch norm is missing although normalise is True, see 04.4"
    unasked = "with normalise=False there must be no batch norm: the first block has none, see 04.7"
    compare(
        got,
        F.leaky_relu(x, 0.2),
        {
            missing if normalise else unasked: F.leaky_relu(other, 0.2),
            "that is a ReLU: where it is 0, no gradient gets back to G; LeakyReLU of slope 0.2 is asked for, see 04.3": (
                x.relu(),
                other.relu(),
            ),
            "the slope is 0.01, torch's default: write nn.LeakyReLU(0.2), see 04.3": (
                F.leaky_relu(x, 0.01),
                F.leaky_relu(other, 0.01),
            ),
            "the slope is 0.25, where PReLU starts, and PReLU learns it: DCGAN's is fixed at 0.2, see 04.3": F.leaky_relu(
                x, 0.25
            ),
            "the LeakyReLU is missing, see 04.4": x,
            "batch norm comes after the LeakyReLU: it belongs before, see 04.4": batch_normed(
                F.leaky_relu(raw, 0.2)
            ),
            "you normalise each picture by itself: that is instance norm; batch norm goes over the whole batch, see 03.10": F.leaky_relu(
                F.instance_norm(raw), 0.2
            ),
            "that is a tanh: LeakyReLU of slope 0.2 is asked for, see 04.3": x.tanh(),
        },
        "the values are not those of convolution, batch norm, LeakyReLU in this order, see 04.4",
        tolerance=1e-4,
    )


@exercise("04.4", Discriminator)
def discriminator(answer: Callable[..., nn.Module], seed: int) -> str:
    """(width=64) -> a module that gives images (B, 3, 64, 64) in [-1, 1] a logit each, (B,)."""
    width, images = 4, torch.rand(16, 3, 64, 64) * 2 - 1
    network = prepare(answer(width))
    probe(
        network,
        images,
        (16,),
        {
            (
                16,
                1,
                1,
                1,
            ): "the logits are (B, 1, 1, 1): flatten them to (B,), or the labels will not fit, see 04.4",
            (
                16,
                1,
            ): "the logits are (B, 1): flatten them to (B,), or the labels will not fit, see 04.4",
            (1, 16): "the logits are (1, B): keep the batch first, (B,), see 04.4",
            (16, 2): "two numbers a picture: real or fake is one question, so one logit, see 04.1",
            (
                16 * 4,
            ): "four numbers a picture: the last convolution must see all of the 4x4 map at once, kernel 4, see "
            "04.4",
            (): "one number for the whole batch: D gives one for each picture, see 04.1",
        },
        "04.4",
    )
    layers = convolutions(network, images)
    with torch.no_grad():
        logits = network(images)
    last = layers[-1].outputs.flatten()
    compare(
        logits,
        last,
        {
            "D ends in a sigmoid: give the logit, and let the loss take it from there, see 04.8": last.sigmoid(),
            "D ends in a tanh, so no logit can pass 1: give the last layer's number as it is, see 04.8": last.tanh(),
            "a LeakyReLU follows the logit: a logit may be negative, give it as it is, see 04.4": (
                F.leaky_relu(last, 0.2),
                F.leaky_relu(last, 0.01),
            ),
            'a ReLU follows the logit, so D could never say "fake", see 04.4': last.relu(),
            "the last layer's number is turned into a logarithm: give the logit itself, see 04.8": F.logsigmoid(
                last
            ),
            "the logit is followed by batch norm: its mean over a batch would be 0, whatever the pictures, see 04.4": batch_normed(
                last[:, None]
            ).flatten(),
        },
        "something stands between the last convolution and the logit: give its number as it is, see 04.4",
        1e-4,
    )
    body = layers[:-1]
    demand(
        len(body) == 4 and all(layer.is_four(nn.Conv2d) for layer in body),
        f"D has four convolutions of kernel 4 before the last layer, yours has {len(body)}, see 04.4",
    )
    for number, (before, after) in enumerate(zip(layers, layers[1:]), start=1):
        _check_hidden(number, before, after)
    channels, wanted = (
        [layer.outputs.shape[1] for layer in body],
        [width, 2 * width, 4 * width, 8 * width],
    )
    demand(
        channels == wanted,
        f"with width {width} the blocks give {channels} channels; double them from block to "
        f"block: {wanted}, see 04.4",
    )
    biased = [
        number for number, layer in enumerate(layers, start=1) if layer.module.bias is not None
    ]
    demand(
        not biased, f"layer {biased and biased[0]} has a bias: D does without, bias=False, see 04.4"
    )
    return "a logit for each picture, and every layer is DCGAN's"


def _check_hidden(number: int, before: Traced, after: Traced) -> None:
    raw, given = before.outputs, after.given.reshape(before.outputs.shape)
    normed = batch_normed(raw)
    x, other = (raw, normed) if number == 1 else (normed, raw)
    if close(given, F.leaky_relu(x, 0.2), 1e-3):
        return
    place = f"after convolution {number}"
    if number == 1 and close(given, F.leaky_relu(other, 0.2), 1e-3):
        raise CheckFailed(
            "your discriminator's first layer is followed by batch norm: DCGAN has none there, see 04.7"
        )
    faults = {
        f"{place} batch norm is missing, see 04.4": F.leaky_relu(other, 0.2),
        f"{place} stands a ReLU: where it is 0, no gradient gets back to G; LeakyReLU 0.2, see 04.3": x.relu(),
        f"{place} the slope is 0.01, torch's default: write nn.LeakyReLU(0.2), see 04.3": F.leaky_relu(
            x, 0.01
        ),
        f"{place} the slope is 0.25, where PReLU starts: DCGAN's is fixed at 0.2, see 04.3": F.leaky_relu(
            x, 0.25
        ),
        f"{place} the LeakyReLU is missing, see 04.4": x,
        f"{place} batch norm and LeakyReLU are missing, see 04.4": raw,
        f"{place} batch norm comes after the LeakyReLU: it belongs before, see 04.4": batch_normed(
            F.leaky_relu(raw, 0.2)
        ),
        f"{place} batch norm is missing, and the slope is not 0.2, see 04.4": F.leaky_relu(
            other, 0.01
        ),
    }
    for sentence, value in faults.items():
        demand(not close(given, value, 1e-3), sentence)
    raise CheckFailed(f"{place} something else happens than batch norm and LeakyReLU 0.2, see 04.4")


@exercise("04.8", losses.discriminator_loss)
def discriminator_loss(
    answer: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], seed: int
) -> str:
    """real_logits (B,), fake_logits (B,) -> the number -E[log D(x)] - E[log(1 - D(G(z)))]."""
    r, f = 2 * torch.randn(12) + 0.7, 2 * torch.randn(12) - 0.3
    up, down = F.softplus, lambda s: F.softplus(-s)  # -log(1 - sigmoid) and -log(sigmoid)
    wanted = down(r).mean() + up(f).mean()
    got = answer(r.clone(), f.clone())
    demand(got is not None, "your function returns None: its last line must be a return")
    demand(
        isinstance(got, torch.Tensor),
        "return a tensor, not a float: a float has no gradient, see 04.8",
    )
    demand(
        got.numel() == 1,
        f"the loss is one number, yours has {got.numel()}: take the mean over the batch, see 04.8",
    )
    compare(
        got.squeeze(),
        wanted,
        {
            "real and fake are swapped: reals have the label 1, fakes 0, see 04.8": up(r).mean()
            + down(f).mean(),
            "both have the label 1: D is paid for calling fakes *fake*, label 0, see 04.8": down(
                r
            ).mean()
            + down(f).mean(),
            "both have the label 0: reals have the label 1, see 04.8": up(r).mean() + up(f).mean(),
            "only the reals are in your loss: add -log(1 - D(G(z))), see 04.8": down(r).mean(),
            "only the fakes are in your loss: add -log D(x), see 04.8": up(f).mean(),
            "you average the two terms; here they are summed, so that a D that cannot tell pays 2 ln 2 = 1.386, see 02.2": wanted
            / 2,
            "you sum over the batch: take the mean, or the step would grow with the batch, see 04.8": 12
            * wanted,
            "the sign is turned: log D is negative, so the loss is minus its mean, see 04.8": -wanted,
            "the sigmoid is taken twice: binary_cross_entropy_with_logits takes the logits as they are, see 04.8": down(
                r.sigmoid()
            ).mean()
            + up(f.sigmoid()).mean(),
            "that is the report's slip, 1 - log D(G(z)) in place of log(1 - D(G(z))), see 02.3": (
                down(r).mean() - (1 + down(f)).mean(),
                down(r).mean() + (1 + down(f)).mean(),
            ),
            "that is the log of a mean; the mean of the logs is asked for, see 04.8": -r.sigmoid()
            .mean()
            .log()
            - (1 - f.sigmoid()).mean().log(),
        },
        f"for real_logits {r[:3].tolist()}... the loss is {wanted:.4f}, yours {got.item():.4f}, see 04.8",
        1e-4,
    )
    _check_far_logits(
        lambda s: answer(torch.zeros(1), s), "a fake whose logit is", (20.0, 200.0), 1.0
    )
    return "2 ln 2 where D cannot tell, and exact at any logit"


@exercise("04.8", losses.generator_loss)
def generator_loss(answer: Callable[[torch.Tensor], torch.Tensor], seed: int) -> str:
    """fake_logits (B,) -> the number -E[log D(G(z))], the non-saturating loss."""
    f = 2 * torch.randn(12) - 0.5
    wanted = F.softplus(-f).mean()
    got = answer(f.clone())
    demand(got is not None, "your function returns None: its last line must be a return")
    demand(
        isinstance(got, torch.Tensor),
        "return a tensor, not a float: a float has no gradient, see 04.8",
    )
    demand(
        got.numel() == 1,
        f"the loss is one number, yours has {got.numel()}: take the mean over the batch, see 04.8",
    )
    compare(
        got.squeeze(),
        wanted,
        {
            "that is the saturating loss log(1 - D(G(z))): it pushes least where G is worst, see 02.4": -F.softplus(
                f
            ).mean(),
            "that is D's loss for fakes, label 0: G wants its fakes taken for real, label 1, see "
            "04.8": F.softplus(f).mean(),
            "the sign is turned: log D is negative, so the loss is minus its mean, see 04.8": -wanted,
            "you sum over the batch: take the mean, see 04.8": 12 * wanted,
            "the sigmoid is taken twice: binary_cross_entropy_with_logits takes the logits as they are, see 04.8": F.softplus(
                -f.sigmoid()
            ).mean(),
            "that is minus the mean logit, the loss of a Wasserstein GAN: -log D(G(z)) is asked for, see 02.4": -f.mean(),
            "that is 1 - D(G(z)): it lacks the logarithm, see 02.4": (1 - f.sigmoid()).mean(),
            "that is the log of a mean; the mean of the logs is asked for, see 04.8": -f.sigmoid()
            .mean()
            .log(),
        },
        f"for logits {f[:3].tolist()}... the loss is {wanted:.4f}, yours {got.item():.4f}, see 04.8",
        1e-4,
    )
    _check_far_logits(answer, "a fake whose logit is", (-20.0, -200.0), -1.0)
    return "G is pushed hardest where D is sure"


def _check_far_logits(
    loss_of: Callable[[torch.Tensor], torch.Tensor], words: str, far: tuple, slope: float
) -> None:
    """Far out the loss must grow like the logit itself, with a slope of 1 or -1."""
    for value in far:
        logit = torch.tensor([value], requires_grad=True)
        loss = loss_of(logit)
        demand(
            loss.requires_grad,
            "no gradient gets through your loss: no .item(), no .detach(), no float(), see 04.8",
        )
        (gradient,) = torch.autograd.grad(loss.sum(), logit)
        demand(
            bool(torch.isfinite(loss).all()) and bool(torch.isfinite(gradient).all()),
            f"for {words} {value:g} your loss or its gradient is not finite: do not take log of sigmoid, compute "
            f"the "
            "loss from the logit, see 04.8",
        )
        demand(
            abs(float(gradient) - slope) < 0.01,
            f"for {words} {value:g} the gradient must be {slope:g} and yours is {float(gradient):.2g}: a sigmoid "
            "rounds to 0 or 1 there; compute the loss from the logit, see 04.8",
        )
