"""The checks of the exercises on networks and on training steps; see test_checks.py.

Here a wrong answer may be a text: an edit of ours, "old => new", as in the tables of faults.
"""

import functools
import re

import pytest
import torch
import torch.nn.functional as F
from test_checks import softplus_losses, told
from torch import nn

from animegan_workshop import checks


def fault(make, /, **faults):
    """The answer with these faults."""
    return lambda *arguments, **named: make(*arguments, **named, **faults)


leaky = fault(nn.LeakyReLU, negative_slope=0.2)


def block(o, conv, norm, act, late):
    """A convolution with what comes after it."""
    rest = [*([norm(o)] if norm else []), *([act()] if act else [])]
    return nn.Sequential(conv, *(rest[::-1] if late else rest))


def up(i, o, stride=2, padding=1, conv=nn.ConvTranspose2d, kernel=4, bias=False, **rest):
    """A block of G, right unless told otherwise."""
    rest = {"norm": nn.BatchNorm2d, "act": nn.ReLU, "late": False} | rest
    return block(o, conv(i, o, kernel, stride, padding, bias=bias), **rest)


def down(i, o, normalise=True, conv=nn.Conv2d, kernel=4, stride=2, padding=1, bias=False, **rest):
    """A block of D, right unless told otherwise."""
    rest = {"norm": nn.BatchNorm2d if normalise else None, "act": leaky, "late": False} | rest
    return block(o, conv(i, o, kernel, stride, padding, bias=bias), **rest)


class Do(nn.Module):
    """A function as a layer; shape: of a weight that it takes as well."""

    def __init__(self, function, shape=None):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.randn(shape)) if shape else None

    def forward(self, x):
        return self.function(x) if self.weight is None else self.function(x, self.weight)


def generator(z_dim=100, width=64, count=4, channels=3, end=(nn.Tanh,), first=None, **blocks):
    """A generator, right unless told otherwise; block2: other settings for block 2."""
    sizes = [z_dim, 8 * width, 4 * width, 2 * width, width][: count + 1]
    steps = [first or Do(lambda z: z[:, :, None, None])]
    for k, (i, o) in enumerate(zip(sizes, sizes[1:]), start=1):
        usual = {"stride": 1, "padding": 0} if k == 1 else {}
        steps.append(up(i, o, **(usual | blocks.get(f"block{k}", {}))))
    last = nn.ConvTranspose2d(sizes[-1], channels, 4, 2, 1, bias=False)
    return nn.Sequential(*steps, last, *(make() for make in end))


def discriminator(width=64, kernel=4, outputs=1, end=lambda s: s.flatten(), last=None, **blocks):
    """A discriminator, right unless told otherwise; block2: other settings for block 2."""
    sizes = [3, width, 2 * width, 4 * width, 8 * width]
    steps = [
        down(i, o, **({"normalise": k > 1} | blocks.get(f"block{k}", {})))
        for k, (i, o) in enumerate(zip(sizes, sizes[1:]), start=1)
    ]
    last = last or nn.Conv2d(8 * width, outputs, kernel, bias=False)
    return nn.Sequential(*steps, last, Do(end))


def functional(z_dim, width):
    """G in another style: functions for the activations, a linear first layer."""
    start = [nn.Linear(z_dim, 8 * width * 16, bias=False), nn.Unflatten(1, (8 * width, 4, 4))]
    others = [up(2 * k * width, k * width, act=lambda: Do(F.relu)) for k in (4, 2, 1)]
    last = nn.ConvTranspose2d(width, 3, kernel_size=4, stride=2, padding=1, bias=False)
    return nn.Sequential(*start, nn.BatchNorm2d(8 * width), nn.ReLU(True), *others, last, nn.Tanh())


def of_side(side, z_dim, width, block=up):
    """A generator for pictures of a side."""
    sizes = [width * 2**k for k in reversed(range(side.bit_length() - 3))]
    steps = [up(z_dim, sizes[0], stride=1, padding=0), *map(block, sizes, sizes[1:])]
    last = nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False)
    return nn.Sequential(Do(lambda z: z[:, :, None, None]), *steps, last, nn.Tanh())


def linear_end(width=64):
    score = nn.Sequential(nn.Flatten(), nn.Linear(8 * width * 16, 1, bias=False))
    return discriminator(width, last=score, end=lambda s: s.squeeze(1))


def einsum_end(width):
    last = Do(lambda x, weight: torch.einsum("bchw,chw->b", x, weight), (8 * width, 4, 4))
    return discriminator(width, last=last)


def own_weight(i, o, stride=2, padding=1):
    """A block of G that keeps its kernel itself."""
    conv = Do(lambda x, w: F.conv_transpose2d(x, w, None, stride, padding), (i, o, 4, 4))
    return nn.Sequential(conv, nn.BatchNorm2d(o), Do(lambda x: x.clamp(min=0)))


def two_backwards(D, opt, real, fake):
    """Another right way: a backward pass for each term, by softplus."""
    opt.zero_grad()
    logits = D(real), D(fake.detach())
    losses = F.softplus(-logits[0]).mean(), F.softplus(logits[1]).mean()
    for loss in losses:
        loss.backward()
    opt.step()
    return float(sum(losses)), *(float(s.sigmoid().mean()) for s in logits)


def by_cross_entropy(D, opt, fake):
    """G's step by the cross-entropy with the label 1."""
    loss = F.binary_cross_entropy_with_logits(D(fake), torch.ones(len(fake)))
    opt.zero_grad()
    loss.backward()
    opt.step()
    return float(loss)


def by_permutation(D, optimiser, faces, G, steps, batch=32):
    """D's training, on the first rows of a new order in each step."""
    history = []
    for _ in range(steps):
        rows = torch.randperm(len(faces))[:batch]
        logits = D(faces[rows]), D(G(torch.randn(batch, 100)).detach())
        optimiser.zero_grad()
        softplus_losses(*logits)[0].backward()
        optimiser.step()
        history.append([float(s.mean()) for s in logits])
    return history


class NoisyD(nn.Sequential):
    """D behind noise."""

    def __init__(self, D, std, keep):
        super().__init__(D)
        self.std, self.keep = std, keep

    def forward(self, x):
        noise = torch.normal(0.0, self.std, x.shape)
        self.std *= self.keep
        return super().forward(x + noise)


def d_and_g(log, r, f):
    return -log(r).mean() - log(-f).mean(), -log(f).mean()


def by_backward(network, images, score):
    images = images.clone().requires_grad_()
    score(network(images)).backward(inputs=[images])
    return images.grad


def by_hand(D, images, company):
    alone = D(images).detach().numpy()
    together = D(torch.cat([company, images])).detach().numpy()[len(company) :]
    return abs(together - alone).mean() / alone.std(ddof=1)


class Foward(nn.Module):
    """`forward` is misspelled."""

    def __init__(self, width=64):
        super().__init__()
        self.steps = discriminator(width)

    def foward(self, images):
        return self.steps(images)


def hidden(width=64):
    """A discriminator that keeps its blocks in a plain list."""
    whole = discriminator(width)
    return nn.Sequential(Do(whole[:4].forward), whole[4], whole[5])


def lazy(inputs, outputs, normalise=True):
    norm = [nn.LazyBatchNorm2d()] * normalise
    return nn.Sequential(nn.LazyConv2d(outputs, 4, 2, 1, bias=False), *norm, nn.LeakyReLU(0.2))


def script(i, o, stride=2, padding=1):
    return torch.jit.script(up(i, o, stride, padding))


RIGHT = [
    (checks.generator_block, up),
    (checks.generator_block, own_weight),
    (checks.generator_block, script),
    (
        checks.resize_block,
        lambda i, o: nn.Sequential(
            Do(lambda x: F.interpolate(x, scale_factor=2)), *checks.resize_block.ours(i, o)[1:]
        ),
    ),
    (checks.generator_for, of_side),
    (checks.start_weights, lambda network: network.apply(checks.start_weights.ours)),
    (checks.batch_norm, lambda x, m, v, training: F.batch_norm(x, m, v, training=training)),
    (checks.generator, functional),
    (checks.generator, generator),
    (checks.discriminator_block, down),
    (checks.discriminator_block, lazy),
    (checks.discriminator, discriminator),
    (checks.discriminator, linear_end),
    (checks.discriminator, einsum_end),
    (checks.gan_losses, lambda r, f: d_and_g(F.logsigmoid, r.float(), f.float())),
    (checks.gan_losses, lambda r, f: torch.stack(softplus_losses(r, f))),
    (checks.input_gradient, by_backward),
    (checks.batch_effect, by_hand),
    (checks.train_alone, by_permutation),
    (checks.noisy_d, NoisyD),
    (checks.d_step, two_backwards),
    (checks.g_step, by_cross_entropy),
]


@pytest.mark.parametrize("check, answer", RIGHT)
def test_other_right_answers_pass(check, answer):
    check(answer)
    check(answer, seed=7)


def blind(i, o, **named):
    """Arguments are taken and not used."""
    return up(i, o)


def bce_of_sigmoid(logits, labels):
    return F.binary_cross_entropy(logits.sigmoid(), labels)


SIGMOIDS = (
    "F.softplus(-on_real) => -on_real.sigmoid().log() "
    "&& F.softplus(on_fake) => -(1 - on_fake.sigmoid()).log()"
)
g, d = functools.partial(fault, generator), functools.partial(fault, discriminator)

WRONG = {
    checks.generator_block: {
        "batch norm is missing": fault(up, norm=None),
        "ReLU is missing": fault(up, act=None),
        "stands ReLU, then batch norm": fault(up, late=True),
        "LeakyReLU 0.2; .*the leak is for D": fault(up, act=leaky),
        "then tanh; .*only the last layer": fault(up, act=nn.Tanh),
        "affine=False": fault(up, norm=fault(nn.BatchNorm2d, affine=False)),
        "must keep running averages": fault(
            up, norm=fault(nn.BatchNorm2d, track_running_stats=False)
        ),
        "has a bias": fault(up, bias=True),
        "be 1 x transposed convolution; yours are 1 x convolution": fault(up, conv=nn.Conv2d),
        "kernel 3": fault(up, kernel=3),
        "with stride 1 .* has stride 2x2, padding 1x1": blind,
        "RuntimeError": lambda i, o, **named: up(o, i, **named),
        "not a network": lambda i, o, **named: F.relu,
        "returns None": lambda i, o, **named: None,
    },
    checks.resize_block: {
        "resize first": "nn.Upsample(scale_factor=2), => "
        "&& nn.ReLU(), => nn.ReLU(), nn.Upsample(scale_factor=2),",
        "gets 5x5 pixels, not 10x10: resize": "scale_factor=2 => scale_factor=1",
        "has padding 0x0": "padding=1 => padding=0",
        "batch norm is missing": "nn.BatchNorm2d(outputs), =>",
        "ReLU is missing": "nn.ReLU(), =>",
        "has a bias": "bias=False => bias=True",
        "be 1 x convolution; yours are 1 x transposed": lambda i, o: up(i, o),
    },
    checks.generator_for: {
        "with side 128.*blocks are missing": "< side => < min(side, 64)",
        "with side 64.*yours are 6": "< side => < 2 * side",
        "tanh is missing": ", nn.Tanh() =>",
        r"called with \(8, 4\), then \(4, 2\)": "block(*pair) => generator_block(*pair)",
        "convolution 1 gives 32 channels": "[width] => [2 * width] && d(width, => d(2 * width,",
        "reshape z": "nn.Unflatten(1, (z_dim, 1, 1)), =>",
    },
    checks.start_weights: {
        "ConvTranspose2d are as they were": "(nn.Conv2d, nn.ConvTranspose2d) => nn.Conv2d",
        "nn.Conv2d are as they were": "(nn.Conv2d, nn.ConvTranspose2d) => nn.ConvTranspose2d",
        "is the standard deviation": "0.0, 0.02 => 0.0, 0.02**0.5",
        "are uniform": "normal_(module.weight, 0.0, 0.02) => "
        "uniform_(module.weight, -0.0346, 0.0346)",
        "gains, its `weight`, lie around .*, not around 1": "1.0, 0.02 => 0.0, 0.02",
        "are all equal": "1.0, 0.02 => 1.0, 0.0",
        "shifts, its `bias`, must all be 0": "zeros_(module.bias) => constant_(module.bias, 0.1)",
        "return the network": "return network =>",
    },
    checks.batch_norm: {"add 1e-5": "+ 1e-5 =>"},
    checks.generator: {
        "5 stands batch norm.*DCGAN has none": g(
            end=(fault(nn.BatchNorm2d, num_features=3), nn.Tanh)
        ),
        "tanh is missing": g(end=()),
        "5 stands sigmoid; asked for is tanh": g(end=(nn.Sigmoid,)),
        "5 stands ReLU.*darker": g(end=(nn.ReLU, nn.Tanh)),
        "cut off": g(end=(nn.Hardtanh,)),
        "5 stands tanh, then tanh": g(end=(nn.Tanh, nn.Tanh)),
        "convolution 2 stands ReLU; .*batch norm is missing": g(block2={"norm": None}),
        "convolution 1 stands batch norm; .*ReLU is missing": g(block1={"act": None}),
        "convolution 3 stands batch norm, then LeakyReLU": g(block3={"act": leaky}),
        "convolution 4 stands ReLU, then batch norm": g(block4={"late": True}),
        "5 gives 1 channels": g(channels=1),
        "are 4 x transposed convolution: blocks are missing": g(count=3),
        "reshape z": g(first=nn.Identity()),
        "with z_dim 20 and width 4": lambda z_dim, width: generator(z_dim, 64),
        "stops at": lambda z_dim, width: generator(100, width)(torch.randn(2, z_dim)),
        "RuntimeError": lambda z_dim, width: generator(100, width),
        "convolution 2 has a bias": g(block2={"bias": True}),
        "the class itself": Foward(4),
    },
    checks.discriminator_block: {
        "stands batch norm.*DCGAN has none": lambda i, o, normalise=True: down(i, o),
        "batch norm is missing": lambda i, o, normalise=True: down(i, o, False),
        "then ReLU; .*no gradient gets back": fault(down, act=nn.ReLU),
        "0.01 is torch's default": fault(down, act=nn.LeakyReLU),
        "PReLU; ": fault(down, act=nn.PReLU),
        "then PReLU; asked for.*learns its slope": fault(down, act=lambda: nn.PReLU(init=0.2)),
        "LeakyReLU 0.2 is missing": fault(down, act=None),
        "stands LeakyReLU 0.2, then batch norm": fault(down, late=True),
        "has stride 1x1": fault(down, stride=1),
        "has kernel 3x3": fault(down, kernel=3),
        "yours are 1 x transposed": fault(down, conv=nn.ConvTranspose2d),
        "has a bias": fault(down, bias=True),
    },
    checks.discriminator: {
        "5 stands sigmoid; asked for is nothing": d(end=lambda s: s.sigmoid().flatten()),
        "convolution 1 stands batch norm.*DCGAN has none": d(block1={"norm": nn.BatchNorm2d}),
        "1, 1, 1.*flatten them to": d(end=lambda s: s),
        r"yours is \(16, 1\): one logit": d(end=lambda s: s.flatten(1)),
        "5 gives 2 channels": d(outputs=2, end=lambda s: s.flatten(1)),
        "kernel 4": d(kernel=3),
        "5 stands LeakyReLU.*negative": d(end=lambda s: F.leaky_relu(s).flatten()),
        "5 stands batch norm": d(
            end=lambda s: F.batch_norm(s, torch.zeros(1), torch.ones(1), training=True).flatten()
        ),
        "a batch of one gives shape ..:": d(end=torch.squeeze),
        "convolution 2 stands LeakyReLU 0.2; .*batch norm is missing": d(
            block2={"normalise": False}
        ),
        "convolution 3 stands batch norm, then ReLU": d(block3={"act": nn.ReLU}),
        "convolution 4 stands batch norm, then LeakyReLU 0.01": d(block4={"act": nn.LeakyReLU}),
        "2 stands .*then dropout": d(block2={"act": lambda: nn.Sequential(leaky(), nn.Dropout())}),
        "with width 4 convolution 1 gives 64": lambda width: discriminator(64),
        "nn.ModuleList": hidden,
        "the class has no forward": Foward,
    },
    checks.gan_losses: {
        "sign is turned": "real + fake, => -real - fake,",
        "D's loss or its gradient is not finite": "softplus(-r) => -r.sigmoid().log() "
        "&& softplus(f) => -(1 - f.sigmoid()).log()",
        "a real picture whose logit is -200 D's": "softplus(-r) => -r.sigmoid().log()",
        r"whose logit is 200 D's.*log\(1 \+ exp\(s\)\)": "softplus(-r) => (1 + (-r).exp()).log() "
        "&& softplus(f) => (1 + f.exp()).log()",
        "D's loss at the fake logit must be 1, yours is -?0": lambda r, f: (
            bce_of_sigmoid(r, torch.ones_like(r)) + bce_of_sigmoid(f, torch.zeros_like(f)),
            softplus_losses(r, f)[1],
        ),
        "must be a tensor": "real + fake, => (real + fake).item(),",
        "gets through D's loss": "real + fake, => (real + fake).detach(),",
        "no gradient reaches the real logits": "softplus(-r) => softplus(-r.detach())",
        "you sum over": "softplus(-f).mean() => softplus(-f).sum()",
        "-200 G's loss or its gradient is not finite": "softplus(-f) => -f.sigmoid().log()",
        "G's loss is one number, not 13": "softplus(-f).mean() => softplus(-f)",
        "two numbers": "real + fake, g => real + fake",
        "too coarse": ".float() =>",
    },
    checks.input_gradient: {
        "that is None": "return gradient => return (2 * x).grad",
        "now require a gradient": "images.detach().clone() => images",
        "gradients stored in the network": "(gradient,) = torch.autograd.grad(value, x) => "
        "value.backward(); gradient = x.grad",
    },
    checks.batch_effect: {
        "returns None": "return => pass;",
        "yours is .*, right is": "return ( => return (2 *",
        "left in eval mode": "return => D.eval(); return",
    },
    checks.train_alone: {
        "a pair for each step": "return history => return history[-1]",
        r"not \(2, 2\)": "return history => return history[1:]",
        "the backward pass goes on into G": ".detach() =>",
        "the faces are the same": "torch.randint(len(faces), (batch,)) => :batch",
        "the fakes are the same": "= [] => = []; z = torch.randn(batch, 100) "
        "&& G(torch.randn(batch, 100)) => G(z)",
        r"z must be \(batch, 100\)": "randn(batch, => randn(2,",
        "rand does not": "randn => rand",
        r"sees \[20\] faces": "(batch,) => (20,)",
        "ran 4 times in 3 steps": "return history => optimiser.step(); return history",
    },
    checks.toy_d_step: {
        "nothing moved": "opt.step() => pass",
        "called 2 times": "opt.step() => opt.step(); opt.step()",
        "left gradients there": ".detach() =>",
        "plain float": ".item() =>",
        "without sigmoid": SIGMOIDS,
        "G's weights moved": "opt.step() => opt.step(); [p.data.add_(0.1) for p in G.parameters()]",
    },
    checks.toy_g_step: {
        "D's weights moved": "opt.step() => opt.step(); [p.data.add_(0.1) for p in D.parameters()]",
    },
    checks.train_toy: {
        "must call d_step and g_step": "range(steps) => []",
        "D first": "loss_d = => g_step(G, D, opt_g, torch.randn(batch, 2)); loss_d =",
        "more than `steps` rounds": "range(steps) => range(steps + 1)",
        "opt_d must be torch.optim.Adam": "opt_d = torch.optim.Adam => opt_d = torch.optim.RAdam",
        "opt_g must hold G's weights": "G.parameters() => D.parameters()",
        "made anew": "losses.append => "
        "opt_d = torch.optim.Adam(D.parameters(), betas=(0.5, 0.99)); losses.append",
        "betas": "0.5, 0.99 => 0.9, 0.999",
        "yours is .*, right is": "(1 - k / steps) => (1 - k / steps) ** 2",
        "reals: the same": "losses = [] => losses, real = [], mixture.sample(batch) "
        "&& mixture.sample(batch), => real,",
        "never negative": "randn => rand",
        "z must be": "(batch, 2) => (batch, 3)",
        "returns None": "return losses =>",
    },
    checks.noisy_d: {
        "all points": "randn_like(x) => randn(2).expand_as(x)",
        "or x and y": "randn_like(x) => randn(len(x), 1).expand_as(x)",
        "are changed": "x + noise => x.add_(noise)",
        "are not found": "self.keep = D, => self.keep = [D], && self.D(x => self.D[0](x",
        "must be a network": lambda D, std, keep: None,
    },
    checks.d_step: {
        "old gradients were still there": "opt.zero_grad() =>",
        "back into G": ".detach() =>",
        "step.. was not called": "opt.step() => pass",
        "old gradients only": "opt.zero_grad() => && loss.backward() =>",
        "zero_grad, backward, step": "opt.step() => opt.zero_grad(); opt.step()",
        "called 2 times": "opt.step() => opt.step(); opt.step()",
        r"shape \(3,\), yours": ", *verdicts => ,",
        "still hold their graph": ".item() =>",
        "where D is sure": SIGMOIDS,
        "left frozen": "return loss => D.requires_grad_(False); return loss",
        "left in eval mode": "return loss => D.eval(); return loss",
        "D was in eval mode": "opt.zero_grad() => D.eval(); opt.zero_grad() "
        "&& return loss => D.train(); return loss",
        "D ran 3 times": "opt.zero_grad() => D(real); opt.zero_grad()",
    },
    checks.train_gan: {
        "one row for each step": "np.array(history) => np.array(history)[::3]",
        "after each epoch": "np.array(history), samples => np.array(history), samples[-1:]",
        "still hold their graph": "with torch.no_grad(): => if True:",
        "left in eval mode": "return np => G.eval(); return np",
        "two things": "np.array(history), samples => np.array(history)",
    },
    checks.g_step: {
        "nothing reached the network": "D(fake) => D(fake.detach())",
        "old gradients were still there": "opt.zero_grad() =>",
        "step.. was not called": "opt.step() => pass",
        "eval mode": "opt.zero_grad() => D.eval(); opt.zero_grad()",
        "plain float": ".item() =>",
        "D's weights moved": "opt.step() => opt.step(); [p.data.add_(0.1) for p in D.parameters()]",
        "nothing reached the network: ": "loss.backward() =>",
    },
}
ROWS = [(check, answer, words) for check, row in WRONG.items() for words, answer in row.items()]


@pytest.mark.parametrize("check, answer, words", ROWS)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    assert re.search(words, told(check, answer)), told(check, answer)
