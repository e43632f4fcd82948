"""The checks of the exercises on networks and on the training step; see test_checks.py."""

import re

import pytest
import torch
import torch.nn.functional as F
from test_checks import told
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
    norm = nn.BatchNorm2d if norm is True else norm
    middle = [norm(o)] if norm else []
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
    D.train(not f.get("evaluate"))
    D.requires_grad_(True)
    fake = fake if f.get("attached") else fake.detach()
    if f.get("together"):
        a, b = D(torch.cat([real, fake])).chunk(2)
    else:
        a, b = D(real), D(fake)
    if f.get("again"):
        D(real)
    one, zero = torch.ones(len(real)), torch.zeros(len(real))
    labels = f.get("labels", "10")
    terms = [bce(a, one if labels[0] == "1" else zero), bce(b, one if labels[1] == "1" else zero)]
    if f.get("first_sigmoid"):
        terms = [F.binary_cross_entropy(s.sigmoid(), y) for s, y in ((a, one), (b, zero))]
    loss = sum(terms[k] for k in f.get("terms", (0, 1))) * f.get("factor", 1)
    if f.get("backward", True):
        loss.backward(retain_graph=f.get("retain", False))
    if f.get("clear_late"):
        opt.zero_grad()
    for _ in range(f.get("steps", 1)):
        opt.step()
    D.train(not f.get("evaluate_late")).requires_grad_(not f.get("frozen"))
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


def d_loss(r, f, factor=1, labels=(1, 0), reduce=torch.mean):
    a = F.softplus(-r) if labels[0] else F.softplus(r)
    b = F.softplus(-f) if labels[1] else F.softplus(f)
    return factor * (reduce(a) + reduce(b))


class Einsum(nn.Module):
    """A discriminator whose last layer is an einsum over a parameter of its own."""

    def __init__(self, width=64):
        super().__init__()
        self.steps = D(width).steps
        self.weight = nn.Parameter(torch.randn(8 * width, 4, 4))

    def forward(self, images):
        return torch.einsum("bchw,chw->b", self.steps(images), self.weight)


class OwnWeight(nn.Module):
    """A block of G that keeps its kernel itself."""

    def __init__(self, inputs, outputs, stride=2, padding=1):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs, 4, 4))
        self.norm, self.stride, self.padding = nn.BatchNorm2d(outputs), stride, padding

    def forward(self, x):
        x = F.conv_transpose2d(x, self.weight, stride=self.stride, padding=self.padding)
        return self.norm(x).clamp(min=0)


class Hidden(nn.Module):
    """A discriminator that keeps its blocks in a plain list."""

    def __init__(self, width=64):
        super().__init__()
        whole = D(width)
        self.parts, self.last = [whole.steps], whole.last

    def forward(self, images):
        return self.last(self.parts[0](images)).flatten()


class Foward(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.steps = D(width)

    def foward(self, images):
        return self.steps(images)


def lazy(inputs, outputs, normalise=True):
    norm = [nn.LazyBatchNorm2d()] * normalise
    return nn.Sequential(nn.LazyConv2d(outputs, 4, 2, 1, bias=False), *norm, nn.LeakyReLU(0.2))


def script(i, o, stride=2, padding=1):
    return torch.jit.script(up(i, o, stride, padding))


RIGHT = [
    (checks.generator_block, lambda i, o, stride=2, padding=1: up(i, o, stride, padding)),
    (checks.generator_block, OwnWeight),
    (checks.generator_block, script),
    (checks.generator, Functional),
    (checks.generator, sequential_generator),
    (checks.generator, g()),
    (checks.discriminator_block, lambda i, o, normalise=True: down(i, o, normalise)),
    (checks.discriminator_block, lazy),
    (checks.discriminator, d()),
    (checks.discriminator, FunctionalD),
    (checks.discriminator, Einsum),
    (checks.discriminator_loss, lambda r, f: -(F.logsigmoid(r).mean() + F.logsigmoid(-f).mean())),
    (
        checks.discriminator_loss,
        lambda r, f: 2 * bce(torch.cat([r, f]), torch.cat([torch.ones_like(r), 0 * f])),
    ),
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


def fault(make, /, **faults):
    """The answer with these faults."""
    return lambda *arguments, **named: make(*arguments, **named, **faults)


def blind(i, o, **named):
    """Arguments are taken and not used."""
    return up(i, o)


def log_of_sigmoid(r, f):
    return -r.sigmoid().log().mean() - (1 - f.sigmoid()).log().mean()


def bce_of_sigmoid(r, f):
    real = F.binary_cross_entropy(r.sigmoid(), torch.ones_like(r))
    return real + F.binary_cross_entropy(f.sigmoid(), torch.zeros_like(f))


def real_far_off(r, f):
    return -r.sigmoid().log().mean() + F.softplus(f).mean()


def overflows(r, f):
    return (1 + (-r).exp()).log().mean() + (1 + f.exp()).log().mean()


WRONG = {
    checks.generator_block: {
        "batch norm is missing": fault(up, norm=False),
        "ReLU is missing": fault(up, act=None),
        "comes ReLU, then batch norm": fault(up, late=True),
        "stands LeakyReLU 0.2": fault(up, act=lambda: nn.LeakyReLU(0.2)),
        "stands tanh": fault(up, act=nn.Tanh),
        "affine=False": fault(up, norm=fault(nn.BatchNorm2d, affine=False)),
        "track_running_stats=False": fault(
            up, norm=fault(nn.BatchNorm2d, track_running_stats=False)
        ),
        "has a bias": fault(up, bias=True),
        "nn.ConvTranspose2d, not nn.Conv2d": fault(up, conv=nn.Conv2d),
        "kernel 3": fault(up, kernel=3),
        "1x1 becomes 2x2": blind,
        "RuntimeError": lambda i, o, **named: up(o, i, **named),
        "not a network": lambda i, o, **named: F.relu,
        "returns None": lambda i, o, **named: None,
    },
    checks.generator: {
        "at the end stands batch norm.*DCGAN has none": g(last=(nn.BatchNorm2d(3),)),
        "at the end tanh is missing": g(end=None),
        "at the end stands sigmoid": g(end=nn.Sigmoid),
        "at the end stands ReLU.*darker": g(last=(nn.ReLU(),)),
        "cut off": g(end=nn.Hardtanh),
        "at the end comes tanh, then tanh": g(last=(nn.Tanh(),)),
        "after transposed convolution 2 batch norm is missing": g(blocks={2: {"norm": False}}),
        "after transposed convolution 1 ReLU is missing": g(blocks={1: {"act": None}}),
        "convolution 3 stands LeakyReLU": g(blocks={3: {"act": lambda: nn.LeakyReLU(0.2)}}),
        "convolution 4 comes ReLU, then batch norm": g(blocks={4: {"late": True}}),
        "one channel": g(channels=1),
        "32x32": g(count=3),
        "reshape z": g(reshape=False),
        "with z_dim 20 and width 4": lambda z_dim=100, width=64: G(z_dim, 64),
        "stops at": lambda z_dim=100, width=64: G(100, width),
        "convolution 2 has a bias": g(blocks={2: {"bias": True}}),
        "the class itself": G(20, 4),
    },
    checks.discriminator_block: {
        "there must be none": lambda i, o, normalise=True: down(i, o),
        "asked for where normalise is True": lambda i, o, normalise=True: down(i, o, False),
        "stands ReLU; .*no gradient gets back": fault(down, act=nn.ReLU),
        "0.01 is torch's default": fault(down, act=nn.LeakyReLU),
        "PReLU; ": fault(down, act=nn.PReLU),
        "stands PReLU; asked for.*learns its slope": fault(down, act=lambda: nn.PReLU(init=0.2)),
        "LeakyReLU 0.2 is missing": fault(down, act=None),
        "comes LeakyReLU 0.2, then batch norm": fault(down, late=True),
        "8x8 becomes 7x7": fault(down, stride=1),
        "of convolution 3x3": fault(down, kernel=3),
        "larger": fault(down, conv=nn.ConvTranspose2d),
        "has a bias": fault(down, bias=True),
    },
    checks.discriminator: {
        "at the end stands sigmoid": d(end=torch.sigmoid),
        "convolution 1 stands batch norm.*DCGAN has none": d(first=True),
        "1, 1, 1.*flatten them to": d(shape=None),
        r"the logits are \(B, 1\)": d(shape=(-1, 1)),
        "one logit": d(outputs=2, shape=(-1, 2)),
        "kernel 4": d(kernel=3),
        "at the end stands LeakyReLU.*may be negative": d(
            end=fault(F.leaky_relu, negative_slope=0.2)
        ),
        "at the end stands batch norm": d(norm_last=True),
        "a batch of one gives shape ..:": d(end=torch.squeeze, shape=()),
        "after convolution 2 batch norm is missing": d(blocks={2: {"normalise": False}}),
        "after convolution 3 stands ReLU": d(blocks={3: {"act": nn.ReLU}}),
        "after convolution 4 stands LeakyReLU 0.01": d(blocks={4: {"act": nn.LeakyReLU}}),
        "convolution 2 stands dropout": d(
            blocks={2: {"act": lambda: nn.Sequential(nn.LeakyReLU(0.2), nn.Dropout())}}
        ),
        "with width 4 the layers give": lambda width=64: D(64),
        "nn.ModuleList": Hidden,
        "the class has no forward": Foward,
    },
    checks.discriminator_loss: {
        "swapped": fault(d_loss, labels=(0, 1)),
        "average the two terms": fault(d_loss, factor=0.5),
        "sum over the batch": fault(d_loss, reduce=torch.sum),
        "both have the label 1": fault(d_loss, labels=(1, 1)),
        "sign is turned": fault(d_loss, factor=-1),
        "sigmoid is taken twice": lambda r, f: d_loss(r.sigmoid(), f.sigmoid()),
        "only the reals": lambda r, f: F.softplus(-r).mean(),
        "your loss or its gradient is not finite": log_of_sigmoid,
        "a real picture whose logit is -200 your": real_far_off,
        r"whose logit is -200 your.*log\(1 \+ exp\(s\)\)": overflows,
        "the gradient at the real logit must be -1, yours is -?0": bce_of_sigmoid,
        "return a tensor": lambda r, f: d_loss(r, f).item(),
        "no gradient gets through": lambda r, f: d_loss(r, f).detach(),
        "no gradient reaches the real logits": lambda r, f: d_loss(r.detach(), f),
        "report's slip": lambda r, f: (F.softplus(-r) - 1 - F.softplus(-f)).mean(),
    },
    checks.generator_loss: {
        "saturating": lambda f: -F.softplus(f).mean(),
        "taken for real": lambda f: F.softplus(f).mean(),
        "sign is turned": lambda f: -F.softplus(-f).mean(),
        "sum over the batch": lambda f: F.softplus(-f).sum(),
        "sigmoid is taken twice": lambda f: bce(f.sigmoid(), torch.ones_like(f)),
        "-200 your loss or its gradient is not finite": lambda f: -f.sigmoid().log().mean(),
        "Wasserstein": lambda f: -f.mean(),
        "take the mean": lambda f: F.softplus(-f),
    },
    checks.d_step: {
        "old gradients were still there": fault(my_d_step, clear=False),
        "back into G": fault(my_d_step, attached=True),
        "step.. was not called": fault(my_d_step, steps=0),
        "old gradients only": fault(my_d_step, backward=False, clear=False),
        "zero_grad, backward, step": fault(my_d_step, clear_late=True),
        "swapped": fault(my_d_step, labels="01"),
        "both have the label 1": fault(my_d_step, labels="11"),
        "in one batch": fault(my_d_step, together=True),
        "only the reals": fault(my_d_step, terms=(0,)),
        "average the two terms": fault(my_d_step, factor=0.5),
        "called 2 times": fault(my_d_step, steps=2),
        "return three numbers": fault(my_d_step, returns=1),
        "still hold their graph": fault(my_d_step, tensors=True),
        r"D\(x\) and D\(G\(z\)\) are swapped": fault(my_d_step, swap=True),
        "where D is sure": fault(my_d_step, first_sigmoid=True),
        "left frozen": fault(my_d_step, frozen=True),
        "left in eval mode": fault(my_d_step, evaluate_late=True),
        "D was in eval mode": fault(my_d_step, evaluate=True),
        "D ran 3 times": fault(my_d_step, again=True),
    },
    checks.g_step: {
        "nothing reached G": fault(my_g_step, detach=True),
        "old gradients were still there": fault(my_g_step, clear=False),
        "saturating loss": fault(my_g_step, kind="saturating"),
        "label is 1 here": fault(my_g_step, kind="found out"),
        "step.. was not called": fault(my_g_step, step=False),
        "eval mode": fault(my_g_step, evaluate=True),
        "plain float": fault(my_g_step, tensor=True),
        "D's weights moved": moves_d_too,
        "nothing reached G: ": fault(my_g_step, backward=False),
    },
}
ROWS = [(check, answer, words) for check, row in WRONG.items() for words, answer in row.items()]


@pytest.mark.parametrize("check, answer, words", ROWS)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    assert re.search(words, told(check, answer)), told(check, answer)
