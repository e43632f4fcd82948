"""The checks of the exercises on networks and on the training step; see test_checks.py."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from animegan_helpers.networks import initialise
from animegan_workshop import checks

bce = F.binary_cross_entropy_with_logits


def up(
    i,
    o,
    stride=2,
    padding=1,
    norm=True,
    act=nn.ReLU,
    kernel=4,
    bias=False,
    late=False,
    conv=nn.ConvTranspose2d,
):
    """A block of G, right unless told otherwise."""
    layers = [conv(i, o, kernel, stride, padding, bias=bias)]
    middle = [nn.BatchNorm2d(o)] * bool(norm)
    active = [act()] if act else []
    return nn.Sequential(*layers, *(active + middle if late else middle + active))


def down(
    i,
    o,
    normalise=True,
    act=lambda: nn.LeakyReLU(0.2),
    stride=2,
    padding=1,
    kernel=4,
    bias=False,
    late=False,
    conv=nn.Conv2d,
):
    """A block of D, right unless told otherwise."""
    middle = [nn.BatchNorm2d(o)] * bool(normalise)
    active = [act()] if act else []
    rest = active + middle if late else middle + active
    return nn.Sequential(conv(i, o, kernel, stride, padding, bias=bias), *rest)


class G(nn.Module):
    """A generator, right unless told otherwise; blocks: other settings for the block of that number."""

    def __init__(
        self,
        z_dim=100,
        width=64,
        end=nn.Tanh,
        last=(),
        blocks=None,
        channels=3,
        reshape=True,
        count=4,
    ):
        super().__init__()
        blocks, self.reshape = blocks or {}, reshape
        sizes = [z_dim, 8 * width, 4 * width, 2 * width, width][: count + 1]
        first = [{"stride": 1, "padding": 0}] + [{}] * 3
        self.steps = nn.ModuleList(
            up(i, o, **(first[k] | blocks.get(k + 1, {})))
            for k, (i, o) in enumerate(zip(sizes, sizes[1:]))
        )
        self.tail = nn.Sequential(
            nn.ConvTranspose2d(sizes[-1], channels, 4, 2, 1, bias=False),
            *last,
            *([end()] if end else []),
        )

    def forward(self, z):
        x = z[:, :, None, None] if self.reshape else z
        for step in self.steps:
            x = step(x)
        return self.tail(x)


def g(**faults):
    return lambda z_dim=100, width=64: G(z_dim, width, **faults)


class D(nn.Module):
    """A discriminator, right unless told otherwise."""

    def __init__(
        self,
        width=64,
        end=None,
        blocks=None,
        shape=(-1,),
        outputs=1,
        kernel=4,
        norm_last=False,
        first=False,
    ):
        super().__init__()
        blocks, self.shape, self.end = blocks or {}, shape, end
        sizes = [3, width, 2 * width, 4 * width, 8 * width]
        norms = [first, True, True, True]
        self.steps = nn.Sequential(
            *(
                down(i, o, **({"normalise": norms[k]} | blocks.get(k + 1, {})))
                for k, (i, o) in enumerate(zip(sizes, sizes[1:]))
            )
        )
        self.last = nn.Sequential(
            nn.Conv2d(8 * width, outputs, kernel, bias=False), *[nn.BatchNorm2d(1)] * norm_last
        )

    def forward(self, images):
        s = self.last(self.steps(images))
        s = s if self.end is None else self.end(s)
        return s.reshape(self.shape) if self.shape else s


def d(**faults):
    return lambda width=64: D(width, **faults)


class Functional(nn.Module):
    """A generator in another style: functions for the activations, a linear first layer, other names."""

    def __init__(self, z_dim=100, width=64):
        super().__init__()
        self.width = width
        self.start = nn.Linear(z_dim, 8 * width * 16, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width * k) for k in (8, 4, 2, 1))
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(width * k, width * k // 2, 4, 2, 1, bias=False) for k in (8, 4, 2)
        )
        self.paint = nn.ConvTranspose2d(width, 3, kernel_size=4, stride=2, padding=1, bias=False)

    def forward(self, z):
        x = F.relu(self.norms[0](self.start(z).view(len(z), 8 * self.width, 4, 4)))
        for layer, norm in zip(self.grow, self.norms[1:]):
            x = F.relu(norm(layer(x)))
        return torch.tanh(self.paint(x))


class FunctionalD(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(i, o, 4, 2, 1, bias=False)
            for i, o in (
                (3, width),
                (width, 2 * width),
                (2 * width, 4 * width),
                (4 * width, 8 * width),
            )
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width * k) for k in (2, 4, 8))
        self.score = nn.Linear(8 * width * 16, 1, bias=False)

    def forward(self, x):
        x = F.leaky_relu(self.convs[0](x), 0.2)
        for conv, norm in zip(self.convs[1:], self.norms):
            x = F.leaky_relu(norm(conv(x)), 0.2)
        return self.score(x.flatten(1)).squeeze(1)


def sequential_generator(z_dim=100, width=64):
    """The generator as one nn.Sequential, with the initial weights of DCGAN."""
    sizes = [z_dim, 8 * width, 4 * width, 2 * width, width]
    blocks = [
        up(i, o, stride=1 + (k > 0), padding=int(k > 0))
        for k, (i, o) in enumerate(zip(sizes, sizes[1:]))
    ]
    last = nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False)
    return initialise(nn.Sequential(nn.Unflatten(1, (z_dim, 1, 1)), *blocks, last, nn.Tanh()))


def my_d_step(D, opt, real, fake, **f):
    """D's step, right unless told otherwise."""
    if f.get("clear", True):
        opt.zero_grad()
    fake = fake if f.get("attached") else fake.detach()
    if f.get("together"):
        a, b = D(torch.cat([real, fake])).chunk(2)
    else:
        a, b = D(real), D(fake)
    one, zero = torch.ones(len(real)), torch.zeros(len(real))
    labels = f.get("labels", "10")
    terms = [bce(a, one if labels[0] == "1" else zero), bce(b, one if labels[1] == "1" else zero)]
    loss = sum(terms[k] for k in f.get("terms", (0, 1))) * f.get("factor", 1)
    if f.get("backward", True):
        loss.backward(retain_graph=f.get("retain", False))
    if f.get("clear_late"):
        opt.zero_grad()
    for _ in range(f.get("steps", 1)):
        opt.step()
    values = loss, a.sigmoid().mean(), b.sigmoid().mean()
    if f.get("tensors"):
        return values
    values = tuple(v.item() for v in values)
    return values[: f.get("returns", 3)] if not f.get("swap") else (values[0], values[2], values[1])


def two_backwards(D, opt, real, fake):
    """Another right way: a backward pass for each term, by softplus."""
    opt.zero_grad()
    on_real = D(real)
    F.softplus(-on_real).mean().backward()
    on_fake = D(fake.detach())
    F.softplus(on_fake).mean().backward()
    opt.step()
    loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    return float(loss), float(on_real.sigmoid().mean()), float(on_fake.sigmoid().mean())


def my_g_step(D, opt, fake, **f):
    """G's step, right unless told otherwise."""
    if f.get("clear", True):
        opt.zero_grad()
    if f.get("evaluate"):
        D.eval()
    s = D(fake.detach() if f.get("detach") else fake)
    loss = {
        "usual": F.softplus(-s),
        "saturating": -F.softplus(s),
        "found out": F.softplus(s),
        "critic": -s,
    }[f.get("kind", "usual")].mean() * f.get("factor", 1)
    if f.get("backward", True):
        loss.backward()
    if f.get("step", True):
        opt.step()
    return loss if f.get("tensor") else loss.item()


def moves_d_too(D, opt, fake):
    loss = bce(D(fake), torch.ones(len(fake)))
    opt.zero_grad()
    loss.backward()
    opt.step()
    torch.optim.SGD(D.parameters(), 0.1).step()
    return loss.item()


def fault(move, /, **faults):
    return lambda *arguments: move(*arguments, **faults)


def no_modules(inputs, outputs, stride=2, padding=1):
    weight = torch.randn(inputs, outputs, 4, 4)
    return lambda x: F.conv_transpose2d(x, weight, stride=stride, padding=padding).relu()


def d_loss(r, f, factor=1, labels=(1, 0), reduce=torch.mean):
    a = F.softplus(-r) if labels[0] else F.softplus(r)
    b = F.softplus(-f) if labels[1] else F.softplus(f)
    return factor * (reduce(a) + reduce(b))


RIGHT = [
    (checks.generator_block, lambda i, o, stride=2, padding=1: up(i, o, stride, padding)),
    (checks.generator, Functional),
    (checks.generator, sequential_generator),
    (checks.generator, g()),
    (checks.discriminator_block, lambda i, o, normalise=True: down(i, o, normalise)),
    (checks.discriminator, d()),
    (checks.discriminator, FunctionalD),
    (
        checks.discriminator_loss,
        lambda r, f: (
            2 * bce(torch.cat([r, f]), torch.cat([torch.ones_like(r), 0 * f]))
            if len(r) == len(f)
            else d_loss(r, f)
        ),
    ),
    (checks.discriminator_loss, lambda r, f: -(F.logsigmoid(r).mean() + F.logsigmoid(-f).mean())),
    (checks.generator_loss, lambda f: -F.logsigmoid(f).mean()),
    (checks.generator_loss, lambda f: bce(f, torch.ones_like(f))),
    (checks.d_step, my_d_step),
    (checks.d_step, two_backwards),
    (checks.g_step, my_g_step),
]


@pytest.mark.parametrize("check, answer", RIGHT)
def test_other_right_answers_pass(check, answer):
    check(answer)
    check(answer, seed=7)


B, N, DB, DN = (
    checks.generator_block,
    checks.generator,
    checks.discriminator_block,
    checks.discriminator,
)
DL, GL, DS, GS = checks.discriminator_loss, checks.generator_loss, checks.d_step, checks.g_step

WRONG = [
    (B, lambda i, o, stride=2, padding=1: up(i, o, stride, padding, norm=False), "no batch norm"),
    (B, lambda i, o, stride=2, padding=1: up(i, o, stride, padding, act=None), "ReLU is missing"),
    (
        B,
        lambda i, o, stride=2, padding=1: up(i, o, stride, padding, late=True),
        "comes after the ReLU",
    ),
    (
        B,
        lambda i, o, stride=2, padding=1: up(i, o, stride, padding, act=lambda: nn.LeakyReLU(0.2)),
        "LeakyReLU",
    ),
    (
        B,
        lambda i, o, stride=2, padding=1: up(i, o, stride, padding, act=nn.Tanh),
        "tanh in the block",
    ),
    (B, lambda i, o, stride=2, padding=1: up(i, o, stride, padding, bias=True), "has a bias"),
    (
        B,
        lambda i, o, stride=2, padding=1: up(i, o, stride, padding, conv=nn.Conv2d),
        "nn.ConvTranspose2d, not nn.Conv2d",
    ),
    (B, lambda i, o, stride=2, padding=1: up(i, o, stride, padding, kernel=3), "kernel 3"),
    (
        B,
        lambda i, o, stride=2, padding=1: up(i, o),
        "hand both on|stride and padding|1x1 becomes 2x2",
    ),
    (B, lambda i, o, stride=2, padding=1: up(o, i, stride, padding), "RuntimeError"),
    (B, no_modules, "not a network"),
    (B, lambda i, o, stride=2, padding=1: None, "not a network"),
    (N, g(last=(nn.BatchNorm2d(3),)), "last layer is followed by batch norm: DCGAN has none there"),
    (N, g(end=None), "no tanh at the end"),
    (N, g(end=nn.Sigmoid), "ends in a sigmoid"),
    (N, g(last=(nn.ReLU(),)), "ReLU stands before the tanh"),
    (N, g(end=nn.Hardtanh), "cut off"),
    (N, g(blocks={2: {"norm": False}}), "after transposed convolution 2 batch norm is missing"),
    (N, g(blocks={1: {"act": None}}), "after transposed convolution 1 the ReLU is missing"),
    (
        N,
        g(blocks={3: {"act": lambda: nn.LeakyReLU(0.2)}}),
        "after transposed convolution 3 stands a LeakyReLU",
    ),
    (N, g(blocks={4: {"late": True}}), "after transposed convolution 4 batch norm comes after"),
    (N, g(channels=1), "one channel"),
    (N, g(count=3), "32x32"),
    (N, g(reshape=False), "reshape z"),
    (N, lambda z_dim=100, width=64: G(z_dim, 64), "with z_dim 20 and width 4"),
    (N, lambda z_dim=100, width=64: G(100, width), "stops at"),
    (N, g(blocks={2: {"bias": True}}), "convolution 2 has a bias"),
    (DB, lambda i, o, normalise=True: down(i, o), "must be no batch norm"),
    (DB, lambda i, o, normalise=True: down(i, o, False), "although normalise is True"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, act=nn.ReLU), "that is a ReLU"),
    (
        DB,
        lambda i, o, normalise=True: down(i, o, normalise, act=nn.LeakyReLU),
        "0.01, torch's default",
    ),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, act=nn.PReLU), "PReLU"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, act=None), "LeakyReLU is missing"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, late=True), "after the LeakyReLU"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, stride=1), "8x8 becomes 7x7"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, kernel=3), "kernel 4"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, conv=nn.ConvTranspose2d), "larger"),
    (DB, lambda i, o, normalise=True: down(i, o, normalise, bias=True), "has a bias"),
    (DN, d(end=torch.sigmoid), "ends in a sigmoid"),
    (DN, d(first=True), "first layer is followed by batch norm: DCGAN has none there"),
    (DN, d(shape=None), "flatten them to"),
    (DN, d(shape=(-1, 1)), r"the logits are \(B, 1\)"),
    (DN, d(outputs=2, shape=(-1, 2)), "one logit"),
    (DN, d(kernel=3), "kernel 4"),
    (DN, d(end=F.leaky_relu), "LeakyReLU follows the logit"),
    (DN, d(norm_last=True), "logit is followed by batch norm"),
    (DN, d(blocks={2: {"normalise": False}}), "after convolution 2 batch norm is missing"),
    (DN, d(blocks={3: {"act": nn.ReLU}}), "after convolution 3 stands a ReLU"),
    (DN, d(blocks={4: {"act": nn.LeakyReLU}}), "after convolution 4 the slope is 0.01"),
    (DN, lambda width=64: D(64), "with width 4 the blocks give"),
    (DL, lambda r, f: d_loss(r, f, labels=(0, 1)), "swapped"),
    (DL, lambda r, f: d_loss(r, f, factor=0.5), "average the two terms"),
    (DL, lambda r, f: d_loss(r, f, reduce=torch.sum), "sum over the batch"),
    (DL, lambda r, f: d_loss(r, f, labels=(1, 1)), "both have the label 1"),
    (DL, lambda r, f: d_loss(r, f, factor=-1), "sign is turned"),
    (DL, lambda r, f: d_loss(r.sigmoid(), f.sigmoid()), "sigmoid is taken twice"),
    (DL, lambda r, f: F.softplus(-r).mean(), "only the reals"),
    (
        DL,
        lambda r, f: -r.sigmoid().log().mean() - (1 - f.sigmoid()).log().mean(),
        "is 20 your loss or its gradient is not",
    ),
    (
        DL,
        lambda r, f: (
            F.binary_cross_entropy(r.sigmoid(), torch.ones_like(r))
            + F.binary_cross_entropy(f.sigmoid(), torch.zeros_like(f))
        ),
        "the gradient must be 1 and yours is 0",
    ),
    (DL, lambda r, f: d_loss(r, f).item(), "return a tensor"),
    (DL, lambda r, f: d_loss(r, f).detach(), "no gradient gets through"),
    (DL, lambda r, f: (F.softplus(-r) - 1 - F.softplus(-f)).mean(), "report's slip"),
    (GL, lambda f: -F.softplus(f).mean(), "saturating"),
    (GL, lambda f: F.softplus(f).mean(), "taken for real"),
    (GL, lambda f: -F.softplus(-f).mean(), "sign is turned"),
    (GL, lambda f: F.softplus(-f).sum(), "sum over the batch"),
    (GL, lambda f: bce(f.sigmoid(), torch.ones_like(f)), "sigmoid is taken twice"),
    (GL, lambda f: -f.sigmoid().log().mean(), "-200 your loss or its gradient is not finite"),
    (GL, lambda f: -f.mean(), "Wasserstein"),
    (GL, lambda f: F.softplus(-f), "take the mean"),
    (DS, fault(my_d_step, clear=False), "old gradients were still there"),
    (DS, fault(my_d_step, attached=True), "back into G"),
    (DS, fault(my_d_step, steps=0), "step.. was not called"),
    (DS, fault(my_d_step, backward=False, clear=False), "old gradients only"),
    (DS, fault(my_d_step, clear_late=True), "zero_grad, backward, step"),
    (DS, fault(my_d_step, labels="01"), "swapped"),
    (DS, fault(my_d_step, labels="11"), "both have the label 1"),
    (DS, fault(my_d_step, together=True), "in one batch"),
    (DS, fault(my_d_step, terms=(0,)), "only the reals"),
    (DS, fault(my_d_step, factor=0.5), "average the two terms"),
    (DS, fault(my_d_step, steps=2), "called 2 times"),
    (DS, fault(my_d_step, returns=1), "return three numbers"),
    (DS, fault(my_d_step, tensors=True), "still hold their graph"),
    (DS, fault(my_d_step, swap=True), r"D\(x\) and D\(G\(z\)\) are swapped"),
    (GS, fault(my_g_step, detach=True), "nothing reached G"),
    (GS, fault(my_g_step, clear=False), "old gradients were still there"),
    (GS, fault(my_g_step, kind="saturating"), "saturating loss"),
    (GS, fault(my_g_step, kind="found out"), "label 1 here"),
    (GS, fault(my_g_step, step=False), "step.. was not called"),
    (GS, fault(my_g_step, evaluate=True), "eval mode"),
    (GS, fault(my_g_step, tensor=True), "plain float"),
    (GS, moves_d_too, "D's weights moved"),
    (GS, fault(my_g_step, backward=False), "nothing reached G"),
]


@pytest.mark.parametrize("check, answer, words", WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    with pytest.raises(checks.CheckFailed, match=words) as caught:
        check(answer)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 330
